"""Writes the tiny ONNX models of the tests into models/."""

from pathlib import Path

from onnx import TensorProto, checker, helper, save

FOLDER = Path(__file__).parent / "models"
TYPES = {
    "bool": TensorProto.BOOL, "int8": TensorProto.INT8, "uint8": TensorProto.UINT8, "int32": TensorProto.INT32,
    "int64": TensorProto.INT64, "uint64": TensorProto.UINT64, "fp32": TensorProto.FLOAT, "fp64": TensorProto.DOUBLE,
    "bytes": TensorProto.STRING,
}


def write(name, nodes, inputs, outputs):
    graph = helper.make_graph(nodes, name, inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
    model.ir_version = 8
    checker.check_model(model)
    save(model, FOLDER / f"{name}.onnx")


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, TYPES[kind], shape)


FOLDER.mkdir(exist_ok=True)
for kind in TYPES:
    write(f"identity-{kind}", [helper.make_node("Identity", ["x"], ["y"])], [tensor("x", kind, ["n"])], [tensor("y", kind, ["n"])])
write(
    "simple",
    [helper.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]), helper.make_node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"])],
    [tensor("INPUT0", "int32", ["n", 16]), tensor("INPUT1", "int32", ["n", 16])],
    [tensor("OUTPUT0", "int32", ["n", 16]), tensor("OUTPUT1", "int32", ["n", 16])],
)
write(
    "divide",
    [helper.make_node("Div", ["a", "b"], ["ratio"])],
    [tensor("a", "fp32", ["n"]), tensor("b", "fp32", ["n"])],
    [tensor("ratio", "fp32", ["n"])],
)
write("matrix", [helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0, noop_with_empty_axes=0)], [tensor("x", "fp32", ["n", 3])], [tensor("sum", "fp32", [])])
write("scalar", [helper.make_node("Identity", ["x"], ["y"])], [tensor("x", "fp32", [])], [tensor("y", "fp32", [])])
zipmap = helper.make_node("ZipMap", ["x"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
map_type = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
sequence = helper.make_value_info("probabilities", helper.make_sequence_type_proto(map_type))
write("zipmap", [zipmap], [tensor("x", "fp32", ["n", 2])], [sequence])
