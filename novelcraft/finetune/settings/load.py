"""Read a run's settings: one strict YAML file over the preset's values."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from novelcraft.config.faults import allowed
from novelcraft.config.names import closest
from novelcraft.config.text_files import read_text
from novelcraft.errors import ConfigError
from novelcraft.finetune.settings.config import RETIRED, TrainConfig
from novelcraft.finetune.settings.presets import METHODS, PRESETS, method_values, preset_values
from novelcraft.finetune.settings.start_adapter import start_values
from novelcraft.finetune.settings.validate import validate
from novelcraft.tools.storage.files import write_atomic


def load_train_config(path: Path, overrides: Mapping[str, Any] | None = None) -> TrainConfig:
    """The settings of a run, checked.

    Args:
        path: A YAML file: one mapping of keys to values, see `TrainConfig`.
        overrides: What the command line gave, by key; it has the last word.

    Raises:
        ConfigError: The file, a key or a value cannot be used, or values contradict each other.
            Names file, line, key, value, what is allowed and what to do.
    """
    values, lines = _parsed(path, read_text(path))
    return _checked(values, overrides or {}, path, lines)


def write_train_config(config: TrainConfig, file: Path) -> None:
    """Write all settings of a run to a file, from which they can be loaded again.

    Raises:
        DiskFullError, ReadOnlyError, ExportError: It cannot be written.
    """
    from ruamel.yaml import YAML

    text = StringIO()
    YAML(typ="safe", pure=True).dump(config.model_dump(mode="json"), text)
    write_atomic(file, text.getvalue().encode("utf-8"))


def train_config(values: Mapping[str, Any]) -> TrainConfig:
    """The settings of a run without a file, checked: the preset's where nothing is given.

    Raises:
        ConfigError: As `load_train_config`.
    """
    return _checked({}, values, None, {})


def _parsed(path: Path, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The values, and the line that each key stands on."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    try:
        values = reader.load(text)
        tree = reader.compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            f"{path}: line {line} is not valid YAML: {error.problem or error.context}.",
            fix="Correct that line. Each key stands once, on a line of its own: `key: value`.",
        ) from error
    except YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}", fix="Correct the file.") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError(
            f"{path} holds no settings: it must be a mapping of keys to values.",
            fix="Write at least base_model, data and output, each as `key: value`.",
        )
    return values, {key.value: key.start_mark.line + 1 for key, _ in tree.value}


def _checked(
    values: Mapping[str, Any],
    overrides: Mapping[str, Any],
    path: Path | None,
    lines: Mapping[str, int],
) -> TrainConfig:
    given = {**values, **overrides}
    name, base = given.get("preset", "auto"), given.get("base_model", "")
    if isinstance(base, str) and base.startswith("~"):
        # Not all of the libraries that load a base know the sign.
        given["base_model"] = base = str(Path(base).expanduser())
    known = name in PRESETS and isinstance(base, str)
    preset = preset_values(name, base) if known else {}
    method, start = given.get("method", "sft"), given.get("start_adapter", "")
    preset = {
        **preset,
        **(method_values(method, preset) if method in METHODS else {}),
        **(start_values(start) if isinstance(start, str) else {}),
    }
    try:
        config = TrainConfig(**{**preset, **given})
    except ValidationError as error:
        faults = [_Fault(detail, overrides, path, lines) for detail in error.errors()]
        raise ConfigError(
            "\n".join(dict.fromkeys(fault.message for fault in faults)),
            fix="\n  ".join(dict.fromkeys(fault.fix for fault in faults)),
        ) from error
    try:
        validate(config)
    except ConfigError as error:
        place = f"{path}: " if path else ""
        raise ConfigError(f"{place}{error.message}", fix=error.fix) from error
    return config


class _Fault:
    """A value that does not validate."""

    def __init__(
        self,
        detail: ErrorDetails,
        overrides: Mapping[str, Any],
        path: Path | None,
        lines: Mapping[str, int],
    ) -> None:
        self._detail = detail
        self._key = str(detail["loc"][0])
        self._file = None if self._key in overrides else path
        self._line = lines.get(self._key)

    @property
    def message(self) -> str:
        if self._detail["type"] == "missing":
            return f"{self._place}{self._key} is missing."
        if self._key in RETIRED:
            why = RETIRED[self._key][1]
            return f"{self._place}{self._key} = {_shown(self._detail['input'])}: {why}."
        if self._detail["type"] == "extra_forbidden":
            return f"{self._place}{self._key}: there is no such setting."
        return f"{self._place}{self._key} = {_shown(self._detail['input'])}: {self._complaint}."

    @property
    def fix(self) -> str:
        where = f" in {self._file}" if self._file else ""
        if self._detail["type"] == "missing":
            return f"Give {self._key}{where}."
        if self._key == "method" and self._detail["input"] == "kto":
            return f"Set method: dpo{where}: it learns from the pairs in the same folder."
        if self._key in RETIRED:
            return f"Remove {self._key}{where}."
        if self._detail["type"] != "extra_forbidden":
            return f"Change {self._key}{where}."
        near = closest(self._key, TrainConfig.model_fields)
        if near:
            return f"Did you mean {near}? Rename {self._key}{where}."
        return f"Remove {self._key}{where}. Known are: {', '.join(TrainConfig.model_fields)}."

    @property
    def _place(self) -> str:
        line = f"line {self._line}: " if self._line and self._file else ""
        return f"{self._file}: {line}" if self._file else ""

    @property
    def _complaint(self) -> str:
        field = TrainConfig.model_fields[self._key]
        if str in get_args(field.annotation):
            return "must be a list of names"
        if field.annotation is str:
            return "must be text, and not empty" if field.is_required() else "must be text"
        return f"must be {allowed(field)}"


def _shown(value: Any, longest: int = 80) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = f'"{text}"' if isinstance(value, str) else text
    return text if len(text) <= longest else f"{text[:longest]}…"
