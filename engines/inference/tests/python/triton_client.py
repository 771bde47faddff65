"""Triton's own HTTP client, with JSON tensors, against the server named on the command line."""

import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1].removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("simple")
assert client.get_server_metadata()["name"] == "mlops-inference"
assert [each["name"] for each in client.get_model_metadata("simple")["inputs"]] == ["INPUT0", "INPUT1"]

rows = np.arange(32, dtype=np.int32).reshape(2, 16)
inputs = []
for name in ("INPUT0", "INPUT1"):
    tensor = http.InferInput(name, [2, 16], "INT32")
    tensor.set_data_from_numpy(rows, binary_data=False)
    inputs.append(tensor)
outputs = [http.InferRequestedOutput(name, binary_data=False) for name in ("OUTPUT0", "OUTPUT1")]
answer = client.infer("simple", inputs, outputs=outputs, request_id="7")
assert (answer.as_numpy("OUTPUT0") == rows * 2).all() and (answer.as_numpy("OUTPUT1") == 0).all()
assert answer.get_response()["id"] == "7"
try:
    client.infer("simple", inputs[:1], outputs=outputs)
except InferenceServerException as error:
    assert "INPUT1" in error.message(), error
else:
    raise AssertionError("a missing input was accepted")
print("all checks passed")
