"""The unmodified MLflow client for one team: what it makes, and then all that it sees, as one line of JSON."""

import json
import sys

import mlflow

url, team, value = sys.argv[1], sys.argv[2], float(sys.argv[3])
mlflow.set_tracking_uri(url)
if team != "-":
    mlflow.set_workspace(team)
mlflow.set_experiment("churn")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_metric("auc", value)
    mlflow.log_text(f"notes of {value}", "notes.txt")
client = mlflow.MlflowClient()
client.create_registered_model("payments")
runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
print(
    json.dumps(
        {
            "experiments": sorted(each.name for each in client.search_experiments()),
            "auc": [each.data.metrics["auc"] for each in runs],
            "notes": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.txt"),
            "models": [each.name for each in client.search_registered_models()],
        }
    )
)
