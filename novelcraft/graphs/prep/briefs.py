"""The node that infers briefs from scenes: one for each chapter, side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from novelcraft.agents.brief_writer import BriefInput, infer_brief
from novelcraft.config.presets import STANDARD
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.parts import brief_part
from novelcraft.graphs.prep.scene_file import people_of, scene_key, update_scenes
from novelcraft.prompts.brief import NamedBrief, fit_brief, render_brief
from novelcraft.state.books import BookCharacter, BookScene, SceneBriefText
from novelcraft.state.manuscript import count_words
from novelcraft.state.prep import BookState, ChapterTask, StageProgress
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.scenes.by_rule import brief_by_rule
from novelcraft.tools.books.scenes.excerpts import excerpt
from novelcraft.tools.metrics.sense import says_something

_WORDS_PER_TOKEN = 0.4
"""Of the brief's budget, for goal and outcome; the rest goes to who, where and how long."""
_CHARS_PER_WORD = 6


async def brief_chapter(state: ChapterTask, runtime: PrepRuntime) -> dict[str, Any]:
    """The briefs of one chapter's scenes, into the book's JSON."""
    context, book_id = runtime.context, state["book_id"]
    book = context.folder.read_book(context.folder.scenes(book_id))
    meta = context.folder.read_book(context.folder.base(book_id)).meta
    cast = meta.world.cast if meta.world else ()
    inputs = context.inputs(context.layout.brief, [c.model_dump() for c in cast])
    scenes = [s for s in book.scenes if s.chapter_index == state["chapter"]]
    begun = time.monotonic()
    due = [scene for scene in scenes if _is_due(context, book_id, scene, inputs)]
    changes = await asyncio.gather(*(_change(context, book_id, scene, cast) for scene in due))
    if due:
        keys = [scene_key(scene) for scene in due]
        targets = {
            key: Target(inputs, brief_part(change["instruction"]) or "")
            for key, change in zip(keys, changes, strict=True)
        }
        context.folder.build_manifest(book_id).record(
            "briefs", targets, keep=True, seconds=time.monotonic() - begun
        )
        update_scenes(context, book_id, dict(zip(keys, changes, strict=True)))
    context.emit(
        StageProgress(
            book_id=book_id, stage="briefs", part=state["chapter"], total=state["chapters"]
        )
    )
    return {"briefed": len(due)}


def _is_due(context: PrepContext, book_id: str, scene: BookScene, inputs: str) -> bool:
    present = brief_part(scene.instruction)
    return context.is_due(book_id, "briefs", scene_key(scene), inputs, present)


async def _change(
    context: PrepContext, book_id: str, scene: BookScene, cast: Sequence[BookCharacter]
) -> dict[str, Any]:
    """The fields of a scene that a brief changes."""
    brief, repairs = await _brief(context, book_id, scene, cast)
    layout, count = context.layout, context.count
    lines = render_brief(_named(brief, cast), count_words(scene.text), layout.form)
    instruction = fit_brief(lines, layout.brief, count)
    return {"brief": brief, "instruction": instruction, "repairs": ("brief", repairs)}


async def _brief(
    context: PrepContext, book_id: str, scene: BookScene, cast: Sequence[BookCharacter]
) -> tuple[SceneBriefText, tuple[str, ...]]:
    """The brief of a scene, and what code had to do for it."""
    prose = scene.text.strip()
    names = people_of(prose, cast)
    if context.caller is None:
        return brief_by_rule(prose, names, STANDARD.most_present), ()
    repairs: tuple[str, ...] = ()
    try:
        given = BriefInput(
            prose=excerpt(prose, context.count, context.preset.scene_read),
            names=names,
            words=_event_words(context),
        )
        session = context.session(context.caller, f"{book_id}/{scene_key(scene)}")
        brief = await infer_brief(given, session)
    except InvalidAnswerError:
        brief = SceneBriefText(goal="", pov=names[0], place="", present=names[:1])
        repairs = ("the model gave no brief; it says no more than whom the scene follows",)
    events = {"goal": brief.goal, "turn": brief.turn, "outcome": brief.outcome}
    empty = [name for name, text in events.items() if text and not says_something(text, names)]
    if empty:
        brief = brief.model_copy(update=dict.fromkeys(empty, ""))
        repairs = (f"the model's {' and '.join(empty)} said nothing and is left out",)
    return brief, repairs


def _named(brief: SceneBriefText, cast: Sequence[BookCharacter]) -> NamedBrief:
    roles = {member.name: member.role for member in cast}
    return NamedBrief(
        goal=brief.goal,
        turn=brief.turn,
        outcome=brief.outcome,
        pov=brief.pov,
        pov_role=roles.get(brief.pov, ""),
        place=brief.place,
        time=brief.time,
        others=tuple(name for name in brief.present if name != brief.pov),
        beats=brief.beats,
    )


def _event_words(context: PrepContext) -> int:
    """Words that goal and outcome may have together."""
    most = 2 * context.preset.event_chars / _CHARS_PER_WORD
    return round(min(context.layout.brief * _WORDS_PER_TOKEN, most))


async def finish_briefs(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """All chapters have their briefs."""
    context, book_id = runtime.context, state["book_id"]
    context.done(book_id, "briefs", fresh=not state["briefed"])
    return {}
