"""Forms: their questions, and the act that the answers come to. Pure of Textual."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from novelcraft.errors import InputError
from novelcraft.state.acts import Act
from novelcraft.state.base import Frozen

_LONG = (
    *("text", "about", "summary", "prose", "note", "beats", "places", "becomes", "sampling"),
    "reason",
)

Given = Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """A question of a form."""

    name: str
    value: str = ""
    optional: bool = False

    @property
    def label(self) -> str:
        """What stands above it."""
        return self.name.replace("_", " ").capitalize()

    @property
    def is_long(self) -> bool:
        """Whether it takes more than one line."""
        return self.name in _LONG


class Source(NamedTuple):
    """A text whose paragraphs can be taken."""

    name: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A form: its questions, and the act that they come to."""

    title: str
    make: Callable[[Given], Act]
    """May raise InputError, or pydantic's ValidationError, for what cannot be used."""
    fields: tuple[Field, ...] = ()
    says: str = ""
    """What a person should know before it is left."""
    text: str = ""
    """What there is to look at."""
    sources: tuple[Source, ...] = ()
    """What the first field may be put together of."""


def changing(
    title: str, of: Frozen, names: tuple[str, ...], make: Callable[[dict[str, Any]], Act]
) -> Form:
    """A form with the values as they are, that comes to those that were changed."""
    now = {name: getattr(of, name) for name in names}

    def act(given: Given) -> Act:
        changed = {name: _read(given[name], now[name]) for name in names}
        changed = {name: value for name, value in changed.items() if value != now[name]}
        if not changed:
            raise InputError("Nothing was changed.", fix="Change a field, or leave with Esc.")
        return make({k: list(v) if isinstance(v, tuple) else v for k, v in changed.items()})

    return Form(title, act, tuple(Field(name, _shown(now[name])) for name in names))


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def _read(given: str, now: str | tuple[str, ...]) -> str | tuple[str, ...]:
    if isinstance(now, str):
        return given.strip()
    return tuple(line.strip() for line in given.splitlines() if line.strip())
