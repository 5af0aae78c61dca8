"""What headings are that do not say it themselves: decided by how the book uses them all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.headings import Label, display_title, read_heading
from novelcraft.tools.books.cleaning.sections import Section

OWN_TEXT = 150
"""Words under a part's heading from which it is a chapter itself, not just a motto."""
_TITLE_WORDS = 15
_MOST_HAVE = 0.6
"""Share of the chapters without a title whose first line looks like one, for it to be one."""


def resolve_numbers(sections: Sequence[Section]) -> None:
    """Make stories chapters, and their numbers divisions, where only some stories have numbers.

    Bare numbers below mere titles are the chapters of parts, as long as no such title stands over
    a text of its own.
    """
    numbered = [s for s in sections if s.kind == "chapter" and s.part_by_title and _bare(s)]
    alone = [
        s
        for s in sections
        if s.kind == "title" and s.words >= OWN_TEXT and s.level == _level(numbered)
    ]
    if not numbered or len(alone) < len(numbered):
        return
    for section in sections:
        if section.kind == "chapter" and _bare(section) and section.level > alone[0].level:
            section.kind = "title"
    for section in numbered:
        own = section.headings[-1]
        section.headings, section.body = section.headings[:-1], [own, *section.body]
        section.title, section.part, section.part_by_title = section.part, "", False
        section.level, section.label = section.part_level, Label("title", title=section.title)


def resolve_contents(sections: Sequence[Section]) -> None:
    """Drop the chapters of a list of contents: each is only a line, and comes again."""
    listed = False
    for at, section in enumerate(sections):
        listed = listed or any(read_heading(p.plain).kind == "drop" for p in section.headings)
        if section.kind == "drop":
            continue
        if listed and section.words <= _TITLE_WORDS and _again(section, sections[at + 1 :]):
            section.kind = "drop"
        else:
            listed = False


def resolve_references(sections: Sequence[Section]) -> None:
    """Leave numbers in notes and appendices there, in a book that calls its chapters by a word."""
    if not any(s.kind == "chapter" and s.label and s.label.word == "chapter" for s in sections):
        return
    inside = False
    for section in sections:
        if section.kind == "chapter" and _bare(section) and (inside or section.below_reference):
            section.kind = "reference"
        inside = section.kind == "reference" or (inside and section.kind == "title")


def resolve_titles(sections: Sequence[Section]) -> None:
    """Decide whether headings that are only titles begin chapters.

    Where chapters have numbers, one between two of them is a headline of the story, unless its
    level is above theirs or the book gives it a file of its own. With no more than a motto above a
    chapter 1, it is a part.
    """
    numbered = [s for s in sections if s.kind == "chapter" and not _special(s)]
    if not numbered:
        _settle_all_titled(sections)
        return
    first, last = (sections.index(numbered[at]) for at in (0, -1))
    level = max(s.level for s in numbered)
    for at, section in enumerate(sections):
        if section.kind != "title" or at < first or section.level > level or not section.words:
            continue
        own = section.level < level or _opens_file(section, sections[at - 1])
        if not (own if at < last else section.level <= numbered[-1].level):
            continue
        if at < last and section.words < OWN_TEXT and _first(sections[at + 1]):
            section.kind, section.part, section.part_level = "part", section.title, section.level
        else:
            section.kind = "chapter"


def resolve_parts(sections: Sequence[Section]) -> None:
    """Make a part with a text of its own a chapter; pass the names of the others on."""
    chapters = [s for s in sections if s.kind == "chapter"]
    if chapters and chapters[0].part_by_title and not any(s.part_by_title for s in chapters[1:]):
        # What stands over the first chapter alone is the title of the book.
        chapters[0].part = ""
    part, inner = "", 0
    for section in sections:
        if section.kind == "part" and section.words >= OWN_TEXT:
            section.kind = "chapter"
            section.part, part = "", ""
        elif section.part:
            part, inner = section.part, section.level if section.kind == "chapter" else 0
        elif section.kind == "chapter" and section.level >= inner:
            section.part, inner = part, inner or section.level
        elif section.kind == "chapter":
            # An epilogue on the level of the parts is in none of them.
            part, inner = "", 0


def resolve_title_lines(sections: Sequence[Section]) -> None:
    """Take the first line of chapters without a title for it, where most have such a line."""
    bare = [s for s in sections if s.kind == "chapter" and not s.title and s.label]
    found = [(s, line) for s in bare if (line := _title_line(s))]
    shouted = all(line.plain == line.plain.upper() for _, line in found)
    if len(found) < (1 if shouted else 2) or len(found) < _MOST_HAVE * len(bare):
        return
    for section, line in found:
        section.headings.append(line)
        section.body = [block for block in section.body if block is not line]
        section.title = display_title(line.text)


def _settle_all_titled(sections: Sequence[Section]) -> None:
    for section in sections:
        if section.kind == "end" and section.words >= OWN_TEXT:
            section.kind = "title"
    titled = [s for s in sections if s.kind == "title"]
    parts = [s for s in sections if s.kind == "part" and s.words >= OWN_TEXT]
    with_text = [s for s in titled if s.words >= OWN_TEXT]
    if len(parts) > 1 and len(parts) >= len(with_text):
        return
    for level in sorted({s.level for s in with_text}):
        if sum(s.level == level for s in with_text) > 1:
            for section in titled:
                if section.level == level and section.words:
                    section.kind = "chapter"
            return


def _title_line(section: Section) -> ClassifiedBlock | None:
    lines = [block for block in section.body if block.open and not block.empty]
    first = lines[0] if len(lines) > 1 else None
    if first is None or first.markup.kind != "paragraph" or first.markup.quoted:
        return None
    text = first.text.strip()
    words, plain = text.split(), first.plain.strip()
    if len(words) > _TITLE_WORDS or not re.match(r"[\w*“\"‘'(¿¡]", text):
        return None
    if plain == plain.upper() and plain != plain.lower():
        return first
    long_words = re.findall(r"\w{4,}", plain)
    if plain.endswith(".") and long_words and all(word[0].isupper() for word in long_words):
        return first
    emphasised = re.fullmatch(r"\*{1,3}[^*]+\*{1,3}\.?", text) is not None
    named = plain[0] not in "“\"‘'" and plain[-1].isalnum() and "\n" not in plain
    return first if emphasised or named else None


def _again(section: Section, later: Sequence[Section]) -> bool:
    own = section.label
    return (
        own is not None
        and own.number is not None
        and any(s.label and (s.label.word, s.label.number) == (own.word, own.number) for s in later)
    )


def _opens_file(section: Section, before: Section) -> bool:
    blocks = [*before.headings, *before.body]
    return bool(blocks) and blocks[-1].markup.file != section.headings[0].markup.file


def _bare(section: Section) -> bool:
    return section.label is not None and section.label.word == ""


def _first(section: Section) -> bool:
    return section.kind == "chapter" and section.label is not None and section.label.number == 1


def _special(section: Section) -> bool:
    return section.label is not None and section.label.word == "special"


def _level(sections: Sequence[Section]) -> int:
    return min((s.part_level for s in sections), default=0)
