"""The outline of a book: which headings begin chapters, which only name parts or sections.

Headings are grouped first: those with no words between them belong together, as `CHAPTER I` and
the title below it do, or `BOOK TWO` above it. What a group says it is (see `headings`), and its
level against the chapter that it stands in, tell what it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from novelcraft.tools.books.headings import HeadingKind, Label, display_title, read_heading
from novelcraft.tools.books.pieces import Piece, words_in

_PART_BODY = 150
"""Words under a part's heading from which it is a chapter itself, not just a motto."""


@dataclass
class Section:
    """A group of headings and all that follows it up to the next group."""

    kind: HeadingKind | None
    """None for what stands before the first heading."""
    level: int = 0
    label: Label | None = None
    title: str = ""
    part: str = ""
    part_level: int = 0
    part_by_title: bool = False
    """Whether the part has only a title, as the book itself has on the page before chapter 1."""
    headings: list[Piece] = field(default_factory=list)
    body: list[Piece] = field(default_factory=list)

    @property
    def words(self) -> int:
        """Words of its body that no rule has taken."""
        return words_in(piece for piece in self.body if piece.open)


def outline(pieces: Sequence[Piece]) -> list[Section]:
    """The sections of a book in order; headings inside a chapter are pieces of its body."""
    sections = [*_grouped(pieces)]
    _settle_titles(sections)
    _settle_parts(sections)
    return _nested(sections)


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
    titles = [label.title] if label.title else []
    for below, found in lines[at + 1 :]:
        if found.kind == "chapter" and below in section.headings and below is not piece:
            section.headings.remove(below)
            section.body.insert(0, below)
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
    titles = [(p, found) for p, found in above if found.kind == "title"]
    if section.kind == "chapter" and (parts or titles):
        named = [*parts, *titles[-1:]] if parts else titles[-1:]
        section.part = ": ".join(display_title(_whole(found)) for _, found in named)
        section.part_level = min(p.block.level for p, _ in named)
        section.part_by_title = not parts


def _lines(piece: Piece) -> list[str]:
    """The lines of a heading that are worth reading on their own; else all as one."""
    lines = [line.strip() for line in piece.text.split("\n")]
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


def _settle_titles(sections: Sequence[Section]) -> None:
    """Decide whether headings that are only titles begin chapters."""
    numbered = [
        s for s in sections if s.kind == "chapter" and s.label and s.label.word != "special"
    ]
    titled = [s for s in sections if s.kind == "title"]
    if not numbered:
        _settle_all_titled(titled, sections)
        return
    first, last = sections.index(numbered[0]), sections.index(numbered[-1])
    level = max(s.level for s in numbered)
    for at, section in enumerate(sections):
        if section.kind == "title" and first < at and section.words and section.level <= level:
            section.kind = (
                "chapter" if at < last or section.level <= numbered[-1].level else "title"
            )


def _settle_all_titled(titled: Sequence[Section], sections: Sequence[Section]) -> None:
    parts = [s for s in sections if s.kind == "part" and s.words >= _PART_BODY]
    with_text = [s for s in titled if s.words >= _PART_BODY]
    if len(parts) > 1 and len(parts) >= len(with_text):
        return
    for level in sorted({s.level for s in with_text}):
        chosen = [s for s in with_text if s.level == level]
        if len(chosen) > 1:
            for section in titled:
                if section.level == level and section.words:
                    section.kind = "chapter"
            return


def _settle_parts(sections: Sequence[Section]) -> None:
    """Make a part with a text of its own a chapter; pass the names of the others on."""
    chapters = [s for s in sections if s.kind == "chapter"]
    if chapters and chapters[0].part_by_title and not any(s.part_by_title for s in chapters[1:]):
        chapters[0].part = ""
    part, level = "", 0
    for section in sections:
        if section.kind == "part" and section.words >= _PART_BODY:
            section.kind = "chapter"
            section.part, part = "", ""
        elif section.part:
            part, level = section.part, section.part_level
        elif section.kind == "chapter" and section.level >= level:
            section.part = part
        elif section.kind == "chapter":
            part, level = "", 0


def _nested(sections: Sequence[Section]) -> list[Section]:
    """Sections with the headings inside chapters put back into the chapters' bodies."""
    kept: list[Section] = []
    for section in sections:
        inside = kept[-1] if kept and kept[-1].kind == "chapter" else None
        if inside and _within(section, inside):
            inside.body += [*section.headings, *section.body]
        else:
            kept.append(section)
    return kept


def _within(section: Section, chapter: Section) -> bool:
    if section.kind == "title":
        return True
    if section.kind != "chapter" or not section.label or not chapter.label:
        return False
    if section.label.word == chapter.label.word and section.label.word:
        return False
    return section.level > chapter.level and section.label.word == ""
