"""Fills an MLflow SQLite database with runs at once; over its REST interface this would take minutes."""

import sqlite3
import sys

path, count = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(path)
runs, metrics, params, tags = [], [], [], []
for i in range(count):
    run = f"{i:032x}"
    runs.append((run, f"run-{i}", "LOCAL", "bench", "me", "FINISHED", 1_700_000_000_000 + i, 1_700_000_001_000 + i, "active", f"mlflow-artifacts:/0/{run}/artifacts", 0))
    metrics += [(f"m{k}", (i * 7919 % 10007) / 10007 + k, 1_700_000_000_000, 0, 0, run) for k in range(10)]
    params += [(f"p{k}", str(i % (k + 2)), run) for k in range(10)]
    tags += [(f"t{k}", str(i % 5), run) for k in range(5)]
db.executemany(
    "insert into runs (run_uuid, name, source_type, source_name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id)"
    " values (?,?,?,?,?,?,?,?,?,?,?)", runs)
for table in ("latest_metrics", "metrics"):
    db.executemany(f"insert into {table} (key, value, timestamp, step, is_nan, run_uuid) values (?,?,?,?,?,?)", metrics)
db.executemany("insert into params (key, value, run_uuid) values (?,?,?)", params)
db.executemany("insert into tags (key, value, run_uuid) values (?,?,?)", tags)
db.commit()
