"""LoRA adapters, as servers know them and as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from novelcraft.errors import ConfigError
from novelcraft.tools.models.profile import Profile

GGUF_FILE = "adapter.gguf"
"""Name that an adapter's GGUF file has in the adapter's own folder."""
HOUSE = "house"
"""Name of the adapter that is shipped with the program."""
HOUSE_FOLDER = Path(__file__).parent / "embedded" / "house_narrator"
_INNER = "adapter"
"""The adapter's folder in the folder of a training run, see `finetune.training.publishing`."""


@dataclass(frozen=True)
class ServedAdapter:
    """An adapter that a server has loaded."""

    name: str
    """What requests call it by; llama.cpp calls it by its place in the list."""
    path: str
    """Where the server has it from, as it says; empty where it does not say."""
    index: int = 0
    """Its place in the list of a llama.cpp server."""


def find_served(profile: Profile, wanted: str) -> ServedAdapter | None:
    """The adapter that a person means, among those of a server.

    Args:
        profile: What the server said.
        wanted: The name that the server knows it under, or the file or folder that the server has
            it from.
    """
    if profile.flavour == "llamacpp":
        served = [ServedAdapter(path, path, i) for i, path in enumerate(profile.adapters)]
    else:
        served = [
            ServedAdapter(model.id, model.root if model.parent else "")
            for model in profile.models
            if wanted in model.names or model.parent
        ]
    matches = (_same_name, _same_place, _same_file_name)
    return next((s for match in matches for s in served if match(s, wanted)), None)


def gguf_of(role: str, adapter: str) -> Path:
    """The GGUF file of an adapter that the embedded engine is to load.

    Args:
        role: For whom, for the errors.
        adapter: The file, the adapter's folder, or the folder of the run that it came from.

    Raises:
        ConfigError: There is none.
    """
    file = find_gguf(adapter)
    if file is not None:
        return file
    if not place_of(adapter).is_dir():
        raise ConfigError(
            f"[roles.{role}] adapter = {adapter!r}: there is no such file or folder.",
            fix="The embedded engine loads an adapter from a GGUF file: name that, or the "
            "adapter's folder.",
        )
    raise ConfigError(
        f"[roles.{role}] adapter = {adapter!r}: there is no {GGUF_FILE} in that folder.",
        fix=f"Make it: novelcraft adapter convert {adapter} --to gguf",
    )


def find_gguf(adapter: str) -> Path | None:
    """The GGUF file at a place, see `gguf_of`; None where there is none."""
    place = place_of(adapter)
    files = (place, place / GGUF_FILE, place / _INNER / GGUF_FILE)
    return next((file.resolve() for file in files if file.is_file()), None)


def place_of(adapter: str) -> Path:
    """Where an adapter lies that settings name by its place, or by the name `house`."""
    return HOUSE_FOLDER if adapter == HOUSE else Path(adapter).expanduser()


def _same_name(served: ServedAdapter, wanted: str) -> bool:
    return wanted == served.name


def _same_place(served: ServedAdapter, wanted: str) -> bool:
    if not served.path:
        return False
    file, place = Path(served.path).resolve(), place_of(wanted).resolve()
    folders = (place, place / _INNER)
    return file in folders or file.parent in folders


def _same_file_name(served: ServedAdapter, wanted: str) -> bool:
    path = PurePath(served.name)
    return path.suffix == ".gguf" and wanted in (path.name, path.stem)
