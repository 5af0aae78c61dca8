"""What turns text into vectors for the passage index."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, Protocol, assert_never

from novelcraft.tools.late import load_numpy
from novelcraft.tools.metrics.text import words
from novelcraft.tools.models.embedded.fetch import Notify, fetch_minilm, quiet

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vector = Sequence[float]

MINILM_TOKENS = 256
"""The length that the model was trained with; what is longer is cut off."""


class Embedder(Protocol):
    """Turns texts into vectors whose cosine tells how alike the texts are."""

    @property
    def name(self) -> str:
        """Names the vectors: an index made under another name cannot be used."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, at length one. A text's vector depends on nothing but the text."""


def open_embedder(kind: Literal["minilm", "hash"], *, notify: Notify = quiet) -> Embedder:
    """The embedder that the settings name.

    Args:
        kind: `minilm` (by meaning; its weights are fetched when missing) or `hash`.
        notify: Is told when weights are fetched.

    Raises:
        ModelDownloadError: The weights are missing and cannot be fetched.
    """
    match kind:
        case "minilm":
            return MiniLMEmbedder(fetch_minilm(notify=notify))
        case "hash":
            return HashEmbedder()
    assert_never(kind)


class HashEmbedder:
    """Texts as bags of hashed words: alike where they share words. Needs no weights.

    Each word has its dimension and sign from a hash, and weighs with the root of its count, so
    that a name said ten times does not drown the rest.
    """

    dimensions = 512
    shortest = 4
    """Letters of the shortest word that counts; the shorter ones are mostly grammar."""

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return f"hash-{self.dimensions}"

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder.embed`."""
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> Vector:
        vector = [0.0] * self.dimensions
        counts = Counter(w for w in words(text) if len(w) >= self.shortest)
        for word, count in counts.items():
            digest = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
            sign = 1.0 if digest & 1 else -1.0
            vector[(digest >> 1) % self.dimensions] += sign * math.sqrt(count)
        return _at_length_one(vector)


def _at_length_one(vector: list[float]) -> Vector:
    length = math.hypot(*vector)
    if length == 0.0:
        # Cosine is not defined for it; a direction of its own keeps the arithmetic sound.
        return [1.0] + [0.0] * (len(vector) - 1)
    return [value / length for value in vector]


class MiniLMEmbedder:
    """all-MiniLM-L6-v2 under ONNX Runtime: alike where texts mean the same.

    Runs on one thread that never spins, because the machine's other cores belong to the
    language model: about 65 ms a passage of 200 words, whatever else runs.

    Args:
        folder: Holds `model.safetensors` and `tokenizer.json`; the ONNX model is made there
            when it is first needed (90 MB, 3 s).
    """

    name = "all-MiniLM-L6-v2"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one = Lock()
        """The index and the checks embed in threads of their own."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """See `Embedder.embed`."""
        with self._one:
            return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> Vector:
        load_numpy()
        import numpy as np

        ids = np.array(self._tokenizer.encode(text).ids, dtype=np.int64)
        (vector,) = self._session.run(None, {"ids": ids})
        return [float(value) for value in vector]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MINILM_TOKENS)
        return tokenizer

    @cached_property
    def _session(self) -> InferenceSession:
        load_numpy()
        import onnxruntime

        model = self._folder / "model.onnx"
        if not model.exists():
            from novelcraft.tools.canon.minilm_onnx import convert

            convert(self._folder / "model.safetensors", model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
