"""Text for a person to read: clean, on one line, cut to fit, with numbers in words."""

from __future__ import annotations

import re
import shlex
import textwrap
import unicodedata
from pathlib import Path

WIDTH = 88
"""Columns of a report in a terminal."""
_QUOTE_LENGTH = 160
_NAME_LENGTH = 40
"""Characters of a folder's name that is made from a premise."""
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufeff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
"""Control characters and non-characters: XML forbids most of them, and none can be read."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""All but tabs and line feeds, and half characters, which no file takes."""


def clean(text: str) -> str:
    """Text without what no book can hold: control characters, non-characters, lone surrogates."""
    return _FORBIDDEN.sub("", _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))


def without_controls(text: str) -> str:
    """Text of a model without what would move a terminal's cursor or change its colours.

    Carriage returns go, too; those of CRLF leave the line's end.
    """
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """A clean text on one line, as a title or a table's cell needs it."""
    return " ".join(clean(text).split())


def clipped(quote: str, length: int = _QUOTE_LENGTH) -> str:
    """A quote on one line, cut between words where it is longer than `length` characters."""
    quote = one_line(quote)
    return quote if len(quote) <= length else quote[:length].rpartition(" ")[0] + " …"


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it must be."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def wrapped(text: str, width: int = WIDTH, *, indent: int) -> list[str]:
    """A text in lines of at most `width` columns, those after the first indented by two more."""
    pad = " " * indent
    return textwrap.wrap(
        text, width, initial_indent=pad, subsequent_indent=pad + "  ", break_long_words=False
    )


def quoted(path: Path) -> str:
    """A path as it can be pasted into a shell."""
    return shlex.quote(str(path))


def folder_name(premise: str) -> str:
    """A folder's name from the first words of a premise: `a-lighthouse-keeper-finds-that`."""
    plain = unicodedata.normalize("NFKD", premise).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    name = ""
    for word in words:
        if len(name) + len(word) >= _NAME_LENGTH:
            break
        name = f"{name}-{word}" if name else word
    return name or "novel"
