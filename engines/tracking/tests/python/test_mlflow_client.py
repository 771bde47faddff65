"""The unmodified MLflow client against the tracking server whose URL is in MLFLOW_TRACKING_URI."""

import os
import uuid

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

client = mlflow.MlflowClient()


@pytest.fixture
def experiment():
    name = f"python-{uuid.uuid4().hex[:8]}"
    mlflow.set_experiment(name)
    return client.get_experiment_by_name(name)


@pytest.fixture(scope="module")
def data():
    features, labels = make_classification(n_samples=200, n_features=5, random_state=0)
    return pd.DataFrame(features, columns=list("abcde")), labels


def test_set_experiment_creates_once(experiment):
    assert mlflow.set_experiment(experiment.name).experiment_id == experiment.experiment_id
    assert experiment.artifact_location == f"mlflow-artifacts:/{experiment.experiment_id}"


def test_run_with_params_metrics_tags_and_history(experiment):
    with mlflow.start_run(run_name="first", tags={"team": "blue"}) as run:
        mlflow.log_params({"depth": 3, "rate": 0.1})
        for step in range(10):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.9, "nan": float("nan")})
        mlflow.set_tag("note", "ü")
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"depth": "3", "rate": "0.1"}
    assert found.data.metrics["loss"] == pytest.approx(0.1)
    assert np.isnan(found.data.metrics["nan"])
    assert found.data.tags["team"] == "blue" and found.data.tags["note"] == "ü"
    assert [point.step for point in client.get_metric_history(run.info.run_id, "loss")] == list(range(10))
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_param(run.info.run_id, "depth", 4)


def test_nested_runs(experiment):
    with mlflow.start_run() as parent:
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("m", 1)
    children = mlflow.search_runs([experiment.experiment_id], filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert list(children.run_id) == [child.info.run_id]


def test_failed_run_is_marked(experiment):
    with pytest.raises(ValueError):
        with mlflow.start_run() as run:
            raise ValueError
    assert client.get_run(run.info.run_id).info.status == "FAILED"


def test_dataset_input(experiment, data):
    features, _ = data
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(features, name="blobs"), context="training")
    dataset = client.get_run(run.info.run_id).inputs.dataset_inputs[0]
    assert dataset.dataset.name == "blobs"
    assert {tag.key: tag.value for tag in dataset.tags}["mlflow.data.context"] == "training"


def test_search_runs_in_pages(experiment):
    for i in range(12):
        with mlflow.start_run(run_name=f"run-{i}"):
            mlflow.log_metric("score", i)
    frame = mlflow.search_runs([experiment.experiment_id], filter_string="metrics.score >= 4", order_by=["metrics.score DESC"])
    assert list(frame["metrics.score"]) == list(range(11, 3, -1))
    seen, token = [], None
    while True:
        page = client.search_runs([experiment.experiment_id], max_results=5, page_token=token)
        seen += [run.info.run_id for run in page]
        token = page.token
        if not token:
            break
    assert len(seen) == len(set(seen)) == 12


def test_autolog_of_sklearn(experiment, data):
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=50).fit(*data)
    finally:
        mlflow.sklearn.autolog(disable=True)
    found = client.get_run(run.info.run_id)
    assert found.data.params["max_iter"] == "50"
    assert "training_accuracy_score" in found.data.metrics
    assert len(found.outputs.model_outputs) == 1


def test_sklearn_model_from_log_to_load_by_alias(experiment, data):
    features, labels = data
    name = f"model-{uuid.uuid4().hex[:8]}"
    model = LogisticRegression().fit(features, labels)
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(
            model, name="model", signature=infer_signature(features, model.predict(features)),
            input_example=features.head(2), registered_model_name=name,
        )
    assert str(info.registered_model_version) == "1"
    client.set_registered_model_alias(name, "champion", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    assert (loaded.predict(features) == model.predict(features)).all()
    assert (mlflow.sklearn.load_model(info.model_uri).predict(features) == model.predict(features)).all()


def test_onnx_model(experiment, data):
    from skl2onnx import to_onnx

    features, labels = data
    matrix = features.to_numpy(dtype=np.float32)
    model = LogisticRegression().fit(matrix, labels)
    graph = to_onnx(model, matrix[:1], options={"zipmap": False})
    name = f"onnx-{uuid.uuid4().hex[:8]}"
    with mlflow.start_run():
        mlflow.onnx.log_model(graph, name="model", input_example=matrix[:2], registered_model_name=name)
    loaded = mlflow.pyfunc.load_model(f"models:/{name}/1")
    assert (loaded.predict(matrix)["label"] == model.predict(matrix)).all()


def test_registry_through_the_client(experiment):
    name = f"registry-{uuid.uuid4().hex[:8]}"
    client.create_registered_model(name, tags={"a": "1"}, description="d")
    with mlflow.start_run() as run:
        mlflow.log_text("x", "model/file.txt")
    first = client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    second = client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id, tags={"t": "2"})
    assert (str(first.version), str(second.version)) == ("1", "2")
    client.set_registered_model_alias(name, "candidate", "2")
    assert client.get_model_version_by_alias(name, "candidate").tags == {"t": "2"}
    assert [str(v.version) for v in client.search_model_versions(f"name = '{name}'")] == ["2", "1"]
    assert [model.name for model in client.search_registered_models(f"name = '{name}'")] == [name]
    client.set_model_version_tag(name, "1", "k", "v")
    client.update_model_version(name, "1", "changed")
    assert client.get_model_version(name, "1").description == "changed"
    client.delete_registered_model_alias(name, "candidate")
    client.delete_model_version(name, "1")
    client.rename_registered_model(name, f"{name}-new")
    client.delete_registered_model(f"{name}-new")
    with pytest.raises(MlflowException, match="not found"):
        client.get_registered_model(f"{name}-new")


def test_register_model_by_its_uri(experiment, data):
    features, labels = data
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(LogisticRegression().fit(features, labels), name="model")
    name = f"by-uri-{uuid.uuid4().hex[:8]}"
    version = mlflow.register_model(info.model_uri, name)
    assert mlflow.pyfunc.load_model(f"models:/{name}/{version.version}") is not None


def test_logged_models_are_found(experiment, data):
    features, labels = data
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(LogisticRegression().fit(features, labels), name="tree", params={"depth": 3})
        mlflow.log_metric("acc", 0.7, model_id=info.model_id)
    found = client.search_logged_models([experiment.experiment_id], filter_string="metrics.acc > 0.5")
    assert [model.model_id for model in found] == [info.model_id]
    assert mlflow.get_logged_model(info.model_id).status == "READY"


def test_artifacts_up_and_down(experiment, tmp_path):
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "a.txt").write_text("a")
    (tmp_path / "folder" / "deep" / "b.txt").write_text("b")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(tmp_path / "folder"), "files")
        mlflow.log_dict({"k": [1, 2]}, "data.json")
    uri = f"runs:/{run.info.run_id}"
    assert mlflow.artifacts.load_dict(f"{uri}/data.json") == {"k": [1, 2]}
    assert {file.path for file in client.list_artifacts(run.info.run_id, "files")} == {"files/a.txt", "files/deep"}
    down = mlflow.artifacts.download_artifacts(f"{uri}/files", dst_path=str(tmp_path / "down"))
    assert open(os.path.join(down, "deep", "b.txt")).read() == "b"


def test_a_gigabyte_in_bounded_memory(experiment, tmp_path):
    size = 1 << 30
    path = tmp_path / "large.bin"
    with open(path, "wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(size >> 20):
            file.write(block)
    pid = int(os.environ["SERVER_PID"])
    before = peak_memory(pid)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(path))
    down = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/large.bin", dst_path=str(tmp_path / "down"))
    assert os.path.getsize(down) == size
    with open(path, "rb") as sent, open(down, "rb") as received:
        while block := sent.read(1 << 24):
            assert block == received.read(1 << 24)
    assert peak_memory(pid) - before < 300 << 20


def peak_memory(pid: int) -> int:
    """Largest resident memory of the server so far, in bytes."""
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")
