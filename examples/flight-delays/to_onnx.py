"""The trained pipeline as ONNX: one input a column, so that callers send columns by name, and one output."""

import onnx
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from features import CATEGORIES, NUMBERS

OUTPUT = "probability_late"


def to_onnx(model: Pipeline) -> onnx.ModelProto:
    """Inputs are vectors [N] (a data frame's columns); the output is [N, 1]."""
    types = [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    types += [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    graph = convert_sklearn(model, "flight_delays", types, options={"zipmap": False}, target_opset={"": 21, "ai.onnx.ml": 3})
    columns_from_vectors(graph.graph)
    keep_late_only(graph.graph)
    onnx.checker.check_model(graph, full_check=True)
    return graph


def columns_from_vectors(graph: onnx.GraphProto) -> None:
    """skl2onnx wants columns [N, 1], data frames hold vectors [N]."""
    axis = helper.make_tensor("column_axis", TensorProto.INT64, [1], [1])
    graph.initializer.append(axis)
    renamed = {each.name: f"{each.name}_column" for each in graph.input}
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    nodes = [helper.make_node("Unsqueeze", [name, axis.name], [column]) for name, column in renamed.items()]
    inputs = [helper.make_tensor_value_info(each.name, each.type.tensor_type.elem_type, ["rows"]) for each in graph.input]
    nodes += list(graph.node)
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.extend(inputs)


def keep_late_only(graph: onnx.GraphProto) -> None:
    late = helper.make_tensor("late_class", TensorProto.INT64, [1], [1])
    graph.initializer.append(late)
    graph.node.append(helper.make_node("Gather", ["probabilities", late.name], [OUTPUT], axis=1))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", 1]))
