"""Well-known bases, whose sizes are known without their files.

So a run can be planned before anything is downloaded.
"""

from __future__ import annotations

import re
from pathlib import Path

from novelcraft.errors import ConfigError
from novelcraft.finetune.shapes.config_file import read_shape
from novelcraft.finetune.shapes.shapes import ModelShape


def known_shape(model: str) -> ModelShape | None:
    """The sizes of a well-known base, by its name on the hub or a part of it.

    `Qwen/Qwen3-30B-A3B-Thinking-2507` and `meta-llama/Meta-Llama-3.1-8B-Instruct` are found:
    what is trained from a base has its sizes. None for a base that is not known.
    """
    name = model.replace("\\", "/").rstrip("/").rpartition("/")[2].lower().removeprefix("meta-")
    for key, shape in _KNOWN.items():
        if re.match(rf"{re.escape(key)}(?![0-9a-z.])", name):
            return shape
    return None


def known_names() -> tuple[str, ...]:
    """The bases whose sizes are known without their files."""
    return tuple(dict.fromkeys(shape.name for shape in _KNOWN.values()))


def find_shape(model: str) -> ModelShape:
    """The sizes of a base, by its folder or its name.

    Raises:
        ConfigError: It is no folder of a model, and no base that is known.
    """
    folder = Path(model)
    if folder.is_dir():
        return read_shape(folder)
    shape = known_shape(model)
    if shape is None:
        raise ConfigError(
            f"{model} is no folder, and its sizes are not known.",
            fix=f"Download it and name its folder, or use one of: {', '.join(known_names())}.",
        )
    return shape


def _dense(
    name: str,
    family: str,
    sizes: tuple[int, int, int, int, int, int],
    *,
    head: int = 128,
    tied: bool = False,
) -> ModelShape:
    """A row of the table: layers, hidden, heads, key-value heads, intermediate, vocabulary."""
    layers, hidden, heads, pairs, intermediate, vocabulary = sizes
    return ModelShape(
        name=name,
        family=family,
        layers=layers,
        hidden=hidden,
        heads=heads,
        query=heads * head,
        key_value=pairs * head,
        intermediate=intermediate,
        vocabulary=vocabulary,
        tied=tied,
    )


# As the models' own config.json files have them.
_QWEN3_MOE = ModelShape(
    name="Qwen3-30B-A3B",
    family="qwen3_moe",
    layers=48,
    hidden=2048,
    heads=32,
    query=4096,
    key_value=512,
    intermediate=0,
    vocabulary=151936,
    experts=128,
    active_experts=8,
    expert_intermediate=768,
    sparse_layers=48,
)
_TABLE = (
    _QWEN3_MOE,
    _dense("Qwen3-0.6B", "qwen3", (28, 1024, 16, 8, 3072, 151936), tied=True),
    _dense("Qwen3-1.7B", "qwen3", (28, 2048, 16, 8, 6144, 151936), tied=True),
    _dense("Qwen3-4B", "qwen3", (36, 2560, 32, 8, 9728, 151936), tied=True),
    _dense("Qwen3-8B", "qwen3", (36, 4096, 32, 8, 12288, 151936)),
    _dense("Qwen3-14B", "qwen3", (40, 5120, 40, 8, 17408, 151936)),
    _dense("Qwen3-32B", "qwen3", (64, 5120, 64, 8, 25600, 151936)),
    _dense("Qwen2.5-7B", "qwen2", (28, 3584, 28, 4, 18944, 152064)),
    _dense("Qwen2.5-14B", "qwen2", (48, 5120, 40, 8, 13824, 152064)),
    _dense("Qwen-1.8B", "qwen", (24, 2048, 16, 16, 5504, 151936)),
    _dense("Qwen-7B", "qwen", (32, 4096, 32, 32, 11008, 151936)),
    _dense("Qwen-14B", "qwen", (40, 5120, 40, 40, 13696, 152064)),
    _dense("Qwen-72B", "qwen", (80, 8192, 64, 64, 24576, 152064)),
    _dense("Llama-2-7B", "llama", (32, 4096, 32, 32, 11008, 32000)),
    _dense("Llama-3-8B", "llama", (32, 4096, 32, 8, 14336, 128256)),
    _dense("Llama-3.1-8B", "llama", (32, 4096, 32, 8, 14336, 128256)),
    _dense("Llama-3.1-70B", "llama", (80, 8192, 64, 8, 28672, 128256)),
    _dense("Llama-3.2-1B", "llama", (16, 2048, 32, 8, 8192, 128256), head=64, tied=True),
    _dense("Llama-3.2-3B", "llama", (28, 3072, 24, 8, 8192, 128256), tied=True),
    _dense("Llama-3.3-70B", "llama", (80, 8192, 64, 8, 28672, 128256)),
    _dense("Ministral-8B", "mistral", (36, 4096, 32, 8, 12288, 131072)),
    _dense("Mistral-Nemo-12B", "mistral", (40, 5120, 32, 8, 14336, 131072)),
    _dense("Mistral-Small-24B", "mistral", (40, 5120, 32, 8, 32768, 131072)),
    _dense("SmolLM2-135M", "llama", (30, 576, 9, 3, 1536, 49152), head=64, tied=True),
)
_OTHER_NAMES = {
    "mistral-nemo": "Mistral-Nemo-12B",
    "mn-12b-mag-mell": "Mistral-Nemo-12B",
    "devstral-small": "Mistral-Small-24B",
    "magistral-small": "Mistral-Small-24B",
}
_NAMED = {shape.name: shape for shape in _TABLE}
_KNOWN = {
    **{name.lower(): shape for name, shape in _NAMED.items()},
    **{other: _NAMED[name] for other, name in _OTHER_NAMES.items()},
}
