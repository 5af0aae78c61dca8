"""The tags of an XML file, read by a parser that resolves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.parsers import expat

_PIECE = 1 << 16


class Tag(NamedTuple):
    """An element's start tag."""

    name: str
    """Without a prefix: packages use prefixes, and some never declare them."""
    attributes: dict[str, str]
    """With their prefixes: `xml:id` is not `id`."""


def tags(data: bytes) -> Iterator[Tag]:
    """The start tags of an XML file in their order; those in comments are none.

    Nothing outside of the file is loaded, and no entity is resolved but the five of XML.

    Args:
        data: The file in UTF-8, whatever its declaration says.

    Raises:
        EntityDeclaredError: It declares an entity.
        expat.ExpatError: It is no well-formed XML; gives line and column.
    """
    found: list[Tag] = []
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda name, attributes: found.append(
        Tag(name.rpartition(":")[2], attributes)
    )
    parser.EntityDeclHandler = _refuse
    data = data.lstrip()  # blanks before a declaration are wrong, and common
    for at in range(0, len(data), _PIECE):
        parser.Parse(data[at : at + _PIECE])
        yield from found
        found.clear()
    parser.Parse(b"", True)


class EntityDeclaredError(ValueError):
    """An XML file declares an entity."""


def _refuse(name: str, *_declaration: object) -> None:
    raise EntityDeclaredError(name)
