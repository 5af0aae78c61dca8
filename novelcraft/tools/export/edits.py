"""What a person changed in a manuscript's Markdown, as new prose for its scenes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from novelcraft.config.settings import NovelSettings
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.export.markdown import manuscript_markdown
from novelcraft.tools.export.prose import SCENE_BREAK, paragraphs

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_LINE_END = re.compile(r"[ \t]*\n[ \t]*")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True)
class SceneEdit:
    """A scene whose words were changed."""

    position: int
    scene_id: str
    prose: str
    """All of its new prose, as `edit` takes it."""


@dataclass(frozen=True)
class ManuscriptEdits:
    """What became of a manuscript under a person's hand."""

    scenes: tuple[SceneEdit, ...]
    """In reading order; empty where no scene was changed."""
    problems: tuple[str, ...] = ()
    """Changes that are no change of a scene's words, each in a sentence."""


def manuscript_edits(
    edited: str, plan: Plan, chain: Sequence[SceneCommit], novel: NovelSettings
) -> ManuscriptEdits:
    """Find the scenes whose words differ from those of the chain.

    Scenes are told apart by headings and scene breaks. Where those were changed, the scenes
    between the first and the last difference cannot be, and are named as a problem.

    Args:
        edited: The file's text, without the line that names its commit.
        plan: The plan of the chain that the file was written from.
        chain: That chain.
        novel: The settings it was written with.
    """
    before, after = _sections(manuscript_markdown(plan, chain, novel)), _sections(edited)
    owners = _owners(chain)
    start = _same(before, after)
    end = _same(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if [section.opening for section in old] != [section.opening for section in new]:
        ends = (start - 1, start + len(old) - 2)
        first, last = sorted(owners[min(max(n, 0), len(owners) - 1)] for n in ends)
        return ManuscriptEdits((), (_restructured(chain[first], chain[last]),))
    differ = [start + n for n, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    edits, problems = [], []
    if 0 in differ:
        problems.append("The title or the author was changed; they stand in novel.toml.")
    for number in sorted({owners[n - 1] for n in differ if n}):
        scene, blocks = chain[number], _blocks_of(number, owners, after)
        if any(block != SCENE_BREAK for block in blocks):
            edits.append(SceneEdit(scene.position, scene.scene_id, _prose(scene, blocks)))
        else:
            problems.append(f"Scene {scene.position} has no words left.")
    return ManuscriptEdits(tuple(edits), tuple(problems))


@dataclass(frozen=True)
class _Section:
    """Paragraphs under one heading or scene break."""

    opening: str
    """The heading or the break; empty for what stands before the first heading."""
    blocks: tuple[str, ...]


def _sections(text: str) -> list[_Section]:
    found = [_Section("", ())]
    for block in filter(None, (b.strip() for b in _BLANK_LINES.split(text.strip()))):
        if block == SCENE_BREAK or block.startswith("# "):
            found.append(_Section(block, ()))
        else:
            found[-1] = _Section(found[-1].opening, (*found[-1].blocks, block))
    return found


def _owners(scenes: Sequence[SceneCommit]) -> list[int]:
    """For each section after the first, which holds title and author, the number of its scene.

    A scene has a section more for each break within it.
    """
    return [
        number
        for number, scene in enumerate(scenes)
        for _ in range(1 + list(paragraphs(scene.prose)).count(SCENE_BREAK))
    ]


def _same(one: Sequence[_Section], other: Sequence[_Section]) -> int:
    """How many sections at the beginning are the same."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _blocks_of(number: int, owners: Sequence[int], sections: Sequence[_Section]) -> list[str]:
    """The paragraphs of a scene, with its own breaks between them."""
    blocks: list[str] = []
    for owner, section in zip(owners, sections[1:], strict=True):
        if owner == number:
            blocks += [SCENE_BREAK, *section.blocks] if blocks else section.blocks
    return blocks


def _prose(scene: SceneCommit, blocks: Sequence[str]) -> str:
    """Paragraphs as prose: those that are as they were in the very characters that they had."""
    lines = dict(_rendered(scene.prose))
    return "\n\n".join(lines.get(block) or _unescaped(block) for block in blocks)


def _rendered(prose: str) -> Iterator[tuple[str, str]]:
    for line in prose.splitlines():
        for block in paragraphs(line):
            yield block, line.strip()


def _unescaped(block: str) -> str:
    # A line's end within a paragraph is a space; a space that does not break stays one.
    return _ESCAPED.sub(r"\1", _LINE_END.sub(" ", block))


def _restructured(first: SceneCommit, last: SceneCommit) -> str:
    which = f"scene {first.position}"
    if last.position != first.position:
        which = f"scenes {first.position} to {last.position}"
    return f"Headings or scene breaks were changed around {which}, so they cannot be told apart."
