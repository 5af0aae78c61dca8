"""Where the blocks of a book go: chapters, the reference, or the log of what was dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from novelcraft.state.books import ChapterHead, Drop
from novelcraft.state.manuscript import WORD
from novelcraft.tools.books.cleaning.boilerplate import is_credits
from novelcraft.tools.books.cleaning.chapters import Chapter
from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.headings import display_title, read_heading
from novelcraft.tools.books.cleaning.inline import visible
from novelcraft.tools.books.cleaning.layout import Text, is_break, is_void, lay_out
from novelcraft.tools.books.cleaning.notes import Marks
from novelcraft.tools.books.cleaning.sections import Section

_NOTES = re.compile(r"\b(?:foot|end)notes?\b", re.IGNORECASE)
_TITLE_PAGE = 12
"""Words up to which a paragraph before the first chapter is of the title page."""
_WORTH_A_NOTICE = 150
"""Words of a section from which a person is told that it is not in the narrative."""
_ENGLISH_CHAPTER = frozenset(("chapter", ""))


@dataclass
class Builder:
    """Takes the sections of a book in order, and sorts out where each of their blocks goes."""

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
        body = [block for block in section.body if block.open]
        while body and (_ends_nothing(body[-1]) or read_heading(body[-1].text).kind == "end"):
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

    def _leftover(self, headings: Sequence[ClassifiedBlock], title: str) -> None:
        """Log the words of a chapter's headings that its title does not have: its number."""
        words = Counter(_words("\n".join(visible(h.markup.text) for h in headings)))
        words.subtract(_words(title))
        if left := " ".join(words.elements()):
            self.drops.append(Drop(reason="chapter heading", text=left))

    def _notes(self, section: Section, index: int) -> None:
        notes = [p for p in section.body if p.category == "reference" and not p.of_section]
        if notes:
            self.notes.add(_notes_header(index))
            lay_out(notes, self.notes)
        for block in section.body:
            if block.category == "drop":
                self.drop(block, block.reason)
            elif block.category == "reference" and block.of_section:
                self._refer(block, self.back)

    def drop(self, block: ClassifiedBlock, reason: str) -> None:
        """Log a block as dropped."""
        text = visible(block.markup.text).strip()
        if any(character.isalnum() for character in text):
            self.drops.append(Drop(reason=reason, text=text))

    def matter(self, section: Section) -> None:
        """Sort out a section that is no chapter."""
        target = self.back if self.chapters else self.front
        if self.chapters and _NOTES.search(section.heading):
            target = self.notes
            target.add(_notes_header(len(self.chapters)))
        for block in section.headings:
            if section.kind == "reference":
                self._refer(block, target)
            else:
                self.drop(block, _reason(section))
        if section.kind == "title" and section.words > _WORTH_A_NOTICE:
            self.notices.append(
                f"{section.title!r} stands outside the chapters: its text is in the reference."
            )
        for block in section.body:
            self._matter_block(block, section, target)

    def _refer(self, block: ClassifiedBlock, target: Text) -> None:
        if block.markup.kind == "heading":
            target.add(f"## {' '.join(block.plain.split())}")
            target.drops += block.cleaned.marks
        else:
            lay_out([block], target)

    def _matter_block(self, block: ClassifiedBlock, section: Section, target: Text) -> None:
        if block.open:
            reason = self._dropped_matter(block, section)
            block.decide("drop" if reason else "reference", reason)
        if block.category == "drop":
            self.drop(block, block.reason)
        else:
            self._refer(block, target)

    def _dropped_matter(self, block: ClassifiedBlock, section: Section) -> str:
        if section.kind == "drop":
            return _reason(section)
        if is_credits(block):
            return "credits"
        if section.kind in {None, "title"} and not self.chapters:
            if block.markup.kind == "table":
                return "contents"
            if len(block.text.split()) <= _TITLE_PAGE:
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


def _reason(section: Section) -> str:
    if section.kind == "drop":
        return display_title(section.title).lower() or "contents"
    if section.kind == "end":
        return "end mark"
    return "part heading" if section.kind == "part" else "title page"


def _ends_nothing(block: ClassifiedBlock) -> bool:
    """Whether a block at a chapter's end adds nothing to it."""
    return is_void(block) or is_break(block)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _notes_header(chapter: int) -> str:
    return f"# Notes of chapter {chapter}"
