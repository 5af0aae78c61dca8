"""The catalogue of models and the presets of machines: data files that a person can edit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from novelcraft.errors import ConfigError
from novelcraft.state.base import Frozen
from novelcraft.tools.serving.sizes import find_snapshot, read_config

ServedRole = Literal["reasoning", "narrator"]
SERVED_ROLES: tuple[ServedRole, ...] = ("reasoning", "narrator")
OWN_FILE = "serving.toml"
"""Name of a person's own models and presets, beside their `config.toml`."""

Flag = bool | int | float | str | dict[str, Any] | list[str]


class ModelEntry(Frozen):
    """A model that can be served."""

    name: str
    """What the roles call it."""
    hub: str
    """Where vLLM has it from: its name on the hub, or its folder."""
    weights: int = Field(default=0, ge=0)
    """Bytes; 0 where they are counted in the folder's files."""
    config: dict[str, Any]
    """The model's `config.json`, or what of it sizes follow from."""
    quantization: str = ""
    reasoning_parser: str = ""
    mtp_weights: int = Field(default=0, ge=0)
    """Bytes of the heads that guess further tokens."""
    mtp_tokens: int = Field(default=0, ge=0)
    """Tokens that they guess; 0 where there are none."""
    licence: str = ""
    checked: tuple[str, ...] = ()
    """Versions of vLLM whose parser took the commands composed for it."""

    @property
    def folder(self) -> Path | None:
        """Where the files are, if they are on this machine."""
        place = Path(self.hub).expanduser()
        return place if place.is_dir() else find_snapshot(self.hub)

    @property
    def max_context(self) -> int:
        """Tokens that the model was made for; 0 where its config does not say."""
        return int(self.config.get("max_position_embeddings") or 0)

    @property
    def sparse(self) -> bool:
        """Whether it is a mixture of experts."""
        return bool(self.config.get("num_experts") or self.config.get("num_local_experts"))


class RolePreset(Frozen):
    """How a machine serves one role."""

    model: str
    context: int | Literal["auto"] = "auto"
    """Tokens of prompt and answer together."""
    sequences: int = Field(default=8, ge=1)
    """Calls that are computed at once."""
    speculative: bool = False
    flags: dict[str, Flag] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)


class Preset(Frozen):
    """A kind of machine."""

    name: str
    title: str = ""
    gpu: str = ""
    """Part of the name by which the driver knows the card."""
    device: Literal["cuda", "cpu"] = "cuda"
    memory_mib: int = Field(default=0, ge=0)
    """0 asks this machine."""
    usable: float = Field(default=0.92, gt=0, le=1)
    dtype: str = "auto"
    flags: dict[str, Flag] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)
    reasoning: RolePreset
    narrator: RolePreset

    def role(self, role: ServedRole) -> RolePreset:
        """What the preset says of a role."""
        return self.reasoning if role == "reasoning" else self.narrator


class Catalog(Frozen):
    """All models and presets, a person's own included."""

    models: dict[str, ModelEntry]
    presets: dict[str, Preset]

    def preset(self, name: str) -> Preset:
        """The preset of that name.

        Raises:
            ConfigError: There is none.
        """
        if name not in self.presets:
            raise ConfigError(
                f"{name!r} is no preset.", fix=f"Use one of: {', '.join(self.presets)}."
            )
        return self.presets[name]

    def preset_for(self, gpu: str) -> Preset:
        """The preset for a machine.

        Args:
            gpu: Name of its graphics card; empty where it has none.

        Raises:
            ConfigError: There is none for that card.
        """
        if not gpu:
            return self.preset("cpu")
        found = next((p for p in self.presets.values() if p.gpu and p.gpu in gpu), None)
        if found is None:
            raise ConfigError(
                f"There is no preset for {gpu}.",
                fix=f"Name one that is like it (--preset {' or '.join(self.presets)}), or "
                f"describe your card in {OWN_FILE}.",
            )
        return found

    def model(self, wanted: str) -> ModelEntry:
        """The model that a person names: by its name here or on the hub, or by its folder.

        Raises:
            ConfigError: Nothing is known of it.
        """
        if wanted in self.models:
            return self.models[wanted]
        hub = next((m for m in self.models.values() if m.hub.lower() == wanted.lower()), None)
        if hub is not None:
            return hub
        place = Path(wanted).expanduser()
        folder = place if place.is_dir() else find_snapshot(wanted)
        if folder is None:
            raise ConfigError(
                f"{wanted} is neither a folder nor a model of the catalogue, and its sizes are "
                "not known.",
                fix=f"Download it and name its folder, describe it in {OWN_FILE}, or use one of: "
                f"{', '.join(self.models)}.",
            )
        name = (place if place.is_dir() else Path(wanted)).resolve().name.lower()
        known = self._named(name)
        config = read_config(folder)
        return ModelEntry(
            name=name,
            hub=str(place.resolve()) if place.is_dir() else wanted,
            config=config,
            quantization=_quantization(config),
            reasoning_parser=known.reasoning_parser if known else "",
            mtp_weights=known.mtp_weights if known else 0,
            mtp_tokens=known.mtp_tokens if known else 0,
            checked=known.checked if known else (),
        )

    def _named(self, name: str) -> ModelEntry | None:
        """The entry of which a folder of that name seems to be a copy."""
        return next(
            (m for m in self.models.values() if name in (m.name, m.hub.rpartition("/")[2].lower())),
            None,
        )


def load_catalog(own: Path | None = None) -> Catalog:
    """The models and presets that come along, with a person's own merged over them.

    Args:
        own: The person's file; None, or one that is not there, for none.

    Raises:
        ConfigError: The file cannot be read, or says what cannot be.
    """
    data = _shipped("catalog.toml") | _shipped("presets.toml")
    if own is not None and own.is_file():
        data = _merged(data, _own(own))
    for table in ("models", "presets"):
        for name, entry in data[table].items():
            if isinstance(entry, dict):
                entry.setdefault("name", name)
    try:
        return Catalog.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{own}: {where}: {first['msg']}.", fix=f"Correct {where} in {own}."
        ) from error


def _shipped(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


def _own(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.", fix="Correct it.") from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _quantization(config: Mapping[str, Any]) -> str:
    told = config.get("quantization_config")
    return str(told.get("quant_method") or "") if isinstance(told, Mapping) else ""
