"""The ONNX model of MiniLM: against BERT written out in NumPy, and against published numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from novelcraft.errors import ModelDownloadError
from novelcraft.tools.canon.embedders import MiniLMEmbedder
from novelcraft.tools.canon.minilm_onnx import HEADS, LAYERS, WIDTH, convert, read_safetensors
from novelcraft.tools.models.embedded.fetch import fetch_minilm

VOCABULARY, LENGTH = 40, 16
Array = NDArray[Any]


def random_weights() -> dict[str, Array]:
    random = np.random.default_rng(7)

    def draw(*shape: int) -> Array:
        return (random.standard_normal(shape) * 0.3).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": draw(VOCABULARY, WIDTH),
        "embeddings.position_embeddings.weight": draw(LENGTH, WIDTH),
        "embeddings.token_type_embeddings.weight": draw(2, WIDTH),
        "embeddings.position_ids": np.arange(LENGTH, dtype=np.int64)[None],
    }
    dense = {"intermediate.dense": (4 * WIDTH, WIDTH), "output.dense": (WIDTH, 4 * WIDTH)}
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        dense[f"attention.{part}"] = (WIDTH, WIDTH)
    names = [f"encoder.layer.{n}" for n in range(LAYERS)]
    for name in names:
        for part, shape in dense.items():
            weights[f"{name}.{part}.weight"] = draw(*shape) / 8
            weights[f"{name}.{part}.bias"] = draw(shape[0])
    norms = [f"{n}.{p}.LayerNorm" for n in names for p in ("attention.output", "output")]
    for name in ("embeddings.LayerNorm", *norms):
        weights[f"{name}.weight"] = 1 + draw(WIDTH)
        weights[f"{name}.bias"] = draw(WIDTH)
    return weights


def save(path: Path, weights: dict[str, Array]) -> None:
    """Write a safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, value in weights.items():
        kind = {"float32": "F32", "int64": "I64"}[value.dtype.name]
        header[name] = {
            "dtype": kind,
            "shape": list(value.shape),
            "data_offsets": [len(data), len(data) + value.nbytes],
        }
        data += value.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def bert(weights: dict[str, Array], ids: list[int]) -> Array:
    """The embedding of a text, by the formulas of the paper, in double precision."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    erf = np.vectorize(math.erf)

    def norm(x: Array, name: str) -> Array:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(x: Array, name: str) -> Array:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for n in range(LAYERS):
        name, size = f"encoder.layer.{n}", WIDTH // HEADS
        query, key, value = (
            dense(x, f"{name}.attention.self.{p}") for p in ("query", "key", "value")
        )
        heads = []
        for at in (slice(h * size, (h + 1) * size) for h in range(HEADS)):
            scores = np.exp(query[:, at] @ key[:, at].T / math.sqrt(size))
            heads.append(scores / scores.sum(-1, keepdims=True) @ value[:, at])
        mixed = dense(np.concatenate(heads, -1), f"{name}.attention.output.dense")
        x = norm(x + mixed, f"{name}.attention.output.LayerNorm")
        wide = dense(x, f"{name}.intermediate.dense")
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = norm(x + dense(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    mean = x.mean(0)
    unit: np.ndarray = mean / np.linalg.norm(mean)
    return unit


def test_the_converted_model_computes_bert(tmp_path: Path) -> None:
    weights = random_weights()
    save(tmp_path / "model.safetensors", weights)
    convert(tmp_path / "model.safetensors", tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    for ids in ([3], [1, 5, 8, 2, 39, 0, 7], list(range(LENGTH))):
        (found,) = session.run(None, {"ids": np.array(ids, dtype=np.int64)})
        np.testing.assert_allclose(found, bert(weights, ids), atol=2e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "model.safetensors"]


@pytest.mark.parametrize("content", [b"", b"\x10" + b"\0" * 7 + b"not a header....", b"\xff" * 64])
def test_weights_that_are_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelDownloadError, match=r"model\.safetensors"):
        read_safetensors(path)


def test_weights_that_are_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save(path, {"a": np.ones((4, 4), dtype=np.float32)})
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ModelDownloadError, match="no weights that can be read"):
        read_safetensors(path)


@pytest.mark.engine
def test_the_real_model_gives_the_published_similarities() -> None:
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    vectors = np.array(MiniLMEmbedder(fetch_minilm()).embed(texts))
    published = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(vectors @ vectors.T, published, atol=1e-4)


@pytest.mark.engine
def test_a_long_text_is_cut_and_not_refused() -> None:
    embedder = MiniLMEmbedder(fetch_minilm())
    whole, more = embedder.embed(["The sea was quiet. " * 400, "The sea was quiet. " * 500])
    assert whole == more
