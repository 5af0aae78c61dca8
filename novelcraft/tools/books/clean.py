"""From a book's raw Markdown to its narrative, its reference and the log of what was dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from novelcraft.state.books import ChapterHead, Drop
from novelcraft.state.manuscript import WORD
from novelcraft.tools.books.around import (
    is_credits,
    mark_boxes,
    mark_contents,
    mark_illustrations,
    mark_licence,
    mark_transcribers,
)
from novelcraft.tools.books.chapters import Chapter, join_chapters
from novelcraft.tools.books.headings import display_title, read_heading
from novelcraft.tools.books.inline import visible
from novelcraft.tools.books.layout import Text, lay_out
from novelcraft.tools.books.markup import parse
from novelcraft.tools.books.notes import Marks, mark_notes
from novelcraft.tools.books.outline import outline
from novelcraft.tools.books.pieces import Piece
from novelcraft.tools.books.promote import promoted
from novelcraft.tools.books.sections import Section
from novelcraft.tools.books.typewriter import typeset

_FOREWORD = re.compile(r"\b(?:foreword|preface|introduction|introductory)\b", re.IGNORECASE)
_NOTES = re.compile(r"\b(?:foot|end)notes?\b", re.IGNORECASE)
_TITLE_PAGE = 12
"""Words up to which a paragraph before the first chapter is of the title page."""
_ENGLISH_CHAPTER = frozenset(("chapter", ""))


@dataclass(frozen=True)
class CleanBook:
    """A cleaned book. Its narrative, reference and drops together hold every raw word."""

    narrative: str
    reference: str
    drops: tuple[Drop, ...]
    chapters: tuple[ChapterHead, ...]
    notices: tuple[str, ...] = ()
    """What a person should know; not errors."""


@dataclass
class _Builder:
    marks: Marks
    chapters: list[Chapter] = field(default_factory=list)
    heads: list[ChapterHead] = field(default_factory=list)
    front: Text = field(default_factory=Text)
    notes: Text = field(default_factory=Text)
    back: Text = field(default_factory=Text)
    drops: list[Drop] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def chapter(self, section: Section) -> None:
        """Add a chapter; notes in it go to the reference, other drops to the log."""
        index = len(self.chapters) + 1
        title = _chapter_title(section)
        text = Text()
        body = [piece for piece in section.body if piece.open]
        while body and (body[-1].empty or read_heading(body[-1].text).kind == "end"):
            last = body.pop()
            if last.empty:
                self.drops += last.cleaned.marks
            else:
                last.decide("drop", "end mark")
        lay_out(body, text, self.marks)
        self.drops += text.drops
        self.chapters.append(Chapter(index, title, text.close()))
        self.heads.append(ChapterHead(index=index, title=title, part=section.part))
        self._leftover(section.headings, title)
        self._notes(section, index)

    def _leftover(self, headings: Sequence[Piece], title: str) -> None:
        """Log the words of a chapter's headings that its title does not have: its number."""
        words = Counter(_words("\n".join(visible(h.block.text) for h in headings)))
        words.subtract(_words(title))
        if left := " ".join(words.elements()):
            self.drops.append(Drop(reason="chapter number", text=left))

    def _notes(self, section: Section, index: int) -> None:
        notes = [piece for piece in section.body if piece.fate == "reference"]
        if notes:
            self.notes.add(_notes_header(index))
            lay_out(notes, self.notes)
        for piece in section.body:
            if piece.fate == "drop":
                self.drop(piece, piece.reason)

    def drop(self, piece: Piece, reason: str) -> None:
        """Log a piece as dropped."""
        text = visible(piece.block.text).strip()
        if any(character.isalnum() for character in text):
            self.drops.append(Drop(reason=reason, text=text))

    def matter(self, section: Section) -> None:
        """Sort out a section that is no chapter."""
        target = self.back if self.chapters else self.front
        if self.chapters and _NOTES.search(_heading(section)):
            target = self.notes
            target.add(_notes_header(len(self.chapters)))
        for piece in section.headings:
            if section.kind == "reference":
                self._refer(piece, target)
            else:
                self.drop(piece, _reason(section))
        for piece in section.body:
            self._matter_piece(piece, section, target)

    def _refer(self, piece: Piece, target: Text) -> None:
        if piece.block.kind == "heading":
            target.add(f"## {' '.join(piece.plain.split())}")
            target.drops += piece.cleaned.marks
        else:
            lay_out([piece], target)

    def _matter_piece(self, piece: Piece, section: Section, target: Text) -> None:
        if piece.open:
            reason = self._dropped_matter(piece, section)
            piece.decide("drop" if reason else "reference", reason)
        if piece.fate == "drop":
            self.drop(piece, piece.reason)
        else:
            self._refer(piece, target)

    def _dropped_matter(self, piece: Piece, section: Section) -> str:
        if section.kind == "drop":
            return _reason(section)
        if is_credits(piece):
            return "credits"
        if section.kind in {None, "title"} and not self.chapters:
            if piece.block.kind == "table":
                return "contents"
            if len(piece.text.split()) <= _TITLE_PAGE:
                return "title page"
        return ""

    def reference(self) -> str:
        """The reference, with headers of level 1 that are not the book's."""
        texts = []
        for header, text in (
            ("# Front matter\n\n", self.front),
            ("", self.notes),
            ("# Back matter\n\n", self.back),
        ):
            self.drops += text.drops
            if body := text.close():
                texts.append(f"{header}{body}\n")
        return "\n".join(texts)


def clean(raw: str, *, foreword: bool = False) -> CleanBook:
    """Clean a book.

    Args:
        raw: Its Markdown as `convert.read_source` gives it.
        foreword: Keep foreword, preface or introduction as chapters, because they are fiction.

    Returns:
        Chapters under headers `# Chapter 3: Title`, numbered through the book, and all else.
    """
    pieces = [Piece(block) for block in typeset(parse(raw))]
    mark_licence(pieces)
    mark_boxes(pieces)
    if foreword:
        _reopen(pieces)
    mark_contents(pieces)
    mark_transcribers(pieces)
    mark_illustrations(pieces)
    pieces = promoted(pieces)
    marks = mark_notes(pieces)
    sections = outline(pieces)
    if foreword:
        for section in sections:
            if section.kind == "reference" and _FOREWORD.search(_heading(section)):
                section.kind = "chapter"
    return _build(sections, marks)


def _build(sections: list[Section], marks: Marks) -> CleanBook:
    builder = _Builder(marks)
    if not any(section.kind == "chapter" for section in sections):
        sections = _as_one(sections)
        builder.notices.append("No chapter headings were found: the whole text is one chapter.")
    for section in sections:
        if section.kind == "chapter":
            builder.chapter(section)
        else:
            builder.matter(section)
    reference = builder.reference()
    return CleanBook(
        narrative=join_chapters(builder.chapters),
        reference=reference,
        drops=tuple(builder.drops),
        chapters=tuple(builder.heads),
        notices=tuple(builder.notices),
    )


def _reopen(pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        if piece.fate == "reference" and piece.reason == "foreword":
            piece.fate, piece.reason = "open", ""


def _as_one(sections: Sequence[Section]) -> list[Section]:
    """All that is no named matter as one chapter."""
    one = Section("chapter")
    matter = []
    for section in sections:
        if section.kind in {None, "title", "part"}:
            one.body += [*section.headings, *section.body]
        else:
            matter.append(section)
    titles = [s for s in sections if s.kind == "title" and s.words]
    if len(titles) == 1:
        one.headings, one.title = titles[0].headings, titles[0].title
        one.body = [p for p in one.body if all(p is not h for h in one.headings)]
    return [one, *matter]


def _chapter_title(section: Section) -> str:
    label = section.label
    if (
        label
        and label.kind in {"chapter", "part"}
        and label.own
        and label.word not in _ENGLISH_CHAPTER
    ):
        return ": ".join(filter(None, [display_title(label.own), section.title]))
    return section.title


def _notes_header(chapter: int) -> str:
    return f"# Notes of chapter {chapter}"


def _heading(section: Section) -> str:
    return " ".join(piece.text for piece in section.headings)


def _reason(section: Section) -> str:
    if section.kind == "drop":
        return display_title(section.title).lower() or "contents"
    if section.kind == "end":
        return "end mark"
    return "part heading" if section.kind == "part" else "title page"


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]
