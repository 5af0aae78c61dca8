"""Groups of headings with no words between them, read as one: what they begin, and its title."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.tools.books.cleaning.classified_blocks import ClassifiedBlock
from novelcraft.tools.books.cleaning.headings import Label, display_title, read_heading
from novelcraft.tools.books.cleaning.sections import Section


def in_group(block: ClassifiedBlock, section: Section) -> bool:
    """Whether a block is a heading, or the title that a heading group holds as a paragraph."""
    if block.is_heading:
        return True
    return block.open and not block.empty and block.in_heading_group and bool(section.headings)


def read_group(section: Section) -> Section:
    """Fill in what the headings of a section say."""
    if not section.headings:
        return section
    lines = [(p, label) for p in section.headings for label in _labels(p)]
    at = _main(lines)
    block, label = lines[at]
    section.kind, section.label, section.level = label.kind, label, block.markup.level or 6
    _read_part(section, lines[:at])
    named = [p.markup.level for p, found in lines[:at] if found.kind == "reference"]
    section.below_reference = bool(named)
    if named and min(named) < section.level:
        section.kind, section.level = "reference", min(named)
    titles = [label.title] if label.title else []
    for below, found in lines[at + 1 :]:
        another = found.kind == "chapter" and found.number is not None and below is not block
        if another and below in section.headings:
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


def _read_part(section: Section, above: Sequence[tuple[ClassifiedBlock, Label]]) -> None:
    """Take the part from the headings above a chapter's; a mere title only if it is the last."""
    parts = [(p, found) for p, found in above if found.kind == "part"]
    below = above[above.index(parts[-1]) :] if parts else above
    titles = [(p, found) for p, found in below if found.kind == "title"]
    if section.kind == "chapter" and (parts or titles):
        named = [*parts, *titles[-1:]]
        section.part = ": ".join(display_title(_whole(found)) for _, found in named)
        section.part_level = min(p.markup.level for p, _ in named)
        section.part_by_title = not parts


def _labels(block: ClassifiedBlock) -> list[Label]:
    """What the lines of a heading say. A paragraph among headings is a title, whatever it says."""
    if block.markup.kind != "heading":
        return [Label("title", title=" ".join(block.plain.split()))]
    return [read_heading(line) for line in _lines(block)]


def _lines(block: ClassifiedBlock) -> list[str]:
    """The lines of a heading that are worth reading on their own; else all as one."""
    lines = [line.strip() for line in block.plain.split("\n")]
    whole = read_heading(" ".join(lines))
    if len(lines) == 1 or whole.kind != "title":
        first = read_heading(lines[0])
        if len(lines) == 1 or first.kind == "title":
            return [" ".join(lines)]
    return lines if any(read_heading(x).kind != "title" for x in lines) else [" ".join(lines)]


def _main(lines: Sequence[tuple[ClassifiedBlock, Label]]) -> int:
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
            deeper = lines[same[-1]][0].markup.level > lines[first][0].markup.level
            return first if deeper else same[-1]
    for at, kind_found in enumerate(kinds):
        if kind_found in {"reference", "drop", "end"}:
            return at
    levels = [p.markup.level for p, _ in lines if p.markup.kind == "heading"]
    return len(levels) - 1 if len({*levels}) > 1 else 0


def _whole(label: Label) -> str:
    return f"{label.own}: {label.title}" if label.own and label.title else label.own or label.title
