"""An adapter's folder: what it is, read without loading it, and what is refused.

Nothing here loads torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelcraft.errors import AdapterError

WEIGHTS_FILE, CONFIG_FILE, TRAINING_FILE = (
    "adapter_model.safetensors",
    "adapter_config.json",
    "training.json",
)
_PICKLES = ("adapter_model.bin", "pytorch_model.bin", "adapter_model.pt")
_HEADER_LIMIT = 100_000_000


@dataclass(frozen=True)
class Adapter:
    """What an adapter says of itself."""

    folder: Path
    base_model: str
    """The base that it was trained on, as its run named it."""
    rank: int
    alpha: float
    use_rslora: bool
    use_dora: bool
    modules_to_save: tuple[str, ...]
    fused: tuple[str, ...]
    """Parameters that it changes and that are no layers of their own."""
    four_bits: bool
    """Whether it was trained over a base in four bits."""
    shapes: Mapping[str, tuple[int, ...]]
    """Of its tensors, by name."""

    @property
    def scale(self) -> float:
        """What its product is multiplied by."""
        return self.alpha / (self.rank**0.5 if self.use_rslora else self.rank)

    @property
    def weights(self) -> Path:
        """The file of its tensors."""
        return self.folder / WEIGHTS_FILE


def read_adapter(folder: Path) -> Adapter:
    """Read what an adapter is.

    Raises:
        AdapterError: There is none, it is a pickle, damaged, or no LoRA.
    """
    config = _config(folder)
    if config.get("peft_type") != "LORA":
        raise AdapterError(
            f"{folder} holds an adapter of the kind {config.get('peft_type')}, not a LoRA.",
            fix="Give the folder of a LoRA adapter.",
        )
    if config.get("rank_pattern") or config.get("alpha_pattern"):
        raise AdapterError(
            f"{folder} holds an adapter with several ranks or strengths; no server takes one.",
            fix="Train it again with one rank.",
        )
    try:
        return Adapter(
            folder=folder,
            base_model=str(config["base_model_name_or_path"]),
            rank=int(config["r"]),
            alpha=float(config["lora_alpha"]),
            use_rslora=bool(config.get("use_rslora")),
            use_dora=bool(config.get("use_dora")),
            modules_to_save=tuple(config.get("modules_to_save") or ()),
            fused=tuple(config.get("target_parameters") or ()),
            four_bits=_four_bits(folder),
            shapes=_shapes(folder / WEIGHTS_FILE),
        )
    except (KeyError, TypeError) as error:
        raise AdapterError(
            f"{folder / CONFIG_FILE} lacks what an adapter needs: {error}.",
            fix="Get the adapter again.",
        ) from error


def _config(folder: Path) -> dict[str, Any]:
    pickle = next((name for name in _PICKLES if (folder / name).is_file()), None)
    if pickle and not (folder / WEIGHTS_FILE).is_file():
        raise AdapterError(
            f"{folder} holds its weights as a pickle ({pickle}), which can run any code.",
            fix="Get the adapter in safetensors.",
        )
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (folder / name).is_file():
            raise AdapterError(
                f"{folder} holds no adapter: there is no {name} in it.",
                fix="Give the adapter folder of a training run.",
            )
    return _json(folder / CONFIG_FILE)


def _json(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdapterError(f"{file} is damaged: {error}", fix="Get the adapter again.") from error
    if not isinstance(read, dict):
        raise AdapterError(f"{file} is damaged: it is no object.", fix="Get the adapter again.")
    return read


def _four_bits(folder: Path) -> bool:
    file = folder / TRAINING_FILE
    return file.is_file() and bool(_json(file).get("config", {}).get("load_in_4bit"))


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """From the header of a safetensors file: its length in eight bytes, then JSON."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 0 < length < min(_HEADER_LIMIT, file.stat().st_size):
                raise ValueError("its header is too long")
            header = json.loads(opened.read(length))
        whole = (
            8
            + length
            + max(
                (
                    entry["data_offsets"][1]
                    for name, entry in header.items()
                    if name != "__metadata__"
                ),
                default=0,
            )
        )
        if whole != file.stat().st_size:
            raise ValueError(f"it has {file.stat().st_size} bytes, not {whole}")
        return {
            name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise AdapterError(f"{file} is damaged: {error}.", fix="Get the adapter again.") from error
