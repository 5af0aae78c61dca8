"""The outline of a book: which headings begin chapters, which only name parts or sections.

Headings are grouped first: those with no words between them belong together, as `CHAPTER I` and
the title below it do, or `BOOK TWO` above it. What a group says it is (see `headings`), and its
level against the chapter that it stands in, tell what it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from novelcraft.tools.books.headings import PART_WORDS, Label, display_title, read_heading
from novelcraft.tools.books.pieces import Piece
from novelcraft.tools.books.sections import Section
from novelcraft.tools.books.settling import (
    settle_numbers,
    settle_parts,
    settle_references,
    settle_title_lines,
    settle_titles,
)


def outline(pieces: Sequence[Piece]) -> list[Section]:
    """The sections of a book in order; headings inside a chapter are pieces of its body."""
    sections = [*_grouped(pieces)]
    settle_numbers(sections)
    settle_references(sections)
    settle_titles(sections)
    settle_parts(sections)
    nested = _nested(sections)
    settle_title_lines(nested)
    return nested


def _grouped(pieces: Sequence[Piece]) -> Iterator[Section]:
    section = Section(None)
    for piece in pieces:
        if not _heads(piece, section):
            section.body.append(piece)
            continue
        if not section.headings or any(p.open and not p.empty for p in section.body):
            yield _read(section)
            section = Section("title")
        section.headings.append(piece)
    yield _read(section)


def _heads(piece: Piece, section: Section) -> bool:
    """Whether it is a heading, or the title that a heading group holds as a paragraph."""
    if piece.is_heading:
        return True
    grouped = piece.open and not piece.empty and any(b.tag == "hgroup" for b in piece.block.boxes)
    return grouped and bool(section.headings)


def _read(section: Section) -> Section:
    """Fill in what the headings of a section say."""
    if not section.headings:
        return section
    lines = [(p, read_heading(line)) for p in section.headings for line in _lines(p)]
    at = _main(lines)
    piece, label = lines[at]
    section.kind, section.label, section.level = label.kind, label, piece.block.level or 6
    _read_part(section, lines[:at])
    named = [p.block.level for p, found in lines[:at] if found.kind == "reference"]
    section.below_reference = bool(named)
    if named and min(named) < section.level:
        section.kind, section.level = "reference", min(named)
    titles = [label.title] if label.title else []
    for below, found in lines[at + 1 :]:
        if found.kind == "chapter" and below in section.headings and below is not piece:
            section.headings.remove(below)
            section.body.append(below)
        else:
            titles.append(_whole(found))
    shown = [title for title in map(display_title, titles) if title]
    section.title = ": ".join(shown)
    if label.kind == "part":
        section.part = ": ".join([display_title(label.own), *shown])
        section.part_level = section.level
    return section


def _read_part(section: Section, above: Sequence[tuple[Piece, Label]]) -> None:
    """Take the part from the headings above a chapter's; a mere title only if it is the last."""
    parts = [(p, found) for p, found in above if found.kind == "part"]
    below = above[above.index(parts[-1]) :] if parts else above
    titles = [(p, found) for p, found in below if found.kind == "title"]
    if section.kind == "chapter" and (parts or titles):
        named = [*parts, *titles[-1:]]
        section.part = ": ".join(display_title(_whole(found)) for _, found in named)
        section.part_level = min(p.block.level for p, _ in named)
        section.part_by_title = not parts


def _lines(piece: Piece) -> list[str]:
    """The lines of a heading that are worth reading on their own; else all as one."""
    lines = [line.strip() for line in piece.plain.split("\n")]
    whole = read_heading(" ".join(lines))
    if len(lines) == 1 or whole.kind != "title":
        first = read_heading(lines[0])
        if len(lines) == 1 or first.kind == "title":
            return [" ".join(lines)]
    return lines if any(read_heading(x).kind != "title" for x in lines) else [" ".join(lines)]


def _main(lines: Sequence[tuple[Piece, Label]]) -> int:
    """The line that says what the group begins.

    A chapter comes before all else, and the last of several is the one that has the text: the
    ones before it are a list of contents.
    """
    kinds = [label.kind for _, label in lines]
    for kind in ("chapter", "part"):
        if kind in kinds:
            first = kinds.index(kind)
            same = [
                at
                for at, (_, label) in enumerate(lines)
                if label.kind == kind and label.word == lines[first][1].word
            ]
            deeper = lines[same[-1]][0].block.level > lines[first][0].block.level
            return first if deeper else same[-1]
    for at, kind_found in enumerate(kinds):
        if kind_found in {"reference", "drop", "end"}:
            return at
    return len(lines) - 1 if len({p.block.level for p, _ in lines}) > 1 else 0


def _whole(label: Label) -> str:
    return f"{label.own}: {label.title}" if label.own and label.title else label.own or label.title


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
            section.kind == "title" and min(p.block.level for p in section.headings) > above.level
        )
    if above.kind != "chapter" or not section.label or not above.label:
        return False
    if section.kind == "title":
        return True
    word = section.label.word
    if section.kind == "part":
        return deeper and word not in PART_WORDS
    return section.kind == "chapter" and deeper and word == "" and word != above.label.word
