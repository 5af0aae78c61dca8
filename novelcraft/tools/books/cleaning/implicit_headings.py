"""Paragraphs that are headings in all but markup, as in plain text and in older conversions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.headings import Label, read_heading

_LONGEST = 90
_BARE_NAME = r"(?:[^\W\d_]+['’]?s?\s*){1,4}[.:]?"
"""Of foreword, contents and the like: as a paragraph, it must say nothing else."""
_LEVELS = {"part": 1, "chapter": 2, "reference": 2, "drop": 2, "end": 2}


def promoted(blocks: Sequence[ClassifiedBlock]) -> list[ClassifiedBlock]:
    """The blocks, with paragraphs made headings where real headings give fewer than two chapters.

    A bare number is a heading only where such numbers count up from one, anew in each part.
    """
    found = [_label(block) for block in blocks]
    headed = [label for block, label in zip(blocks, found, strict=True) if block.is_heading]
    if sum(label is not None and label.kind == "chapter" for label in headed) >= 2:
        return [*blocks]
    worded = any(label and label.word and label.kind == "chapter" for label in found)
    bare = set() if worded else _counted(found)
    return [
        _as_heading(block, label)
        if label and (_worded(label) or at in bare or _named(label))
        else block
        for at, (block, label) in enumerate(zip(blocks, found, strict=True))
    ]


def _label(block: ClassifiedBlock) -> Label | None:
    if not block.open or block.empty or block.markup.kind not in {"paragraph", "heading", "item"}:
        return None
    if block.in_heading_group and block.markup.kind != "heading":
        return None
    lines = [line.strip() for line in block.text.replace("*", "").split("\n")]
    if len(lines) > 3 or any(len(line) > _LONGEST for line in lines):
        return None
    label = read_heading(lines[0])
    if label.kind in {"reference", "drop"} and not re.fullmatch(_BARE_NAME, lines[0]):
        return None
    if label.kind == "title" or label.title.endswith((",", ";")) or "“" in label.title:
        return None
    return label


def _worded(label: Label | None) -> bool:
    return label is not None and bool(label.word)


def _named(label: Label) -> bool:
    return label.kind in {"drop", "reference"}


def _counted(labels: Sequence[Label | None]) -> set[int]:
    """Places of bare numbers that count up from one, anew in each part; three at least."""
    kept: set[int] = set()
    number = 1
    for at, label in enumerate(labels):
        if label and label.kind == "part":
            number = 1
        elif label and not label.word and label.number == number:
            kept.add(at)
            number += 1
    return kept if len(kept) >= 3 else set()


def _as_heading(block: ClassifiedBlock, label: Label) -> ClassifiedBlock:
    if block.markup.kind == "heading":
        return block
    return ClassifiedBlock(replace(block.markup, kind="heading", level=_LEVELS[label.kind]))
