"""Pieces as the paragraphs of a text: verse in stanzas, scene breaks in one form, marks gone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from novelcraft.state.books import Drop
from novelcraft.tools.books.cleaning.inline import visible
from novelcraft.tools.books.cleaning.markup import Box
from novelcraft.tools.books.cleaning.notes import NO_MARKS, Marks
from novelcraft.tools.books.cleaning.pieces import Piece
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


def lay_out(pieces: Iterable[Piece], text: Text, marks: Marks = NO_MARKS) -> None:
    """Add pieces to a text, in order, without the marks; headings become lines of their own."""
    stanza: Box | None = None
    for piece in pieces:
        paragraph = _paragraph(piece, marks, text.drops)
        if not paragraph:
            continue
        box = _stanza(piece)
        if box is not None and box is stanza and text.paragraphs:
            text.paragraphs[-1] += HARD_BREAK + paragraph
        else:
            text.add(paragraph)
        stanza = box


def is_void(piece: Piece) -> bool:
    """Whether a piece has neither words nor the signs of a silence."""
    return piece.empty and not _SPOKEN.search(piece.text)


def is_break(piece: Piece) -> bool:
    """Whether a piece is a mark between two scenes."""
    if piece.block.kind == "rule":
        return True
    return bool(piece.text.strip()) and bool(_ORNAMENT.fullmatch(piece.text))


def _paragraph(piece: Piece, marks: Marks, drops: list[Drop]) -> str:
    drops += piece.cleaned.marks
    if is_break(piece):
        return SCENE_BREAK
    if is_void(piece):
        return ""
    if piece.block.kind == "table":
        return _table(piece)
    stripped, marked = marks.strip(piece.text)
    drops += marked
    if piece.block.kind == "heading":
        return f"**{' '.join(stripped.split()).replace('*', '')}**"
    return stripped


def _stanza(piece: Piece) -> Box | None:
    """The innermost box that holds lines of one stanza, when the lines are boxes themselves."""
    boxes = piece.block.boxes
    for at in range(len(boxes) - 1, -1, -1):
        if _STANZA & set(boxes[at].classes):
            inner = boxes[at + 1 :]
            stanza = boxes[at].classes[0] in {"stanza", "linegroup", "lg"}
            return boxes[at] if stanza or inner else None
    return None


def _table(piece: Piece) -> str:
    rows = []
    for row in _ROW.split(piece.block.text):
        if not _TABLE_RULE.fullmatch(row):
            cells = [" ".join(visible(cell).split()) for cell in _CELL.split(row)]
            rows.append("  ".join(cell for cell in cells if cell))
    return HARD_BREAK.join(row for row in rows if row)
