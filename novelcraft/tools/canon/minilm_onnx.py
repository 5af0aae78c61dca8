"""Turn the weights of all-MiniLM-L6-v2 into an ONNX model, without torch.

The model is BERT with six layers. The graph takes the token ids of one text and gives its
embedding: the mean over the last layer's tokens, at length one. One text at a time, so there is
no padding, and a text's embedding does not depend on what it was embedded with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from novelcraft.errors import ModelDownloadError

LAYERS = 6
HEADS = 12
WIDTH = 384
EPSILON = 1e-12
OPSET = 20
IR_VERSION = 10

Weights = Mapping[str, NDArray[Any]]
_DTYPES = {"F32": np.float32, "I64": np.int64}


def convert(safetensors: Path, target: Path) -> None:
    """Write the ONNX model of the weights; it appears under its name only when it is whole.

    Args:
        safetensors: The weights as published.
        target: Where to write, about 90 MB.

    Raises:
        ModelDownloadError: The file does not hold these weights.
    """
    model = build(read_safetensors(safetensors))
    making = target.with_name(f".{target.name}.{os.getpid()}")
    making.write_bytes(model.SerializeToString())
    making.replace(target)


def read_safetensors(path: Path) -> Weights:
    """The tensors of a safetensors file by name.

    Raises:
        ModelDownloadError: It is no such file, or is cut off.
    """
    raw = np.fromfile(path, dtype=np.uint8)
    start = 8 + int.from_bytes(raw[:8].tobytes(), "little")
    try:
        header = json.loads(raw[8:start].tobytes())
        header.pop("__metadata__", None)
        return {name: _tensor(raw[start:], **entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise ModelDownloadError(
            f"{path} holds no weights that can be read: {error}.",
            fix="Delete that file and run the same command again; it is fetched anew.",
        ) from error


def _tensor(
    data: NDArray[np.uint8], *, dtype: str, shape: list[int], data_offsets: list[int]
) -> NDArray[Any]:
    begin, end = data_offsets
    return data[begin:end].view(_DTYPES[dtype]).reshape(shape)


def build(weights: Weights) -> onnx.ModelProto:
    """The model from the tensors of the published weights."""
    graph = _Graph(weights)
    state = _embeddings(graph)
    for number in range(LAYERS):
        state = _layer(graph, state, f"encoder.layer.{number}")
    pooled = graph.add("ReduceMean", state, graph.ints([0]), keepdims=0)
    graph.add("LpNormalization", pooled, axis=0, p=2, output="embedding")
    return graph.model()


def _embeddings(graph: _Graph) -> str:
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    length = graph.add("Shape", "ids")
    positions = graph.add(
        "Slice",
        graph.weight("embeddings.position_embeddings.weight"),
        graph.ints([0]),
        length,
        graph.ints([0]),
    )
    kinds = graph.weight("embeddings.token_type_embeddings.weight")
    first_kind = graph.add("Slice", kinds, graph.ints([0]), graph.ints([1]), graph.ints([0]))
    summed = graph.add("Add", graph.add("Add", words, positions), first_kind)
    return _normed(graph, summed, "embeddings.LayerNorm")


def _layer(graph: _Graph, state: str, name: str) -> str:
    attended = _dense(graph, _attention(graph, state, name), f"{name}.attention.output.dense")
    state = _normed(graph, graph.add("Add", state, attended), f"{name}.attention.output.LayerNorm")
    widened = graph.add("Gelu", _dense(graph, state, f"{name}.intermediate.dense"))
    narrowed = _dense(graph, widened, f"{name}.output.dense")
    return _normed(graph, graph.add("Add", state, narrowed), f"{name}.output.LayerNorm")


def _attention(graph: _Graph, state: str, name: str) -> str:
    query, key, value = (
        _heads(graph, _dense(graph, state, f"{name}.attention.self.{part}"))
        for part in ("query", "key", "value")
    )
    scores = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 2, 1]))
    scale = graph.floats(np.array((WIDTH / HEADS) ** -0.5))
    shares = graph.add("Softmax", graph.add("Mul", scores, scale), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[1, 0, 2])
    return graph.add("Reshape", mixed, graph.ints([-1, WIDTH]))


def _heads(graph: _Graph, state: str) -> str:
    """Tokens by width, to heads by tokens by the width of a head."""
    split = graph.add("Reshape", state, graph.ints([-1, HEADS, WIDTH // HEADS]))
    return graph.add("Transpose", split, perm=[1, 0, 2])


def _dense(graph: _Graph, state: str, name: str) -> str:
    return graph.add(
        "Gemm", state, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias"), transB=1
    )


def _normed(graph: _Graph, state: str, name: str) -> str:
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    return graph.add("LayerNormalization", state, weight, bias, epsilon=EPSILON)


class _Graph:
    """Collects nodes and constants; each `add` gives the name of what it computes."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def ints(self, values: list[int]) -> str:
        return self._constant(f"ints_{values}", np.array(values, dtype=np.int64))

    def floats(self, values: NDArray[Any]) -> str:
        return self._constant(f"floats_{values}", values.astype(np.float32))

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(value, name)
        return name

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [WIDTH])],
            list(self._constants.values()),
        )
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
