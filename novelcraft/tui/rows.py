"""Text in rows that fit a column. Pure of Textual."""

from __future__ import annotations

import re
from typing import NamedTuple

from rich.cells import cell_len

_WORD = re.compile(r"\S+")


class Row(NamedTuple):
    """A row of the column: characters of the text."""

    begin: int
    end: int


def wrap(text: str, begin: int, width: int) -> list[Row]:
    """Rows of a text from a character on, broken between words where a row is full.

    Rows before the last stay as they are when the text grows. A word that is wider than a row is
    cut.

    Args:
        text: With line feeds; an empty line is an empty row.
        begin: First character.
        width: Cells of a row.
    """
    rows: list[Row] = []
    while begin <= len(text):
        feed = text.find("\n", begin)
        end = len(text) if feed < 0 else feed
        rows += _wrap_line(text, begin, end, width)
        if feed < 0:
            break
        begin = feed + 1
    return rows


def _wrap_line(text: str, begin: int, end: int, width: int) -> list[Row]:
    rows: list[Row] = []
    start, last, used = begin, begin, 0
    for word in _WORD.finditer(text, begin, end):
        gap = cell_len(text[last : word.start()])
        cells = cell_len(word.group())
        if used and used + gap + cells > width:
            rows.append(Row(start, last))
            start, used, gap = word.start(), 0, 0
        if cells > width:
            cut, start = _cut(text, start, word.end(), width)
            rows += cut
            used = cell_len(text[start : word.end()])
        else:
            used += gap + cells
        last = word.end()
    return [*rows, Row(start, last)]


def _cut(text: str, start: int, end: int, width: int) -> tuple[list[Row], int]:
    """Full rows of what is too wide for one, and where the rest begins."""
    rows: list[Row] = []
    at, used = start, 0
    while at < end:
        cells = cell_len(text[at])
        if used + cells > width:
            rows.append(Row(start, at))
            start, used = at, 0
        used += cells
        at += 1
    return rows, start
