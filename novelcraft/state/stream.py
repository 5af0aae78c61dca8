"""How every long operation tells what it does: a stream of events, one union per operation.

Writing, preparation, training and the asking for pairs each have a union of frozen models with a
`kind`. Whoever listens is an `OnEvent`, called in the order in which things happen; a stream that
crosses to another process, or is kept in a file, is one line of JSON per event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

from pydantic import TypeAdapter

from novelcraft.state.base import Frozen

E = TypeVar("E", bound=Frozen)

OnEvent: TypeAlias = Callable[[E], None]
"""Listens to a stream. It must be quick: it is called by what does the work."""


class EventCodec(Generic[E]):
    """Lines of JSON for the events of one union, and back.

    Args:
        union: Reads the union, by its `kind`.
    """

    def __init__(self, union: TypeAdapter[E]) -> None:
        self._union = union

    def line(self, event: E) -> str:
        """The event on a line of its own, which ends with its only line break."""
        return f"{event.model_dump_json()}\n"

    def parse(self, line: str | bytes) -> E:
        """The event on a line.

        Raises:
            pydantic.ValidationError: It holds none of this union.
        """
        return self._union.validate_json(line)

    def load(self, body: object) -> E:
        """The event whose JSON was parsed already.

        Raises:
            pydantic.ValidationError: It is none of this union.
        """
        return self._union.validate_python(body)
