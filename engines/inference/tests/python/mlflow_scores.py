"""Asks MLflow's own scoring server: requests as JSON on standard input, its answers as JSON on standard output."""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow.pyfunc  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from mlflow.pyfunc import scoring_server  # noqa: E402

clients = {}


def ask(request):
    path = request["path"]
    if path not in clients:
        clients[path] = TestClient(scoring_server.init(mlflow.pyfunc.load_model(path)), raise_server_exceptions=False)
    headers = {"content-type": request["type"]}
    answer = clients[path].post("/invocations", content=request["body"].encode(), headers=headers)
    try:
        body = answer.json()
    except ValueError:
        body = None
    return {"status": answer.status_code, "predictions": body.get("predictions") if isinstance(body, dict) else None}


def strict(value):
    """MLflow prints NaN, which is no JSON."""
    if isinstance(value, dict):
        return {name: strict(each) for name, each in value.items()}
    if isinstance(value, list):
        return [strict(each) for each in value]
    return None if value != value else value


print(json.dumps(strict([ask(request) for request in json.load(sys.stdin)])))
