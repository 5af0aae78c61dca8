"""The layers that settings come from, each remembering how the person wrote every key."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from novelcraft.config.names import refuse_near_misses, variables
from novelcraft.config.root import KeyPath
from novelcraft.config.text_files import read_text
from novelcraft.errors import ConfigError

_NOTHING = object()


@dataclass(frozen=True)
class Layer:
    """Values from one source, nested as the settings are."""

    where: str
    """The source as a person knows it: a path, `the environment`, `the command line`."""
    values: dict[str, Any]
    names: Mapping[KeyPath, str] = field(default_factory=dict)
    """What the person wrote for a key, where that is not its name in a table."""
    file: bool = False

    def holds(self, path: KeyPath) -> bool:
        """Whether this source gives a value at that place."""
        return self._at(path) is not _NOTHING

    def name(self, path: KeyPath) -> str:
        """How the person wrote that key: `[novel] pages`, `NARRATOR_CONTEXT`, `--pages`."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.names:
                return self.names[path[:end]]
        if len(path) > 1:
            return f"[{'.'.join(path[:-1])}] {path[-1]}"
        alone = self._at(path)
        return f"[{path[0]}]" if alone is _NOTHING or isinstance(alone, dict) else path[0]

    def _at(self, path: KeyPath) -> Any:
        here: Any = self.values
        for part in path:
            if not isinstance(here, dict) or part not in here:
                return _NOTHING
            here = here[part]
        return here


def file_layer(path: Path) -> Layer:
    """Read a TOML file.

    Raises:
        ConfigError: If it cannot be read, or is no TOML; names file, line and column.
    """
    text = read_text(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {_with_position(str(error), text)}.",
            fix="Correct that line. Text goes in quotes, and each key stands on its own line.",
        ) from error
    return Layer(str(path), values, file=True)


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Pick the settings out of the environment. An empty variable counts as unset.

    Raises:
        ConfigError: If a variable that must hold JSON does not, or a name is nearly ours.
        UnknownRoleError: If a role's name is misspelt.
    """
    values: dict[str, Any] = {}
    names: dict[KeyPath, str] = {}
    known = variables()
    for variable, key in known.items():
        text = environ.get(variable, "")
        if text:
            _put(values, key.path, _parse(variable, text, key.field))
            names[key.path] = variable
    refuse_near_misses(environ, known)
    return Layer("the environment", values, names)


def override_layer(overrides: Mapping[str, Mapping[str, Any]]) -> Layer:
    """Values from the command line, nested as the settings are.

    Each is known to the person by the option of the same name: `--pages`.
    """
    values = {section: dict(given) for section, given in overrides.items()}
    names: dict[KeyPath, str] = {
        (section, key): f"--{key.replace('_', '-')}"
        for section, given in values.items()
        for key in given
    }
    return Layer("the command line", values, names)


def _with_position(fault: str, text: str) -> str:
    """Name line and column where the parser only says that the file ended."""
    end = "(at end of document)"
    if not fault.endswith(end):
        return fault
    lines = text.split("\n")
    return f"{fault.removesuffix(end)}(at line {len(lines)}, column {len(lines[-1]) + 1})"


def _put(values: dict[str, Any], path: KeyPath, value: Any) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
    values[path[-1]] = value


def _parse(variable: str, text: str, field: FieldInfo) -> Any:
    """A variable's text as its field wants it: JSON for tables, commas for lists."""
    default = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(default, dict):
        return _table(variable, text)
    if isinstance(default, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _table(variable: str, text: str) -> dict[str, Any]:
    example = f"""{variable}='{{"temperature": 0.8}}'"""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{variable} = {text}: not JSON, at character {error.pos + 1}: {error.msg}.",
            fix=f"Write it as a JSON object, as in {example}",
        ) from error
    if not isinstance(value, dict):
        raise ConfigError(
            f"{variable} = {text}: must be a JSON object.",
            fix=f"Write it as in {example}",
        )
    return value
