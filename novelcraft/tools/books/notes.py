"""Notes that stand among the paragraphs of a story, and the marks that point to them.

A note is known by a box of that name, by a link back to its mark at its beginning, by `[Footnote`
or by a mark at its beginning that an earlier paragraph has, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from novelcraft.state.books import Drop
from novelcraft.tools.books.markup import Box
from novelcraft.tools.books.pieces import Piece
from novelcraft.tools.books.typewriter import MONOSPACED

_BACK_LINK = re.compile(
    r"(?:<sup>)?\W{0,3}(?:<a\b[^>]*href=\"#[^\"]*\"[^>]*>\W*(?:\d{1,4}|[A-Za-z]|[*†‡§]+|\W{1,4})\W*</a>"
    r"|\[\W*(?:\d{1,4}|[A-Za-z]|[*†‡§]+)\W*\]\(#[^)\s]*\))\W*\w"
)
_FOOTNOTE_WORD = re.compile(r"\W{0,2}Foot-?note\b\s*[\w*†‡]{0,4}\s*[:.\]]", re.IGNORECASE)
_LABEL = re.compile(r"\[Foot-?notes?:?\]|Foot-?notes?[:.]?", re.IGNORECASE)
_STAR_NOTE = re.compile(r"([*†‡§]{1,3}) ?(?=[\w“\"'‘(])")
_NUMBER_NOTE = re.compile(r"[\[({](\d{1,3}|[*†‡§]{1,3})[\])}]\.? ?(?=[\w“\"'‘(*])")
_STAR_MARK = re.compile(
    r"(?:(?<=[\w.,;:!?'\"’”)\]—-])(?<!\b[A-Z])| (?=[*†‡§]{1,3}$))"
    r"([*†‡§]{1,3})(?![*†‡§\w])(?=[\s.,;:!?'\"’”)\]—-]|$)"
)
_NUMBER_MARK = re.compile(r"(?<=\S)\s?[\[({](\d{1,3}|[*†‡§]{1,3})[\])}]")
_REACH = 60
"""Paragraphs that a note may stand after its mark, when only its mark tells that it is one."""


@dataclass(frozen=True)
class Marks:
    """The marks, outside of links, that the notes of a book have."""

    stars: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def strip(self, text: str) -> tuple[str, list[Drop]]:
        """A cleaned text without these marks, and the marks that have words."""
        drops: list[Drop] = []

        def number(match: re.Match[str]) -> str:
            if match[1] not in self.numbers:
                return match[0]
            drops.append(Drop(reason="note mark", text=match[1]))
            return ""

        if self.stars and any(star[0] in text for star in self.stars):
            text = "  \n".join(self._strip_stars(line) for line in text.split("  \n"))
        if self.numbers:
            text = _NUMBER_MARK.sub(number, text)
        return text, drops

    def _strip_stars(self, line: str) -> str:
        return _STAR_MARK.sub(lambda m: "" if m[1] in self.stars else m[0], line)


NO_MARKS = Marks()


def mark_notes(pieces: Sequence[Piece]) -> Marks:
    """Decide on notes, and tell which marks are left in the text for them."""
    stars: set[str] = set()
    numbers: set[str] = set()
    seen: dict[str, int] = {}
    box: Box | None = None
    inside = False
    for at, piece in enumerate(pieces):
        if piece.block.kind == "heading" or piece.fate == "drop":
            box, inside = None, False
            continue
        if inside or (box is not None and box in piece.block.boxes):
            piece.decide("reference", "note")
            inside = inside and not _closes(piece)
            continue
        raw, text = piece.block.text, _unstarred(piece)
        if _LABEL.fullmatch(piece.text.strip("* ")):
            piece.decide("drop", "note label")
        elif _FOOTNOTE_WORD.match(text):
            piece.decide("reference", "note")
            inside = text.startswith("[") and not _closes(piece)
            numbers |= set(re.findall(r"Foot-?note\s+([\w*†‡]{1,3})", text, re.IGNORECASE))
        elif _BACK_LINK.match(raw):
            piece.decide("reference", "note")
        elif mark := _own_mark(text, seen, at, piece):
            piece.decide("reference", "note")
            (stars if not mark.isdigit() and not _NUMBER_NOTE.match(text) else numbers).add(mark)
            box = _note_box(piece)
        if piece.open:
            seen |= dict.fromkeys(_marks_in(text), at)
    return Marks(frozenset(stars), frozenset(numbers))


def _unstarred(piece: Piece) -> str:
    """The text with emphasis taken for what it is, so that what asterisks are left are marks."""
    raw = piece.block.text
    if "\\*" not in raw:
        return piece.text.replace("*", "")
    return raw_marks(raw)


def raw_marks(raw: str) -> str:
    """Raw text with its escaped asterisks plain and its emphasis gone."""
    raw = re.sub(r"(?<!\\)\*", "", raw)
    return re.sub(r"\\(?=\W)", "", re.sub(r"<[^>]*>", "", raw)).replace("\u00a0", " ").strip()


def _own_mark(text: str, seen: dict[str, int], at: int, piece: Piece) -> str:
    """The mark that a paragraph begins with, if a paragraph shortly before has it.

    A typewriter block that begins with a star is a note in any case.
    """
    match = _STAR_NOTE.match(text) or _NUMBER_NOTE.match(text)
    if match and at - seen.get(match[1], -_REACH - 1) <= _REACH:
        return match[1]
    return match[1] if match and match[1] == "*" and _note_box(piece) else ""


def _marks_in(text: str) -> Iterator[str]:
    if any(star in text for star in "*†‡§"):
        yield from _STAR_MARK.findall(text)
    if "[" in text or "(" in text or "{" in text:
        yield from _NUMBER_MARK.findall(text)


def _note_box(piece: Piece) -> Box | None:
    """The box that belongs to the note alone, so that its other paragraphs are of it, too."""
    last = piece.block.boxes[-1] if piece.block.boxes else None
    return last if last and MONOSPACED in last.classes else None


def _closes(piece: Piece) -> bool:
    return piece.text.rstrip().endswith("]")
