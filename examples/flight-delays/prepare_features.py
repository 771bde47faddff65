"""Writes features/*.parquet: what the definitions there read, with the moment from which on each value is known.

The values at a flight's departure are those that features.py gives it: the model is trained and served on the same ones.
"""

from pathlib import Path

import pandas as pd

from features import WEATHER, load_flights, planes, weather

# What the model is trained on, and the traffic that is replayed.
LAST_MONTH = 7
FEATURES = Path(__file__).parent / "features"
DELAYS = {
    "carrier_delays": (["carrier", "origin"], ["delay_carrier_24h", "delay_carrier_7d"]),
    "origin_delays": (["origin"], ["delay_origin_3h", "delay_origin_24h"]),
}


def write(name: str, table: pd.DataFrame) -> None:
    table = table.assign(event_timestamp=table.event_timestamp.dt.tz_convert("UTC").astype("datetime64[us, UTC]"))
    order = [column for column in table.columns if column != "event_timestamp"]
    table.sort_values([*order[:1], "event_timestamp"]).to_parquet(
        FEATURES / f"{name}.parquet", index=False, compression="zstd", compression_level=19
    )


def main() -> None:
    # weather() gives each row to the hour in which it is known.
    write("weather", weather().rename(columns={"time_hour": "event_timestamp"})[["origin", "event_timestamp", *WEATHER]])
    start = pd.Timestamp("2013-01-01", tz="UTC")
    write("planes", planes().astype({"plane_year": "float64", "seats": "float64"}).assign(event_timestamp=start))
    flights = load_flights().rename(columns={"departure": "event_timestamp"})
    flights = flights[flights.month <= LAST_MONTH]
    for name, (keys, columns) in DELAYS.items():
        rows = flights[[*keys, "event_timestamp", *columns]].drop_duplicates([*keys, "event_timestamp"])
        # Until the first flights have landed nothing is known.
        write(name, rows.dropna(subset=columns, how="all").round(4))


if __name__ == "__main__":
    main()
