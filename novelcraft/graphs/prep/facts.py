"""The node that lists what each scene makes true, for the canon notes of later ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from novelcraft.agents.archivist import FactsInput, extract_facts
from novelcraft.config.presets import STANDARD
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.parts import facts_part
from novelcraft.graphs.prep.scene_file import people_of, scene_key, update_scenes
from novelcraft.state.books import BookCharacter, BookScene
from novelcraft.state.manuscript import Fact
from novelcraft.state.prep import BookState, StageProgress
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.scenes.by_rule import facts_by_rule
from novelcraft.tools.books.scenes.excerpts import excerpt
from novelcraft.tools.text import counted

_AT_ONCE = 16
"""Scenes whose facts are written down together: a run that dies loses no more of its own work."""


async def extract_book_facts(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The facts of each scene, into the book's JSON; none for a layout without canon notes."""
    context, book_id = runtime.context, state["book_id"]
    if not context.layout.canon:
        return {}
    meta = context.folder.read_book(context.folder.base(book_id)).meta
    scenes = context.folder.read_book(context.folder.scenes(book_id)).scenes
    cast = meta.world.cast if meta.world else ()
    inputs = context.inputs([member.name for member in cast])
    due = [scene for scene in scenes if _is_due(context, book_id, scene, inputs)]
    for start in range(0, len(due), _AT_ONCE):
        some = due[start : start + _AT_ONCE]
        await _extract(context, book_id, some, cast, inputs)
        done = start + len(some)
        context.emit(StageProgress(book_id=book_id, stage="facts", part=done, total=len(due)))
    known = context.folder.read_book(context.folder.scenes(book_id)).scenes
    detail = counted(sum(len(scene.facts or ()) for scene in known), "fact")
    context.done(book_id, "facts", fresh=not due, detail=detail)
    return {}


def _is_due(context: PrepContext, book_id: str, scene: BookScene, inputs: str) -> bool:
    return context.is_due(book_id, "facts", scene_key(scene), inputs, facts_part(scene.facts))


async def _extract(
    context: PrepContext,
    book_id: str,
    scenes: Sequence[BookScene],
    cast: Sequence[BookCharacter],
    inputs: str,
) -> None:
    begun = time.monotonic()
    found = await asyncio.gather(*(_facts(context, book_id, scene, cast) for scene in scenes))
    made = dict(zip(map(scene_key, scenes), found, strict=True))
    targets = {key: Target(inputs, facts_part(facts) or "") for key, (facts, _) in made.items()}
    context.folder.build_manifest(book_id).record(
        "facts", targets, keep=True, seconds=time.monotonic() - begun
    )
    changes = {
        key: {"facts": facts, "repairs": ("facts", repairs)}
        for key, (facts, repairs) in made.items()
    }
    update_scenes(context, book_id, changes)


async def _facts(
    context: PrepContext, book_id: str, scene: BookScene, cast: Sequence[BookCharacter]
) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """The facts of a scene, and what code had to do for them."""
    prose = scene.text.strip()
    if context.caller is None:
        return facts_by_rule(prose, people_of(prose, cast), STANDARD.facts_per_scene), ()
    given = FactsInput(prose=excerpt(prose, context.count, context.preset.scene_read))
    session = context.session(context.caller, f"{book_id}/{scene_key(scene)}/facts")
    try:
        return (await extract_facts(given, session)).facts, ()
    except InvalidAnswerError:
        return (), ("the model gave no facts",)
