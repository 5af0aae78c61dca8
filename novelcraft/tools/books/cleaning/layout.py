"""Blocks as the paragraphs of a text: verse in stanzas, scene breaks in one form, marks gone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from novelcraft.state.books import Drop
from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.inline import visible
from novelcraft.tools.books.cleaning.markup import Container
from novelcraft.tools.books.cleaning.notes import NO_MARKS, Marks
from novelcraft.tools.export.prose import SCENE_BREAK

HARD_BREAK = "  \n"
_ORNAMENT = re.compile(r"\s*(?:[*•·◆✦✻☙❦❧⁂⁎~=_#+-]\s*){1,12}")
_SPOKEN = re.compile(r"[.…?!—–-]")
"""Signs that a paragraph without words may consist of: a silence, a cry."""
_STANZA = frozenset(("stanza", "linegroup", "poetry", "poem", "verse-block", "lg"))
_CELL = re.compile(r"</t[dh]>|(?<!\\)\|")
_ROW = re.compile(r"</tr>|\n(?=\|)")
_TABLE_RULE = re.compile(r"[|:\-\s]+")


@dataclass
class Text:
    """Paragraphs, and what was dropped while they were laid out."""

    paragraphs: list[str] = field(default_factory=list)
    drops: list[Drop] = field(default_factory=list)

    def add(self, paragraph: str) -> None:
        """Add a paragraph or a scene break; breaks at the start or in a row are left out."""
        if paragraph == SCENE_BREAK and (not self.paragraphs or self.paragraphs[-1] == SCENE_BREAK):
            return
        if paragraph:
            self.paragraphs.append(paragraph)

    def close(self) -> str:
        """The whole text. A break at its end goes."""
        while self.paragraphs and self.paragraphs[-1] == SCENE_BREAK:
            self.paragraphs.pop()
        return "\n\n".join(self.paragraphs)


def lay_out(blocks: Iterable[ClassifiedBlock], text: Text, marks: Marks = NO_MARKS) -> None:
    """Add blocks to a text, in order, without the marks; headings become lines of their own."""
    stanza: Container | None = None
    for block in blocks:
        paragraph = _paragraph(block, marks, text.drops)
        if not paragraph:
            continue
        container = _stanza(block)
        if container is not None and container is stanza and text.paragraphs:
            text.paragraphs[-1] += HARD_BREAK + paragraph
        else:
            text.add(paragraph)
        stanza = container


def is_void(block: ClassifiedBlock) -> bool:
    """Whether a block has neither words nor the signs of a silence."""
    return block.empty and not _SPOKEN.search(block.text)


def is_break(block: ClassifiedBlock) -> bool:
    """Whether a block is a mark between two scenes."""
    if block.markup.kind == "rule":
        return True
    return bool(block.text.strip()) and bool(_ORNAMENT.fullmatch(block.text))


def _paragraph(block: ClassifiedBlock, marks: Marks, drops: list[Drop]) -> str:
    drops += block.cleaned.marks
    if is_break(block):
        return SCENE_BREAK
    if is_void(block):
        return ""
    if block.markup.kind == "table":
        return _table(block)
    stripped, marked = marks.strip(block.text)
    drops += marked
    if block.markup.kind == "heading":
        return f"**{' '.join(stripped.split()).replace('*', '')}**"
    return stripped


def _stanza(block: ClassifiedBlock) -> Container | None:
    """The innermost container that holds the lines of one stanza, where each line has its own."""
    containers = block.markup.containers
    for at in range(len(containers) - 1, -1, -1):
        if _STANZA & set(containers[at].classes):
            inner = containers[at + 1 :]
            stanza = containers[at].classes[0] in {"stanza", "linegroup", "lg"}
            return containers[at] if stanza or inner else None
    return None


def _table(block: ClassifiedBlock) -> str:
    rows = []
    for row in _ROW.split(block.markup.text):
        if not _TABLE_RULE.fullmatch(row):
            cells = [" ".join(visible(cell).split()) for cell in _CELL.split(row)]
            rows.append("  ".join(cell for cell in cells if cell))
    return HARD_BREAK.join(row for row in rows if row)
