"""Pieces as the paragraphs of a text: verse in stanzas, typewriter blocks unwrapped, marks gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from novelcraft.state.books import Drop
from novelcraft.tools.books.inline import visible
from novelcraft.tools.books.markup import Box
from novelcraft.tools.books.notes import Marks
from novelcraft.tools.books.pieces import Piece
from novelcraft.tools.export.prose import SCENE_BREAK

HARD_BREAK = "  \n"
_ORNAMENT = re.compile(r"\s*(?:[*•·◆✦✻☙❦❧⁂⁎~=_#+-]\s*){1,12}")
_STANZA = frozenset(("stanza", "linegroup", "poetry", "poem", "verse-block", "lg"))
_LEAST_WIDTH = 45
_FILLED = 0.8
"""Share of lines that must be as full as words allow, for wrapped prose rather than verse."""
_MONOSPACED = "pgmonospaced"
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


def lay_out(pieces: Sequence[Piece], marks: Marks, text: Text) -> Text:
    """Add pieces to a text, in order."""
    stanza: Box | None = None
    for piece in pieces:
        box = _stanza(piece)
        for paragraph in _paragraphs(piece, marks, text.drops):
            if box is not None and box is stanza and text.paragraphs:
                text.paragraphs[-1] += HARD_BREAK + paragraph
            else:
                text.add(paragraph)
            stanza = box
        if piece.empty and piece.block.kind != "rule":
            continue
        stanza = box
    return text


def is_break(piece: Piece) -> bool:
    """Whether a piece is a mark between two scenes."""
    if piece.block.kind == "rule":
        return True
    return bool(piece.text.strip()) and bool(_ORNAMENT.fullmatch(piece.text))


def _paragraphs(piece: Piece, marks: Marks, drops: list[Drop]) -> Iterator[str]:
    if is_break(piece):
        yield SCENE_BREAK
        return
    drops += piece.cleaned.marks
    if piece.empty and not re.search(r"[.…?!—–-]", piece.text):
        return
    if piece.block.kind == "table":
        yield _table(piece)
    elif piece.block.kind == "heading":
        yield f"**{' '.join(piece.text.split()).replace('*', '')}**"
    elif piece.block.kind == "pre" or _monospaced(piece):
        for stanza in _stanzas(piece):
            stripped, marked = marks.strip(stanza)
            drops += marked
            yield stripped
    else:
        stripped, marked = marks.strip(piece.text)
        drops += marked
        yield stripped


def _stanza(piece: Piece) -> Box | None:
    """The innermost box that holds lines of one stanza, when the lines are boxes themselves."""
    boxes = piece.block.boxes
    for at in range(len(boxes) - 1, -1, -1):
        if _STANZA & set(boxes[at].classes):
            inner = boxes[at + 1 :]
            stanza = boxes[at].classes[0] in {"stanza", "linegroup", "lg"}
            return boxes[at] if stanza or inner else None
    return None


def _monospaced(piece: Piece) -> bool:
    return any(_MONOSPACED in box.classes for box in piece.block.boxes)


def _stanzas(piece: Piece) -> list[str]:
    """The paragraphs of a block that was set line by line: wrapped prose is unwrapped."""
    lines = [line.rstrip().removesuffix("\\") for line in piece.block.text.split("\n")]
    if piece.block.kind != "pre":
        lines = [visible(line) for line in lines]
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            groups[-1].append(" ".join(line.split()))
        elif groups[-1]:
            groups.append([])
    width = max((len(line) for group in groups for line in group), default=0)
    return [unwrap(group, width) for group in groups if group]


def unwrap(lines: Sequence[str], width: int) -> str:
    """Lines as one paragraph: joined where they are wrapped prose, else with hard breaks.

    Lines are wrapped when nearly each is so full that the next line's first word had no room.

    Args:
        lines: Without blanks at their ends.
        width: Of the longest line around.
    """
    full = sum(
        len(line) + 1 + len(after.split(" ", 1)[0]) >= width - 3
        for line, after in zip(lines, lines[1:], strict=False)
    )
    wrapped = width >= _LEAST_WIDTH and full >= _FILLED * (len(lines) - 1)
    return (" " if wrapped else HARD_BREAK).join(lines)


def _table(piece: Piece) -> str:
    rows = []
    for row in _ROW.split(piece.block.text):
        if not _TABLE_RULE.fullmatch(row):
            cells = [" ".join(visible(cell).split()) for cell in _CELL.split(row)]
            rows.append("  ".join(cell for cell in cells if cell))
    return HARD_BREAK.join(row for row in rows if row)
