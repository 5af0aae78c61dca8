"""The outline of a book: which headings begin chapters, which only name parts or sections.

Headings are grouped first: those with no words between them belong together, as `CHAPTER I` and
the title below it do, or `BOOK TWO` above it. What a group says it is (see `headings`), and its
level against the chapter that it stands in, tell what it begins. Where a book gives each chapter
a file of its own, the files tell more than its headings (see `spine_outline`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.groups import in_group, read_group
from novelcraft.tools.books.cleaning.headings import PART_WORDS
from novelcraft.tools.books.cleaning.resolve_headings import (
    resolve_contents,
    resolve_numbers,
    resolve_parts,
    resolve_references,
    resolve_title_lines,
    resolve_titles,
)
from novelcraft.tools.books.cleaning.sections import Section
from novelcraft.tools.books.cleaning.spine_outline import by_files


def outline(blocks: Sequence[ClassifiedBlock]) -> list[Section]:
    """The sections of a book in order; headings inside a chapter are blocks of its body."""
    sections = by_files(blocks) or _by_headings(blocks)
    resolve_title_lines(sections)
    return sections


def _by_headings(blocks: Sequence[ClassifiedBlock]) -> list[Section]:
    sections = [*_grouped(blocks)]
    resolve_contents(sections)
    resolve_numbers(sections)
    resolve_references(sections)
    resolve_titles(sections)
    resolve_parts(sections)
    return _nested(sections)


def _grouped(blocks: Sequence[ClassifiedBlock]) -> Iterator[Section]:
    section = Section(None)
    for block in blocks:
        if not in_group(block, section):
            section.body.append(block)
            continue
        if not section.headings or any(p.open and not p.empty for p in section.body):
            yield read_group(section)
            section = Section("title")
        section.headings.append(block)
    yield read_group(section)


def _nested(sections: Sequence[Section]) -> list[Section]:
    """Sections with the headings inside chapters put back into the chapters' bodies."""
    kept: list[Section] = []
    for section in sections:
        if kept and _within(section, kept[-1]):
            kept[-1].body += [*section.headings, *section.body]
        else:
            kept.append(section)
    return kept


def _within(section: Section, above: Section) -> bool:
    """Whether a section only divides the one above it."""
    deeper = section.level > above.level
    if above.kind == "reference":
        return (
            section.kind == "title" and min(p.markup.level for p in section.headings) > above.level
        )
    if above.kind != "chapter" or not section.label or not above.label:
        return False
    if section.kind == "title":
        return True
    word = section.label.word
    if section.kind == "part":
        return deeper and word not in PART_WORDS
    numbered = section.kind == "chapter" and word == "" and word != above.label.word
    return numbered and deeper and not section.part_level
