"""Triton's own HTTP client, with JSON tensors, against the server named on the command line."""

import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1].removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("simple")
assert client.get_server_metadata()["name"] == "mlops-inference"
assert [each["name"] for each in client.get_model_metadata("simple")["inputs"]] == ["INPUT0", "INPUT1"]


def tensor(name, datatype, values, binary=False):
    made = http.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def refused(text, *arguments, **options):
    try:
        client.infer(*arguments, **options)
    except InferenceServerException as error:
        assert text in error.message(), error
    else:
        raise AssertionError(f"accepted, instead of: {text}")


rows = np.arange(8, dtype=np.int32).reshape(2, 4)
inputs = [tensor(name, "INT32", rows) for name in ("INPUT0", "INPUT1")]
outputs = [http.InferRequestedOutput(name, binary_data=False) for name in ("OUTPUT0", "OUTPUT1")]
answer = client.infer("simple", inputs, outputs=outputs, request_id="7")
assert (answer.as_numpy("OUTPUT0") == rows * 2).all() and (answer.as_numpy("OUTPUT1") == 0).all()
assert answer.get_response()["id"] == "7"

# Outputs that are not named are asked for in binary: the client also reads them as JSON.
answer = client.infer("simple", inputs, model_version="1")
assert (answer.as_numpy("OUTPUT0") == rows * 2).all()

words = np.array(["größer", ""], dtype=object)
answer = client.infer("bytes", [tensor("x", "BYTES", words)], outputs=[http.InferRequestedOutput("y", binary_data=False)])
assert list(answer.as_numpy("y")) == ["größer", ""], answer.as_numpy("y")

refused("'INPUT1' is missing", "simple", inputs[:1], outputs=outputs)
refused("does not exist", "nothing", inputs)
refused("binary_data=False", "simple", [tensor(name, "INT32", rows, binary=True) for name in ("INPUT0", "INPUT1")])
print("all checks passed")
