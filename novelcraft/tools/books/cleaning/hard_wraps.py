"""Blocks that were set line by line, with blanks for layout, as the paragraphs that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from novelcraft.tools.books.cleaning.markup import MarkupBlock
from novelcraft.tools.export.prose import escape
from novelcraft.tools.text import clean

MONOSPACED = "pgmonospaced"
"""Project Gutenberg's class for such blocks, where they are not `<pre>`."""
_BREAK = "\\\n"
_LEAST_WIDTH = 45
_FILLED = 0.8
"""Share of lines that must be as full as words allow, for wrapped prose rather than verse."""
_SLACK = 3


def typeset(blocks: Iterable[MarkupBlock]) -> Iterator[MarkupBlock]:
    """The blocks, with those set line by line cut at blank lines: one block each paragraph."""
    for block in blocks:
        if block.kind == "pre":
            lines = [escape(clean(line)) for line in block.text.split("\n")]
            yield from _paragraphs(block, lines)
        elif block.kind == "paragraph" and any(MONOSPACED in c.classes for c in block.containers):
            lines = [line.removesuffix("\\") for line in block.text.split("\n")]
            yield from _paragraphs(block, lines)
        else:
            yield block


def unwrap(lines: Sequence[str], width: int, line_break: str = _BREAK) -> str:
    """Lines as one paragraph: joined where they are wrapped prose, else with hard breaks.

    Lines are wrapped when nearly each is so full that the next line's first word had no room.

    Args:
        lines: Without blanks at their ends.
        width: Of the longest line around.
        line_break: What a hard break is written as.
    """
    full = sum(
        len(line) + 1 + len(after.split(" ", 1)[0]) >= width - _SLACK
        for line, after in pairwise(lines)
    )
    wrapped = width >= _LEAST_WIDTH and full >= _FILLED * (len(lines) - 1)
    return (" " if wrapped else line_break).join(lines)


def _paragraphs(block: MarkupBlock, lines: Iterable[str]) -> Iterator[MarkupBlock]:
    groups: list[list[str]] = [[]]
    for line in lines:
        # Also takes no-break spaces, which the blanks of the layout have become.
        words = " ".join(line.split())
        if words:
            groups[-1].append(words)
        elif groups[-1]:
            groups.append([])
    width = max((len(line) for group in groups for line in group), default=0)
    for group in groups:
        if group:
            yield replace(block, kind="paragraph", text=unwrap(group, width))
