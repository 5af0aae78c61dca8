"""The node that makes the rolling summaries of a book. It is the one serial stage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from novelcraft.agents.summarizer import BookSummaryInput, BookSummaryOutput, update_summary
from novelcraft.errors import InvalidAnswerError
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.scene_file import people_of, scene_key, update_scenes
from novelcraft.prompts.fit import fit, sentences
from novelcraft.prompts.world import root_summary
from novelcraft.state.base import content_hash
from novelcraft.state.books import BookMeta, BookScene
from novelcraft.state.prep import BookState, StageProgress
from novelcraft.tools.books.build_manifest import Target
from novelcraft.tools.books.scenes.by_rule import summary_by_rule
from novelcraft.tools.books.scenes.excerpts import excerpt
from novelcraft.tools.books.scenes.names import named_in
from novelcraft.tools.books.scenes.pinned_facts import (
    MOST_PINNED,
    death_of,
    dies_in,
    is_grounded,
    missing_facts,
    restore_facts,
)
from novelcraft.tools.metrics.sense import loops
from novelcraft.tools.models.asking import Caller

_TRIES = 2
_FALLBACK = "the model gave no summary of use; the one before is kept"


@dataclass(frozen=True)
class RollingSummary:
    """The story before a scene."""

    text: str
    pinned_facts: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    """What code had to do for it."""

    @property
    def hash(self) -> str | None:
        """Its hash for the build manifest; None for no summary."""
        return content_hash([self.text, self.pinned_facts]) if self.text else None


@dataclass(frozen=True)
class _Summarizer:
    """Rolls the summary of one book on, scene by scene."""

    context: PrepContext
    book_id: str
    meta: BookMeta

    @property
    def cast(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.meta.world.cast) if self.meta.world else ()

    def first(self) -> RollingSummary:
        """The summary before the first scene."""
        return RollingSummary(root_summary(self.meta.world.cast if self.meta.world else ()))

    def inputs(self, before: RollingSummary | None, scene: BookScene | None) -> str:
        """Hash of what a summary is made from: the one before, and the scene after that."""
        parts = [before.hash if before else "", scene.text if scene else ""]
        return self.context.inputs(*parts, self.meta.world_context, self.context.layout.summary)

    async def after(
        self, before: RollingSummary, scene: BookScene, seen: Sequence[str]
    ) -> RollingSummary:
        """The summary after a scene.

        Args:
            before: The summary before it.
            scene: The scene.
            seen: Members of the cast who have been named, in the scene too.
        """
        caller = self.context.caller
        if caller is None:
            return self._by_rule(before, scene)
        living = tuple(name for name in seen if death_of(name) not in before.pinned_facts)
        given = BookSummaryInput(
            prose=excerpt(scene.text.strip(), self.context.count, self.context.preset.scene_read),
            world=self.meta.world_context,
            summary=before.text,
            pinned_facts=before.pinned_facts,
            living=living,
        )
        fallback = replace(before, repairs=(_FALLBACK,))
        try:
            updated = await self._ask(caller, given, scene)
        except InvalidAnswerError:
            return self._restored(fallback, living)
        if loops(updated.summary):
            return self._restored(fallback, living)
        dead = [name for name in updated.dead if dies_in(name, scene.text)]
        pinned = _pinned(before.pinned_facts, updated.lasting_fact, dead, scene.text)
        left = tuple(name for name in living if name not in dead)
        return self._restored(RollingSummary(updated.summary, pinned), left)

    def _by_rule(self, before: RollingSummary, scene: BookScene) -> RollingSummary:
        """The summary before the scene with what a rule finds in it; the oldest makes room."""
        prose, world = scene.text.strip(), self.meta.world
        said = summary_by_rule(prose, people_of(prose, world.cast if world else ()))
        whole = sentences(f"{before.text} {said}".strip())
        budget = self.context.layout.summary
        return RollingSummary(fit(whole, budget, self.context.count, keep="end"))

    async def _ask(
        self, caller: Caller, given: BookSummaryInput, scene: BookScene
    ) -> BookSummaryOutput:
        """The model's summary, asked for again when it lost something; the better of the two."""
        tries: list[tuple[int, int, BookSummaryOutput]] = []
        for number in range(_TRIES):
            step = f"{self.book_id}/{scene_key(scene)}/{number}"
            updated = await update_summary(given, self.context.session(caller, step))
            missing = missing_facts(updated.summary, given.pinned_facts, given.living)
            tries.append((len(missing), number, updated))
            if not missing:
                break
            given = given.model_copy(update={"missing": tuple(missing)})
        return min(tries, key=lambda entry: entry[:2])[2]

    def _restored(self, summary: RollingSummary, living: Sequence[str]) -> RollingSummary:
        """The summary with the facts that it lost put back, within the budget."""
        missing = missing_facts(summary.text, summary.pinned_facts, living)
        budget, count = self.context.layout.summary, self.context.count
        text = restore_facts(summary.text, summary.pinned_facts, living, budget, count)
        repairs = summary.repairs
        if missing:
            repairs = (*repairs, f"put back what the model left out: {'; '.join(missing)}")
        return replace(summary, text=text, repairs=repairs)


async def summarize_book(state: BookState, runtime: PrepRuntime) -> dict[str, Any]:
    """The story before each scene, into the book's JSON."""
    context, book_id = runtime.context, state["book_id"]
    begun = time.monotonic()
    meta = context.folder.read_book(context.folder.base(book_id)).meta
    scenes = context.folder.read_book(context.folder.scenes(book_id)).scenes
    summarizer = _Summarizer(context, book_id, meta)
    updated = await _summarize(summarizer, scenes)
    if updated:
        context.folder.build_manifest(book_id).record(
            "summaries",
            {key: target for key, (target, _) in updated.items()},
            keep=True,
            seconds=time.monotonic() - begun,
        )
        update_scenes(
            context, book_id, {key: _fields(summary) for key, (_, summary) in updated.items()}
        )
    context.done(book_id, "summaries", fresh=not updated)
    return {}


async def _summarize(
    summarizer: _Summarizer, scenes: Sequence[BookScene]
) -> dict[str, tuple[Target, RollingSummary]]:
    """The summaries that had to be made, by the key of the scene that each stands before."""
    context, book_id = summarizer.context, summarizer.book_id
    updated: dict[str, tuple[Target, RollingSummary]] = {}
    seen: tuple[str, ...] = ()
    summary: RollingSummary | None = None
    last: BookScene | None = None
    for number, scene in enumerate(scenes, 1):
        key = scene_key(scene)
        inputs = summarizer.inputs(summary, last)
        present = RollingSummary(scene.recursive_summary, scene.pinned_facts)
        if not context.is_due(book_id, "summaries", key, inputs, present.hash):
            summary = present
        else:
            if last is None or summary is None:
                summary = summarizer.first()
            else:
                summary = await summarizer.after(summary, last, seen)
            updated[key] = Target(inputs, summary.hash or ""), summary
        last = scene
        seen = _seen(seen, summarizer.cast, scene.text)
        context.emit(
            StageProgress(book_id=book_id, stage="summaries", part=number, total=len(scenes))
        )
    return updated


def _fields(summary: RollingSummary) -> dict[str, Any]:
    return {
        "recursive_summary": summary.text,
        "pinned_facts": summary.pinned_facts,
        "repairs": ("summary", summary.repairs),
    }


def _seen(seen: tuple[str, ...], cast: Sequence[str], text: str) -> tuple[str, ...]:
    now = named_in(cast, text)
    return tuple(name for name in cast if name in seen or name in now)


def _pinned(before: tuple[str, ...], fact: str, dead: Sequence[str], prose: str) -> tuple[str, ...]:
    """The pinned facts after a scene: every death, and another fact while there is room."""
    new = [death_of(name) for name in dead]
    if len(before) < MOST_PINNED and is_grounded(fact, prose):
        new.append(fact)
    return tuple(dict.fromkeys((*before, *new)))
