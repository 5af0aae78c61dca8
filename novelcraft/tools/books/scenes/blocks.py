"""Cut a chapter into blocks: the smallest stretches that scenes are made of.

A model that looks for scenes sees the blocks with numbers and answers with numbers, so that no
answer can change the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from novelcraft.tools.metrics.text import sentences

Count = Callable[[str], int]
"""Tokens of a text."""

LEAST = 75
"""Tokens of the shortest block, unless its whole chapter is shorter."""

MOST = 500
"""Tokens above which a paragraph is cut at the ends of its sentences."""

Ends = Literal["section", "paragraph", "sentence"]
"""What ends with a block: a part of the chapter that the author closed with a scene-break mark,
a paragraph, or only a piece of a paragraph that was too long."""

_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)*")
_MARK = re.compile(r"(?:\\?[*⁂#~_•·—-]\s*)+")
_WORD_START = re.compile(r"(?<=\s)(?=\S)")
_LINE_START = re.compile(r"(?<=\n)(?=.)")


@dataclass(frozen=True)
class Block:
    """A stretch of a chapter, with the blank lines that follow it."""

    start: int
    """Offset of its first character in the chapter."""
    end: int
    """Offset after its last character: where the next block starts."""
    tokens: int
    ends: Ends


@dataclass(frozen=True)
class _Unit:
    """What is not cut further. It starts where the one before ends."""

    end: int
    ends: Ends


def blocks_of(text: str, count: Count, least: int = LEAST, most: int = MOST) -> list[Block]:
    """Cut a chapter into blocks that, joined, are the chapter.

    A block closes at the first paragraph end that gives it `least` tokens, or at a scene-break
    mark. A paragraph of more than `most` tokens is first halved, and halved again, at the
    sentence or line end nearest to its middle (at a word or character where it has none), so
    that no block is longer than `most` and three times `least`.

    Args:
        text: The chapter; anything, the empty text gives no block.
        count: Counts tokens.
        least: Tokens of the shortest block; only a chapter that is shorter itself gives less.
        most: Tokens of the longest piece of a paragraph.
    """
    blocks: list[Block] = []
    start = section = 0
    for unit in _units(text, count, most):
        tokens = count(text[start : unit.end])
        if tokens >= least:
            blocks.append(Block(start, unit.end, tokens, unit.ends))
            start = unit.end
        elif unit.ends == "section" and len(blocks) > section:
            blocks[-1] = _stretched(blocks[-1], text, unit, count)
            start = unit.end
        if unit.ends == "section" and start == unit.end:
            section = len(blocks)
    if start < len(text):
        rest = _Unit(len(text), "paragraph")
        last = blocks.pop() if blocks else Block(0, 0, 0, "paragraph")
        blocks.append(_stretched(last, text, rest, count))
    return blocks


def _stretched(block: Block, text: str, unit: _Unit, count: Count) -> Block:
    return Block(block.start, unit.end, count(text[block.start : unit.end]), unit.ends)


def _units(text: str, count: Count, most: int) -> Iterator[_Unit]:
    start = 0
    for end in _paragraph_ends(text):
        paragraph = text[start:end]
        for piece in _pieces(paragraph, count, most):
            yield _Unit(start + piece, "sentence")
        marked = _MARK.fullmatch(paragraph.strip()) is not None
        yield _Unit(end, "section" if marked else "paragraph")
        start = end


def _paragraph_ends(text: str) -> list[int]:
    """Where paragraphs end, the blank lines after them included; the last is the text's end.

    Blank lines before the first paragraph belong to it.
    """
    first, last = _indent(text), len(text.rstrip())
    ends = [m.end() for m in _PARAGRAPH_END.finditer(text) if first < m.start() < last]
    return [*ends, len(text)] if text else []


def _pieces(paragraph: str, count: Count, most: int) -> list[int]:
    """Offsets at which a paragraph is cut so that no piece has more than `most` tokens."""
    if len(paragraph) < 2 or count(paragraph) <= most:
        return []
    cut = _near_middle(paragraph)
    rest = _pieces(paragraph[cut:], count, most)
    return [*_pieces(paragraph[:cut], count, most), cut, *(cut + offset for offset in rest)]


def _near_middle(paragraph: str) -> int:
    """Where to cut in two: best where a sentence or line starts, then a word, then anywhere."""
    middle = len(paragraph) // 2
    starts = _sentence_starts(paragraph) or _inside(_WORD_START, paragraph)
    return min(starts, key=lambda offset: abs(offset - middle), default=middle)


def _sentence_starts(paragraph: str) -> list[int]:
    starts, at = set(_inside(_LINE_START, paragraph)), 0
    for sentence in sentences(paragraph):
        at = paragraph.index(sentence, at)
        starts.add(at)
        at += len(sentence)
    first = _indent(paragraph)
    return sorted(offset for offset in starts if offset > first)


def _inside(pattern: re.Pattern[str], paragraph: str) -> list[int]:
    first = _indent(paragraph)
    return [m.start() for m in pattern.finditer(paragraph) if m.start() > first]


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
