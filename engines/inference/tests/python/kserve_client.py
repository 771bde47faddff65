"""KServe's own REST client, V1 and V2, against the server named on the command line."""

import asyncio
import json
import sys
from pathlib import Path

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

URL, EXAMPLE = sys.argv[1], Path(sys.argv[2])


def tensor(name, datatype, values):
    made = InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=False)
    return made


async def refused(call, text):
    try:
        await call
    except Exception as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"accepted, instead of: {text}")


async def check_v2():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(URL)
    assert await client.is_server_ready(URL)
    assert await client.is_model_ready(URL, "simple")
    assert not await client.is_model_ready(URL, "nothing")

    rows = np.arange(8, dtype=np.int32).reshape(2, 4)
    inputs = [tensor(name, "INT32", rows) for name in ("INPUT0", "INPUT1")]
    answer = await client.infer(URL, InferRequest("simple", inputs, request_id="mine"), model_name="simple")
    assert answer.id == "mine"
    assert (answer.outputs[0].as_numpy() == rows * 2).all(), answer.outputs[0].as_numpy()

    wide = np.array([2**63 - 1, -(2**63), 2**53 + 1], dtype=np.int64)
    answer = await client.infer(URL, InferRequest("int64", [tensor("x", "INT64", wide)]), model_name="int64")
    assert (answer.outputs[0].as_numpy() == wide).all(), answer.outputs[0].as_numpy()

    missing = np.array([1, np.nan], dtype=np.float32)
    pair = [tensor("a", "FP32", missing), tensor("b", "FP32", np.array([2, 2], dtype=np.float32))]
    answer = await client.infer(URL, InferRequest("divide", pair), model_name="divide")
    ratio = answer.outputs[0].as_numpy()
    assert ratio[0] == 0.5 and np.isnan(ratio[1]), ratio

    await refused(client.infer(URL, InferRequest("simple", inputs[:1]), model_name="simple"), "'INPUT1' is missing")
    await refused(client.infer(URL, InferRequest("nothing", inputs), model_name="nothing"), "'nothing' does not exist")


async def check_v1():
    client = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await client.is_server_live(URL)
    assert await client.is_model_ready(URL, "divide")
    answer = await client.infer(URL, {"instances": [{"a": 1, "b": 4}]}, model_name="divide")
    assert answer == {"predictions": [0.25]}, answer
    await refused(client.infer(URL, {"instances": [{"a": 1}]}, model_name="divide"), "missing inputs")

    # A row of the example by its columns' names, as a data scientist has it.
    split = json.loads((EXAMPLE / "serving_input_example.json").read_text())["dataframe_split"]
    flights = [dict(zip(split["columns"], row)) for row in split["data"]]
    answer = await client.infer(URL, {"instances": flights}, model_name="flights")
    assert len(answer["predictions"]) == len(flights) and all(0 <= each[0] <= 1 for each in answer["predictions"]), answer


asyncio.run(check_v2())
asyncio.run(check_v1())
print("all checks passed")
