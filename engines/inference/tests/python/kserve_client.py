"""KServe's own REST client, V1 and V2, against the server named on the command line."""

import asyncio
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

URL = sys.argv[1]


async def main() -> None:
    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await v2.is_server_live(URL)
    assert await v2.is_server_ready(URL)
    assert await v2.is_model_ready(URL, "simple")
    assert not await v2.is_model_ready(URL, "nothing")
    rows = np.arange(16, dtype=np.int32).reshape(1, 16)
    inputs = []
    for name in ("INPUT0", "INPUT1"):
        tensor = InferInput(name, [1, 16], "INT32")
        tensor.set_data_from_numpy(rows, binary_data=False)
        inputs.append(tensor)
    answer = await v2.infer(URL, InferRequest("simple", inputs, request_id="mine"), model_name="simple")
    assert answer.id == "mine"
    assert (answer.outputs[0].as_numpy() == rows * 2).all(), answer.outputs[0].as_numpy()

    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await v1.is_server_live(URL)
    assert await v1.is_model_ready(URL, "divide")
    answer = await v1.infer(URL, {"instances": [{"a": 1, "b": 4}]}, model_name="divide")
    assert answer == {"predictions": [0.25]}, answer
    try:
        await v1.infer(URL, {"instances": [{"a": 1}]}, model_name="divide")
    except Exception as error:
        assert "missing inputs" in str(error), error
    else:
        raise AssertionError("a missing input was accepted")


asyncio.run(main())
print("all checks passed")
