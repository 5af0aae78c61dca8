"""What the author has in a novel's folder: taken up when it is planned, and held to afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path

from novelcraft.config.presets import SizePreset
from novelcraft.config.settings import NovelSettings
from novelcraft.errors import AuthorsFileError
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.fit import TokenCounter
from novelcraft.prompts.narrator import NarratorInput, assemble
from novelcraft.prompts.world import render_world
from novelcraft.state.authored import NOTHING, Authored
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.authored import CAST, OUTLINE, WORLD, named_files, read_authored
from novelcraft.tools.text import counted, quoted

_HOW = {
    CAST: "novelcraft steer {} character NAME about=…",
    WORLD: "novelcraft steer {} world text=…",
    OUTLINE: "novelcraft steer {} chapter CHAPTER summary=…",
}
"""How what a file holds is changed in a book that is planned."""


def read_for_plan(folder: Path, novel: NovelSettings) -> Authored:
    """What the author has, for a plan that is to be made.

    Raises:
        AuthorsFileError: A file cannot be used, or its outline contradicts the settings.
    """
    authored = read_authored(folder)
    chapters = len(authored.chapters)
    if chapters and novel.chapters not in (0, chapters):
        raise AuthorsFileError(
            f"{folder / OUTLINE} has {counted(chapters, 'chapter')}, and the settings say "
            f"chapters = {novel.chapters}.",
            fix=f"Set [novel] chapters = 0, which takes those of {OUTLINE}, or change one of them.",
        )
    return authored


def require_room(authored: Authored, novel: NovelSettings, preset: SizePreset) -> None:
    """Refuse an outline with more chapters and scenes than the book has scenes.

    Raises:
        AuthorsFileError: It has.
    """
    words = preset.scene_words
    scenes = max(1, round(novel.target_words / words))
    if authored.scenes <= scenes:
        return
    pages = ceil((authored.scenes - 0.5) * words / novel.words_per_page)
    raise AuthorsFileError(
        f"{OUTLINE} has {counted(len(authored.chapters), 'chapter')}, which are at least "
        f"{counted(authored.scenes, 'scene')}, and {counted(novel.pages, 'page')} have room for "
        f"{counted(scenes, 'scene')} of about {words} words.",
        fix=f"Write a book of --pages {pages} or more, or put chapters and scenes together.",
    )


def require_unchanged(plan: Plan, branch: str, folder: Path) -> None:
    """Refuse to go on with other files than a branch was planned with. One that is gone is none.

    Raises:
        AuthorsFileError: One was changed, came since, or cannot be read.
    """
    now, was = _by_file(read_authored(folder)), _by_file(plan.authored)
    for name, present in now.items():
        if present != NOTHING and present != was[name]:
            known = was[name] != NOTHING
            how = _HOW[name].format(quoted(folder))
            raise AuthorsFileError(
                f"{folder / name} says something else than branch {branch} was planned with"
                f"{'.' if known else ': it was not there then.'}",
                fix=f"{'Put it back as it was' if known else 'Take it away'}; what is planned is "
                f"changed with {how}. Or start another novel.",
            )


def _by_file(authored: Authored) -> dict[str, Authored]:
    """What of it each file holds."""
    fields = {
        CAST: {"people", "people_notes"},
        WORLD: {"world"},
        OUTLINE: {"chapters", "must_happen"},
    }
    return {
        name: Authored.model_validate(authored.model_dump(include=kept))
        for name, kept in fields.items()
    }


def authored_notice(authored: Authored) -> str:
    """What a person should know when it is taken up; empty where there is nothing."""
    files = ", ".join(named_files(authored))
    return f"From the author, and kept word for word: {files}." if files else ""


def what_prompts_cut(plan: Plan, preset: SizePreset, count: TokenCounter) -> Iterator[str]:
    """What of the author's words the narrator's prompts have no room for, a sentence each."""
    if not plan.authored:
        return
    worlds, briefs = [], []
    for brief in plan.scenes:
        trimmed = _trimmed(plan, brief, preset, count)
        worlds += [trimmed["world"]] if trimmed["world"] else []
        briefs += [brief.id] if trimmed["brief"] and plan.is_authors_scene(brief) else []
    if worlds and (plan.authored.world or plan.authored.people):
        yield (
            f"World and people are longer than the {preset.layout.world} tokens that the narrator "
            f"has for them in a scene: in {counted(len(worlds), 'scene')} of {len(plan.scenes)} up "
            f"to {max(worlds):,} tokens are left out, the end of the world first, and of who is "
            "present the first sentence stays."
        )
    if briefs:
        yield (
            f"{OUTLINE}: the briefs of {', '.join(briefs)} are longer than the "
            f"{preset.layout.brief} tokens that the narrator has for one, and lose their end."
        )


def _trimmed(
    plan: Plan, brief: SceneBrief, preset: SizePreset, count: TokenCounter
) -> dict[str, int]:
    """Tokens that world and brief lose in a scene's prompt."""
    scene = named(brief, plan)
    made = assemble(
        NarratorInput(
            world=render_world(plan),
            summary="",
            notes=(),
            tail="",
            brief=tuple(render_brief(scene, brief.target_words, preset.layout.form)),
            present=(scene.pov, *scene.others),
        ),
        preset.layout,
        count,
    )
    return {section.name: section.trimmed for section in made.sections}
