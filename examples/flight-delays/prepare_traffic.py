"""Writes traffic.ndjson.gz: July's first flights as requests, with the moment at which the truth is known."""

import gzip
import json
import math
from pathlib import Path

from features import COLUMNS, CATEGORIES, load_flights

ROWS = 4000


def main() -> None:
    flights = load_flights()
    july = flights[flights.month == 7].sort_values(["departure", "carrier", "flight"], kind="stable").head(ROWS)
    with gzip.GzipFile(Path(__file__).parent / "traffic.ndjson.gz", "w", mtime=0) as out:
        for row in july.to_dict("records"):
            landed = not math.isnan(row["arr_delay"])
            line = {
                "key": row["key"],
                "departure": row["departure"].isoformat(),
                "known_at": row["known_at"].isoformat() if landed else None,
                "inputs": {name: row[name] if name in CATEGORIES else number(row[name]) for name in COLUMNS},
                "late": int(row["late"]) if landed else None,
                "arr_delay": int(row["arr_delay"]) if landed else None,
            }
            out.write((json.dumps(line) + "\n").encode())


def number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


if __name__ == "__main__":
    main()
