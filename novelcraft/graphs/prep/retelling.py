"""The node that rolls the summary through a book. It is the one serial stage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from novelcraft.agents.summarizer import Rolled, RollTask, roll
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.scene_file import scene_key, update_scenes
from novelcraft.prompts.world import root_summary
from novelcraft.state.base import content_hash
from novelcraft.state.books import BookMeta, BookScene
from novelcraft.state.prep import BookState, StageProgress
from novelcraft.tools.books.ledger import Unit
from novelcraft.tools.books.scenes.excerpts import excerpt
from novelcraft.tools.books.scenes.names import named_in
from novelcraft.tools.books.scenes.pinned_facts import (
    MOST_PINS,
    dead_line,
    dies_in,
    fallen,
    is_grounded,
    put_back,
)
from novelcraft.tools.metrics.sense import loops
from novelcraft.tools.models.asking import Caller

_TRIES = 2
_KEPT = "the model gave no summary of use; the one before is kept"


@dataclass(frozen=True)
class Story:
    """The story before a scene."""

    summary: str
    pins: tuple[str, ...] = ()
    mends: tuple[str, ...] = ()
    """What code had to do for the summary."""

    @property
    def part(self) -> str | None:
        """Its hash, for the ledger; None for no summary."""
        return content_hash([self.summary, self.pins]) if self.summary else None


@dataclass(frozen=True)
class _Teller:
    """Rolls the summary of one book."""

    context: PrepContext
    caller: Caller
    book_id: str
    meta: BookMeta

    @property
    def cast(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.meta.world.cast) if self.meta.world else ()

    def inputs(self, before: Story | None, scene: BookScene | None) -> str:
        """Hash of what the story is made from: the one before, and the scene after that."""
        told = [before.part if before else "", scene.text if scene else ""]
        return content_hash([*told, self.meta.world_context, self.context.budget.summary])

    async def after(self, story: Story, scene: BookScene, seen: Sequence[str]) -> Story:
        """The story after a scene.

        Args:
            story: The story before it.
            scene: The scene.
            seen: Members of the cast who have been named, in the scene too.
        """
        living = tuple(name for name in seen if dead_line(name) not in story.pins)
        task = RollTask(
            prose=excerpt(scene.text.strip(), self.context.count, self.context.preset.scene_read),
            world=self.meta.world_context,
            summary=story.summary,
            pins=story.pins,
            living=living,
        )
        try:
            rolled = await self._roll(task, scene)
        except InvalidAnswerError:
            return self._whole(replace(story, mends=(_KEPT,)), story.pins, living)
        if loops(rolled.summary):
            return self._whole(replace(story, mends=(_KEPT,)), story.pins, living)
        dead = [name for name in rolled.dead if dies_in(name, scene.text)]
        pins = _pinned(story.pins, rolled.pin, dead, scene.text)
        left = tuple(name for name in living if name not in dead)
        return self._whole(Story(rolled.summary, pins), pins, left)

    async def _roll(self, task: RollTask, scene: BookScene) -> Rolled:
        """The model's summary, asked for again when it lost something; the better of the two."""
        tries: list[tuple[int, int, Rolled]] = []
        for number in range(_TRIES):
            step = f"{self.book_id}/{scene_key(scene)}/{number}"
            rolled = await roll(self.caller, self.context.preset, task, step=step)
            lost = fallen(rolled.summary, task.pins, task.living)
            tries.append((len(lost), number, rolled))
            if not lost:
                break
            task = replace(task, missing=lost)
        return min(tries, key=lambda entry: entry[:2])[2]

    def _whole(self, story: Story, pins: Sequence[str], living: Sequence[str]) -> Story:
        """The story with what fell out of it put back, within the budget."""
        lost = fallen(story.summary, pins, living)
        budget, count = self.context.budget.summary, self.context.count
        summary = put_back(story.summary, pins, living, budget, count)
        mends = story.mends
        if lost:
            mends = (*mends, f"put back what the model left out: {'; '.join(lost)}")
        return replace(story, summary=summary, mends=mends)


async def summarize_book(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The story before each scene, into the book's JSON."""
    context, book_id = runtime.context, state["book_id"]
    if context.caller is None:
        return {}
    begun = time.monotonic()
    meta = context.folder.read_book(context.folder.base(book_id)).meta
    scenes = context.folder.read_book(context.folder.scenes(book_id)).scenes
    teller = _Teller(context, context.caller, book_id, meta)
    stories, units = await _tell_all(teller, scenes)
    if units:
        ledger = context.folder.ledger(book_id)
        ledger.record("summaries", units, keep=True, seconds=time.monotonic() - begun)
        update_scenes(
            context,
            book_id,
            {key: _fields(story) for key, story in stories.items() if key in units},
        )
    context.done(book_id, "summaries", fresh=not units)
    return {}


async def _tell_all(
    teller: _Teller, scenes: Sequence[BookScene]
) -> tuple[dict[str, Story], dict[str, Unit]]:
    """The story before each scene by the scene's key, and the ledger's units of the new ones."""
    context, book_id = teller.context, teller.book_id
    ledger = context.folder.ledger(book_id)
    stories: dict[str, Story] = {}
    units: dict[str, Unit] = {}
    seen: tuple[str, ...] = ()
    story: Story | None = None
    for number, scene in enumerate(scenes):
        key, last = scene_key(scene), scenes[number - 1] if number else None
        inputs = teller.inputs(story, last)
        there = Story(scene.recursive_summary, scene.pins)
        if ledger.verdict("summaries", key, inputs, there.part) in ("fresh", "edited"):
            story = there
        else:
            if last is not None and story is not None:
                story = await teller.after(story, last, seen)
            else:
                story = Story(root_summary(teller.meta.world.cast if teller.meta.world else ()))
            units[key] = Unit(inputs, story.part or "")
        stories[key] = story
        seen = _seen(seen, teller.cast, scene.text)
        context.emit(
            StageProgress(book_id=book_id, stage="summaries", part=number + 1, total=len(scenes))
        )
    return stories, units


def _fields(story: Story) -> dict[str, Any]:
    return {
        "recursive_summary": story.summary,
        "pins": story.pins,
        "mends": ("summary", story.mends),
    }


def _seen(seen: tuple[str, ...], cast: Sequence[str], text: str) -> tuple[str, ...]:
    now = named_in(cast, text)
    return tuple(name for name in cast if name in seen or name in now)


def _pinned(pins: tuple[str, ...], fact: str, dead: Sequence[str], prose: str) -> tuple[str, ...]:
    """The pins after a scene. Who died is always pinned, another fact while there is room."""
    new = [dead_line(name) for name in dead]
    if len(pins) < MOST_PINS and is_grounded(fact, prose):
        new.append(fact)
    return tuple(dict.fromkeys((*pins, *new)))
