"""Turn what pydantic finds wrong with settings into errors that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from novelcraft.config.layers import Layer
from novelcraft.config.names import closest
from novelcraft.config.root import KeyPath, Settings, keys, section_of
from novelcraft.config.settings import ROLES
from novelcraft.errors import ConfigError, InputError, PagesError, PremiseError, UnknownRoleError

_KEY_ENV = "api_key_env"
_KEY = re.compile(r"(api_?)?(key|token|secret)|password|auth(orization)?|bearer", re.IGNORECASE)
"""Names under which a person may try to give a key."""
_CLASSES: dict[KeyPath, type[InputError]] = {
    ("novel", "pages"): PagesError,
    ("novel", "premise"): PremiseError,
}


def translate(error: ValidationError, layers: Sequence[Layer]) -> InputError:
    """The error to raise, of the class that fits the first fault; all faults are in its text.

    Args:
        error: What pydantic raised.
        layers: The sources, highest priority first; the first that holds a key is to blame.
    """
    faults = [_Fault(detail, layers) for detail in error.errors() if _is_own(detail, layers)]
    return faults[0].kind(
        "\n".join(fault.message for fault in faults),
        fix="\n  ".join(dict.fromkeys(fault.fix for fault in faults)),
    )


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words: `a whole number from 1 to 2000`."""
    kind = field.annotation
    choices = [c for c in _choices(kind) if isinstance(c, str)]
    if get_origin(kind) is tuple:
        return f"a list of any of {', '.join(choices)}"
    if choices:
        return f"one of {', '.join(choices)}"
    if kind == int | None:
        return f"a whole number {_bounds(field)}".rstrip()
    if kind in (int, float):
        name = "a whole number" if kind is int else "a number"
        return f"{name} {_bounds(field)}".rstrip()
    names: dict[Any, str] = {bool: "true or false", str: "text"}
    return names.get(kind, "a table")


class _Fault:
    """One thing wrong, with the source that is to blame."""

    def __init__(self, detail: ErrorDetails, layers: Sequence[Layer]) -> None:
        self._detail = detail
        self._path = _path(detail)
        self._layer = _blamed(self._path, layers)
        self._unknown = detail["type"] == "extra_forbidden"

    @property
    def kind(self) -> type[InputError]:
        if self._unknown and self._path[:-1] == ("roles",):
            return UnknownRoleError
        return _CLASSES.get(self._path, ConfigError)

    @property
    def message(self) -> str:
        if self.kind is UnknownRoleError:
            what = f"[roles.{self._path[-1]}]: there is no such role. Roles are {', '.join(ROLES)}"
        elif self._unknown:
            what = f"{self._name}: there is no such setting"
        elif self._path[-1] == _KEY_ENV:
            # What stands there by mistake is most likely the key, and is not repeated.
            what = f"{self._name}: {self._complaint}"
        else:
            what = f"{self._name} = {_shown(self._detail['input'])}: {self._complaint}"
        return f"{self._layer.where}: {what}."

    @property
    def fix(self) -> str:
        if self._path[-1] == _KEY_ENV or (self._unknown and _KEY.fullmatch(self._path[-1])):
            return (
                "A key belongs in no file. Put it into an environment variable, and name that "
                f'variable: {_KEY_ENV} = "MY_KEY".'
            )
        if self._unknown:
            return self._suggestion
        if self._layer.file:
            return f"Change {self._name} in {self._layer.where}."
        return f"Give another {self._name}, or leave it out."

    @property
    def _name(self) -> str:
        return self._layer.name(self._path)

    @property
    def _complaint(self) -> str:
        if self._detail["type"] == "value_error":
            return str(self._detail["ctx"]["error"])
        field = _field(self._path)
        if field is None:
            return self._detail["msg"]
        return f"must be {'a table' if section_of(field) else allowed(field)}"

    @property
    def _suggestion(self) -> str:
        above, name = self._path[:-1], self._path[-1]
        siblings = list(_section(above).model_fields)
        near = closest(name, siblings)
        if near:
            written = self._layer.name((*above, near))
            return f"Did you mean {written}? Rename it in {self._layer.where}."
        elsewhere = [key for key in keys() if key.name == name]
        if elsewhere:
            return f"{name} belongs in [{elsewhere[0].table}]. Move it there."
        return f"Remove it. Known here: {', '.join(siblings)}."


def _is_own(detail: ErrorDetails, layers: Sequence[Layer]) -> bool:
    """Whether a fault stands where a source put it, not where another role inherited it."""
    path = _path(detail)
    inherited = path[:2] == ("roles", "cheap") and not any(layer.holds(path) for layer in layers)
    return not inherited


def _path(detail: ErrorDetails) -> KeyPath:
    """Where the fault is, cut off below a setting: an item of a list blames the list."""
    path = tuple(str(part) for part in detail["loc"])
    for end in range(1, len(path)):
        field = _field(path[:end])
        if field is not None and section_of(field) is None:
            return path[:end]
    return path


def _blamed(path: KeyPath, layers: Sequence[Layer]) -> Layer:
    return next(layer for layer in layers if layer.holds(path))


def _field(path: KeyPath) -> FieldInfo | None:
    return _section(path[:-1]).model_fields.get(path[-1])


def _section(path: KeyPath) -> type[BaseModel]:
    """The model at that place; the root where the place itself is not known."""
    model: type[BaseModel] = Settings
    for part in path:
        field = model.model_fields.get(part)
        below = section_of(field) if field else None
        if below is None:
            break
        model = below
    return model


def _choices(kind: Any) -> list[Any]:
    """The values of a Literal, also inside a tuple."""
    inside = get_args(kind)
    return [choice for item in inside for choice in (_choices(item) or [item])]


def _bounds(field: FieldInfo) -> str:
    low: Any = None
    high: Any = None
    over: Any = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            low = rule.ge
        elif isinstance(rule, annotated_types.Le):
            high = rule.le
        elif isinstance(rule, annotated_types.Gt):
            over = rule.gt
    if over is not None:
        return f"above {over:g}"
    if low is None:
        return ""
    return f"from {low} to {high}" if high is not None else f"of at least {low}"


def _shown(value: Any, longest: int = 80) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"
