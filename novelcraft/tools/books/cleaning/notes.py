"""Notes that stand among the paragraphs of a story, and the marks that point to them.

A note is known by its container's name, by a link back to its mark at its beginning, by `[Footnote`
or by a mark at its beginning that an earlier paragraph has, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from novelcraft.state.books import Drop
from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.hard_wraps import MONOSPACED
from novelcraft.tools.books.cleaning.markup import Container

_BACK_LINK = re.compile(
    r"(?:<sup>)?\W{0,3}(?:<a\b[^>]*href=\"#[^\"]*\"[^>]*>\W*(?:\d{1,4}|[A-Za-z]|[*†‡§]+|\W{1,4})\W*</a>"
    r"|\[\W*(?:\d{1,4}|[A-Za-z]|[*†‡§]+)\W*\]\(#[^)\s]*\))\W*\w"
)
_FOOTNOTE_WORD = re.compile(r"\W{0,2}Foot-?note\b\s*[\w*†‡]{0,4}\s*[:.\]]", re.IGNORECASE)
_FOOTNOTE_NUMBER = re.compile(r"Foot-?note\s+([\w*†‡]{1,3})", re.IGNORECASE)
_LABEL = re.compile(r"\[Foot-?notes?:?\]|Foot-?notes?[:.]?", re.IGNORECASE)
_STAR_NOTE = re.compile(r"([*†‡§]{1,3}) ?(?=[\w“\"'‘(])")
_NUMBER_NOTE = re.compile(r"[\[({](\d{1,3}|[A-Z]|[*†‡§]{1,3})[\])}]\.? ?(?=[\w“\"'‘(*])")
_STAR_MARK = re.compile(
    r"(?:(?<=[\w.,;:!?'\"’”)\]—-])(?<!\b[A-Z])| (?=[*†‡§]{1,3}$))"
    r"([*†‡§]{1,3})(?![*†‡§\w])(?=[\s.,;:!?'\"’”)\]—-]|$)"
)
_LABEL_NUMBER = re.compile(r"\A\W*[\[({](\d{1,3}|[A-Z])[\])}]")
_NUMBER_MARK = re.compile(r"(?<=\S)\s?[\[({](\d{1,3}|[A-Z]|[*†‡§]{1,3})[\])}]")
_BRACED = re.compile(r"\s?\{(\d{1,4})\}")
_MANY = 10
"""Numbers in braces from which they are page numbers."""
_REACH = 60
"""Paragraphs that a note may stand after its mark, when only its mark tells that it is one."""


@dataclass(frozen=True)
class Marks:
    """The marks, outside of links, that the notes of a book have."""

    stars: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    pages: bool = False
    """Whether numbers in braces that no note has are of pages."""

    def strip(self, text: str) -> tuple[str, list[Drop]]:
        """A cleaned text without these marks, and the marks that have words."""
        drops: list[Drop] = []

        def number(match: re.Match[str]) -> str:
            if match[1] not in self.numbers:
                return match[0]
            drops.append(Drop(reason="note mark", text=match[1]))
            return ""

        def page(match: re.Match[str]) -> str:
            drops.append(Drop(reason="page number", text=match[1]))
            return ""

        if self.stars and any(star[0] in text for star in self.stars):
            text = "  \n".join(self._strip_stars(line) for line in text.split("  \n"))
        if self.numbers:
            text = _NUMBER_MARK.sub(number, text)
        if self.pages and "{" in text:
            text = _BRACED.sub(page, text).strip()
        return text, drops

    def _strip_stars(self, line: str) -> str:
        return _STAR_MARK.sub(lambda m: "" if m[1] in self.stars else m[0], line)


NO_MARKS = Marks()


@dataclass
class _Finder:
    """Goes through the blocks, in order."""

    stars: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    braced: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    container: Container | None = None
    """Of the note before, whose other paragraphs are of the note as well."""
    bracket: bool = False
    """Whether a note is open that ends with a bracket."""
    listed: bool = False
    """Whether a label has said that only notes follow, up to the next heading."""

    def take(self, at: int, block: ClassifiedBlock) -> None:
        """Decide on a block, if it is a note or the label above notes."""
        if block.markup.kind == "heading" or block.category == "drop":
            self.container, self.bracket, self.listed = None, False, False
            return
        text = _unstarred(block)
        if block.category == "reference" and block.reason == "note":
            self.numbers |= set(_LABEL_NUMBER.findall(_raw_marks(block.markup.text)))
        inside = self.container is not None and self.container in block.markup.containers
        if self.bracket or inside:
            block.decide("reference", "note")
            self.bracket = self.bracket and not _closes(block)
        elif _LABEL.fullmatch(block.plain.strip()):
            block.decide("drop", "note label")
            self.listed = True
        elif self.listed or _BACK_LINK.match(block.markup.text):
            block.decide("reference", "note")
            self._learn(_NUMBER_NOTE.match(text))
        elif _FOOTNOTE_WORD.match(text):
            block.decide("reference", "note")
            self.bracket = text.startswith("[") and not _closes(block)
            self.numbers |= set(_FOOTNOTE_NUMBER.findall(text))
        elif match := self._own_mark(text, at, block):
            block.decide("reference", "note")
            self._learn(match)
            self.container = _note_container(block)
        if block.open:
            self.seen |= dict.fromkeys(_marks_in(text), at)
            self.braced += len(_BRACED.findall(text))

    def _learn(self, match: re.Match[str] | None) -> None:
        if match:
            (self.numbers if match.re is _NUMBER_NOTE else self.stars).add(match[1])

    def _own_mark(self, text: str, at: int, block: ClassifiedBlock) -> re.Match[str] | None:
        """The mark that a paragraph begins with, if a paragraph shortly before has it.

        A typewriter block that begins with a star is a note in any case.
        """
        match = _STAR_NOTE.match(text) or _NUMBER_NOTE.match(text)
        if match and at - self.seen.get(match[1], -_REACH - 1) <= _REACH:
            return match
        return match if match and match[1] == "*" and _note_container(block) else None


def mark_notes(blocks: Sequence[ClassifiedBlock]) -> Marks:
    """Decide on notes, and tell which marks are left in the text for them."""
    finder = _Finder()
    for at, block in enumerate(blocks):
        finder.take(at, block)
    return Marks(frozenset(finder.stars), frozenset(finder.numbers), pages=finder.braced >= _MANY)


def _unstarred(block: ClassifiedBlock) -> str:
    """The text with emphasis taken for what it is, so that what asterisks are left are marks."""
    raw = block.markup.text
    if "\\*" not in raw:
        return block.plain
    return _raw_marks(raw)


def _raw_marks(raw: str) -> str:
    """Raw text with its escaped asterisks plain and its emphasis gone."""
    raw = re.sub(r"(?<!\\)\*", "", raw)
    return re.sub(r"\\(?=\W)", "", re.sub(r"<[^>]*>", "", raw)).replace("\u00a0", " ").strip()


def _marks_in(text: str) -> Iterator[str]:
    if any(star in text for star in "*†‡§"):
        yield from _STAR_MARK.findall(text)
    if "[" in text or "(" in text or "{" in text:
        yield from _NUMBER_MARK.findall(text)


def _note_container(block: ClassifiedBlock) -> Container | None:
    """The container that belongs to the note alone, so that its other paragraphs are of it, too."""
    last = block.markup.containers[-1] if block.markup.containers else None
    return last if last and MONOSPACED in last.classes else None


def _closes(block: ClassifiedBlock) -> bool:
    return block.text.rstrip().endswith("]")
