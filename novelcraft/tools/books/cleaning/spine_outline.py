"""The outline of an EPUB whose makers gave each chapter a file of its own.

There a file says where a chapter begins and ends, and its first headings what it is: a number far
down in a file divides a story, the same number at the head of one is a chapter. A file with
nothing but a heading names the part that the files below it belong to. Other EPUBs are cut into
files anywhere, to keep them small: then there is no such order in them, and nothing is said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, zip_longest

from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.groups import in_group, read_group
from novelcraft.tools.books.cleaning.headings import display_title, read_heading
from novelcraft.tools.books.cleaning.resolve_headings import OWN_TEXT
from novelcraft.tools.books.cleaning.sections import Section

_PARTS = frozenset(("part", "division", "volume"))
_CHAPTERS = frozenset(("prologue", "epilogue", "conclusion"))
"""Classes by which a maker says what a section is; none of them needs a heading that says so."""


def by_files(blocks: Sequence[ClassifiedBlock]) -> list[Section]:
    """One section for each file, in order; none where files are not how the book is divided."""
    if len({block.markup.file for block in blocks if block.open and not block.empty}) < 2:
        return []
    files = [_section([*run]) for _, run in groupby(blocks, key=lambda p: p.markup.file)]
    sections = [s for file, after in zip_longest(files, files[1:]) for s in _cut(file, after)]
    if not all(map(_in_order, sections)):
        return []
    _settle(sections)
    _name_parts(sections)
    if sum(section.kind == "chapter" for section in sections) < 2:
        return []
    return _joined(sections)


def _section(run: Sequence[ClassifiedBlock]) -> Section:
    """A file with its first headings apart. One without any before its text has no kind."""
    section = Section(None)
    for block in run:
        if in_group(block, section) and not section.words:
            section.headings.append(block)
        else:
            section.body.append(block)
    inner = {block.markup.level for block in section.body if block.is_heading}
    while len(section.headings) > 1 and _divides(section.headings[-1], inner):
        section.body.insert(0, section.headings.pop())
    if section.headings:
        section.kind = "title"
    return read_group(section)


def _cut(section: Section, after: Section | None) -> list[Section]:
    """A file as the chapters in it, where it has a part's first ones or all of a short part's."""
    for at, block in enumerate(section.body):
        if block.is_heading and _begins_chapter(block, section, after):
            rest = _section(section.body[at:])
            section.body = section.body[:at]
            return [section, *_cut(rest, after)]
    return [section]


def _begins_chapter(heading: ClassifiedBlock, section: Section, after: Section | None) -> bool:
    """Whether a number in a file counts on from its first chapter, or the next file from it."""
    own, label = section.label, read_heading(heading.plain)
    if label.kind != "chapter" or label.number is None:
        return False
    if own and own.kind == "chapter" and own.number and heading.markup.level == section.level:
        return (own.word, own.number + 1) == (label.word, label.number)
    if not after or not after.label or heading.markup.level != after.level:
        return False
    return (after.label.word, after.label.number) == (label.word, label.number + 1)


def _divides(heading: ClassifiedBlock, inner: set[int]) -> bool:
    """Whether the last heading of a group is only the first of a story's own divisions."""
    return heading.markup.level in inner and read_heading(heading.plain).kind in {"chapter", "part"}


def _in_order(section: Section) -> bool:
    """Whether a file may be one chapter: no heading in it could begin another one."""
    inner = [block for block in section.body if block.is_heading]
    if not section.headings:
        return not inner
    label = section.label
    top = min(p.markup.level for p in section.headings if p.markup.kind == "heading")
    said = [read_heading(block.plain) for block in inner]
    part = label is not None and label.kind == "part"
    return all(block.markup.level > top for block in inner) and not any(
        found.kind == "chapter" and (found.word or part) for found in said
    )


def _settle(sections: Sequence[Section]) -> None:
    """Decide what each file is."""
    headed = [section for section in sections if section.headings]
    numbered = [s for s in headed if s.kind == "chapter" or _classes(s) & _PARTS]
    for at, section in enumerate(sections):
        if not section.headings:
            continue
        after = sections[at + 1] if at + 1 < len(sections) else None
        classes = _classes(section)
        if _only_names(section, after) and section.kind not in {"reference", "drop", "end"}:
            below = headed[headed.index(section) + 1 :]
            title = section.kind == "title" and not classes & _PARTS
            alone = title and not any(s.level <= section.level and s.words for s in below)
            section.kind = "title" if alone and section is headed[0] else "part"
        elif section.kind == "part" or classes & _PARTS:
            section.kind = "chapter" if section.words else "part"
        elif section.words and section.kind in {"title", "reference"}:
            before = bool(numbered) and at < sections.index(numbered[0])
            signs = (section.kind == "title", bool(classes & _CHAPTERS), not before)
            # One sign is not enough: a foreword may be called prologue, a story may come first.
            if sum(signs) > 1:
                section.kind = "chapter"


def _classes(section: Section) -> frozenset[str]:
    """What its maker says that the whole of a file is."""
    containers = section.headings[0].markup.containers if section.headings else ()
    return frozenset(name for c in containers if "section" in c.classes for name in c.classes)


def _only_names(section: Section, after: Section | None) -> bool:
    """Whether a file has a heading, perhaps a motto, and stands above the file that follows."""
    if after is None or section.words >= OWN_TEXT:
        return False
    if not after.headings:
        return not section.words and after.words > 0
    return after.level > section.level and (not section.words or section.kind != "chapter")


def _name_parts(sections: Sequence[Section]) -> None:
    """Tell each chapter the parts that it is in. Text below a part without headings is chapters."""
    parts: list[tuple[int, str]] = []
    for at, section in enumerate(sections):
        if section.headings:
            level = section.part_level or section.level
            parts = [part for part in parts if part[0] < level]
        elif section.words and _heads_bare(sections[at - 1]):
            section.kind = "chapter"
        if section.kind == "part":
            parts.append((section.level, section.part or _name(section)))
        elif section.kind == "chapter":
            if section.part_level and section.level > section.part_level:
                parts.append((section.part_level, section.part))
            section.part = ": ".join(name for _, name in parts)


def _heads_bare(section: Section) -> bool:
    """Whether a file without a heading that follows is a chapter, as all are in this part."""
    return section.kind == "part" or (section.kind == "chapter" and not section.headings)


def _name(section: Section) -> str:
    own = display_title(section.label.own) if section.label else ""
    return ": ".join(filter(None, [own, section.title]))


def _joined(sections: Sequence[Section]) -> list[Section]:
    """The sections, with files that only go on with the one before put back into it."""
    joined: list[Section] = []
    for section in sections:
        if section.kind is None and joined and joined[-1].kind == "chapter":
            joined[-1].body += section.body
        else:
            joined.append(section)
    return joined
