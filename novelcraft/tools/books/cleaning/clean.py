"""From a book's raw Markdown to its narrative, its reference and the log of what was dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from novelcraft.state.books import ChapterHead, Drop
from novelcraft.tools.books.cleaning.boilerplate import (
    mark_containers,
    mark_contents,
    mark_illustrations,
    mark_licence,
    mark_transcribers,
)
from novelcraft.tools.books.cleaning.building import Builder
from novelcraft.tools.books.cleaning.chapters import join_chapters
from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.hard_wraps import typeset
from novelcraft.tools.books.cleaning.implicit_headings import promoted
from novelcraft.tools.books.cleaning.markup import parse
from novelcraft.tools.books.cleaning.notes import Marks, mark_notes
from novelcraft.tools.books.cleaning.outline import outline
from novelcraft.tools.books.cleaning.sections import Section

_FOREWORD = re.compile(r"\b(?:foreword|preface|introduction|introductory)\b", re.IGNORECASE)


@dataclass(frozen=True)
class CleanBook:
    """A cleaned book. Its narrative, reference and drops together hold every raw word."""

    narrative: str
    reference: str
    drops: tuple[Drop, ...]
    chapters: tuple[ChapterHead, ...]
    notices: tuple[str, ...] = ()
    """What a person should know; not errors."""


def clean(raw: str, *, foreword: bool = False) -> CleanBook:
    """Clean a book.

    Args:
        raw: Its Markdown as `convert.read_source` gives it.
        foreword: Keep foreword, preface or introduction as chapters, because they are fiction.

    Returns:
        Chapters under headers `# Chapter 3: Title`, numbered through the book, and all else.
    """
    blocks = [ClassifiedBlock(block) for block in typeset(parse(raw))]
    mark_licence(blocks)
    mark_containers(blocks)
    if foreword:
        _reopen(blocks)
    mark_contents(blocks)
    mark_transcribers(blocks)
    mark_illustrations(blocks)
    blocks = promoted(blocks)
    marks = mark_notes(blocks)
    sections = outline(blocks)
    if foreword:
        for section in sections:
            if section.kind == "reference" and _FOREWORD.search(section.heading):
                section.kind = "chapter"
    return _build(sections, marks)


def _build(sections: list[Section], marks: Marks) -> CleanBook:
    builder = Builder(marks)
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


def _reopen(blocks: Sequence[ClassifiedBlock]) -> None:
    for block in blocks:
        if block.category == "reference" and block.reason == "foreword":
            block.category, block.reason = "open", ""


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
