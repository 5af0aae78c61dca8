"""Read what an author has already: `cast.md`, `world.md` and `outline.md` in a novel's folder.

Plain Markdown, as a novelist would write it. Only headings and an outline's list items mean
anything; every other word is the author's and is kept as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from novelcraft.errors import AuthorsFileError
from novelcraft.state.authored import Authored, AuthoredChapter, AuthoredPerson
from novelcraft.tools.text import counted, one_line

CAST, WORLD, OUTLINE = "cast.md", "world.md", "outline.md"
AUTHORED = (CAST, WORLD, OUTLINE)
MOST_BYTES = 1_000_000
"""Bytes of a file. A novel has about half as many."""

_HEADING = re.compile(r"(#{1,2})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])[ \t]+(.*)")


@dataclass
class _Entry:
    """A heading, and the lines below it."""

    name: str
    line: int
    """Of the heading, counted from 1."""
    body: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.body).strip()


def read_authored(folder: Path) -> Authored:
    """What the author has put into a novel's folder; nothing where none of the files is there.

    Raises:
        AuthorsFileError: A file is empty, cannot be read, or contradicts itself.
    """
    parts: dict[str, Any] = {}
    for name, text in authored_files(folder).items():
        parts |= parse_authored(name, text, folder / name)
    return Authored.model_validate(parts)


def authored_files(folder: Path) -> dict[str, str]:
    """What stands in each of the author's files that a novel's folder holds, by its name.

    Raises:
        AuthorsFileError: One cannot be read.
    """
    there = (name for name in AUTHORED if (folder / name).is_file())
    return {name: _read(folder / name) for name in there}


def parse_authored(name: str, text: str, where: object) -> Mapping[str, Any]:
    """The values of `Authored` that a file holds.

    Args:
        name: Which of the files it is.
        text: What stands in it.
        where: What an error calls it.

    Raises:
        AuthorsFileError: It is empty, or contradicts itself.
    """
    if not text.strip():
        raise AuthorsFileError(
            f"{where} is empty.", fix=f"{_SHOULD_HOLD[name]}, or take the file away."
        )
    return _PARSERS[name](text, str(where))


def named_files(authored: Authored) -> list[str]:
    """What there is of each file, for a person: `cast.md (3 people)`."""
    people, scenes = len(authored.people), sum(len(c.scenes) for c in authored.chapters)
    told = {
        CAST: [f"{people} {'person' if people == 1 else 'people'}"] if people else [],
        WORLD: [counted(len(authored.world.split()), "word")] if authored.world else [],
        OUTLINE: [counted(len(authored.chapters), "chapter")] if authored.chapters else [],
    }
    told[CAST] += ["notes"] if authored.people_notes else []
    told[OUTLINE] += [counted(scenes, "scene")] if scenes else []
    told[OUTLINE] += ["what must happen"] if authored.must_happen else []
    return [f"{name} ({', '.join(parts)})" for name, parts in told.items() if parts]


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise AuthorsFileError(
                f"{path} has {len(data):,} bytes; {MOST_BYTES:,} are taken.",
                fix="Leave in it what the plan needs.",
            )
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AuthorsFileError(
            f"{path}, line {line}: byte {error.start} is not UTF-8 text.",
            fix="Save the file as UTF-8.",
        ) from error
    except OSError as error:
        raise AuthorsFileError(
            f"{path} cannot be read: {error.strerror}.", fix="Check the file's permissions."
        ) from error


def _cast(text: str, where: str) -> dict[str, Any]:
    notes, entries = _parted(text, where, "a person's name")
    first: dict[str, _Entry] = {}
    for entry in entries:
        key = one_line(entry.name).casefold()
        if key in first:
            raise AuthorsFileError(
                f"{where}, line {entry.line}: there is a “{entry.name}” on line "
                f"{first[key].line} already.",
                fix="Give one of them another name, or put the two together.",
            )
        first[key] = entry
    people = [AuthoredPerson(name=one_line(e.name), text=e.text) for e in entries]
    return {"people": people, "people_notes": notes}


def _world(text: str, _where: str) -> dict[str, Any]:
    return {"world": text.strip()}


def _outline(text: str, where: str) -> dict[str, Any]:
    notes, entries = _parted(text, where, "a chapter's title")
    return {"chapters": [_chapter(entry) for entry in entries], "must_happen": notes}


def _chapter(entry: _Entry) -> AuthoredChapter:
    """A chapter: its list items are scenes, with what is indented below them; all else tells it."""
    summary: list[str] = []
    scenes: list[list[str]] = []
    inside = False
    for line in entry.body:
        if item := _ITEM.fullmatch(line.rstrip()):
            scenes.append([item.group(1)])
            inside = True
        elif inside and line.strip() and line[:1].isspace():
            scenes[-1].append(line.strip())
        else:
            inside = inside and not line.strip()
            summary.append(line)
    told = tuple(" ".join(lines) for lines in scenes)
    return AuthoredChapter(
        title=one_line(entry.name), summary="\n".join(summary).strip(), scenes=told
    )


def _parted(text: str, where: str, kind: str) -> tuple[str, list[_Entry]]:
    """What stands before the first entry, and the entries.

    Entries have headings of the second level, and those of the first are titles above them; where
    there is none of the second, those of the first are the entries.

    Raises:
        AuthorsFileError: A heading holds no word.
    """
    lines = text.splitlines()
    found = {n: m for n, line in enumerate(lines, 1) if (m := _HEADING.fullmatch(line.rstrip()))}
    level = max((len(m.group(1)) for m in found.values()), default=0)
    before: list[str] = []
    entries: list[_Entry] = []
    for number, line in enumerate(lines, 1):
        match = found.get(number)
        if match is None:
            (entries[-1].body if entries else before).append(line)
        elif len(match.group(1)) == level:
            name = (match.group(2) or "").strip()
            if not name:
                raise AuthorsFileError(
                    f"{where}, line {number}: the heading is empty.", fix=f"Put {kind} there."
                )
            entries.append(_Entry(name, number))
    return "\n".join(before).strip(), entries


_PARSERS: Mapping[str, Callable[[str, str], dict[str, Any]]] = {
    CAST: _cast,
    WORLD: _world,
    OUTLINE: _outline,
}
_SHOULD_HOLD = {
    CAST: "Write a heading for each person, such as ## Mara Quint, and below it what you know",
    WORLD: "Write where and when it is, and what holds true there",
    OUTLINE: "Write a heading for each chapter, such as ## The Tide, and below it what happens",
}
