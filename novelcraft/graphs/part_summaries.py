"""A long book's chapters and acts in short, so that its narrator does not forget the first ones.

One rolling summary of a few hundred words cannot hold a book of a thousand pages. So a chapter that
has ended is summarized once in a few sentences, and an act from its chapters' summaries; both stand
before the rolling summary. A summary is kept under the hash of the prose that it is of: for a scene
that is written anew, its own chapter and act are summarized again, and no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Literal

from novelcraft.agents.summarizer import PartSummaryInput, summarize_part
from novelcraft.config.settings import NovelSettings
from novelcraft.graphs.context import WriteContext
from novelcraft.state.base import content_hash
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.state.steps import part_step
from novelcraft.tools.books.scenes.excerpts import excerpt
from novelcraft.tools.canon.store import ManuscriptStore

LONG_PAGES = 100
"""Pages up to which a book's rolling summary is enough."""

LEAST_CONTEXT = 4_096
"""Tokens that the summarizer is taken to have where its server does not tell."""


def is_long(novel: NovelSettings) -> bool:
    """Whether a book's chapters and acts have summaries beside its rolling one."""
    return novel.pages > LONG_PAGES


@dataclass(frozen=True)
class _Part:
    """A chapter or an act that has ended."""

    kind: Literal["chapter", "act"]
    number: int
    """Of the act that it is, or belongs to."""
    pieces: tuple[str, ...]
    """The prose of a chapter's scenes; keys of an act's chapters."""

    @property
    def key(self) -> str:
        return _key(self.kind, self.pieces)


@lru_cache(maxsize=1024)
def _key(kind: str, pieces: tuple[str, ...]) -> str:
    """The hash of a part's content, kept: with every scene it is asked for of all parts before."""
    return content_hash([kind, *pieces])


def _ended(chain: Sequence[SceneCommit], plan: Plan, coming: str) -> dict[_Part, list[_Part]]:
    """The acts before a scene, each with its chapters; the act that goes on has no end yet."""
    current = plan.scene(coming).chapter
    chapters = [
        _Part("chapter", plan.chapter(chapter).act, tuple(commit.prose for commit in scenes))
        for chapter, scenes in groupby(chain, key=lambda commit: commit.chapter_id)
        if chapter != current
    ]
    acts = groupby(chapters, key=lambda chapter: chapter.number)
    by_act = {act: list(group) for act, group in acts}
    return {_Part("act", act, tuple(c.key for c in group)): group for act, group in by_act.items()}


def part_summaries(
    novel: NovelSettings,
    store: ManuscriptStore,
    chain: Sequence[SceneCommit],
    plan: Plan,
    coming: str,
) -> tuple[str, ...]:
    """The summaries of the ended acts, then of the ended chapters of the act that goes on.

    An act that has none yet stands there by those of its chapters that have. A short book has
    none.

    Args:
        novel: Says how long the book is.
        store: Holds the summaries.
        chain: The scenes before.
        plan: Parts the book into chapters and acts.
        coming: Id of the scene that follows them.
    """
    if not is_long(novel):
        return ()
    acts = _ended(chain, plan, coming)
    known = store.part_summaries([part.key for act in acts for part in (act, *acts[act])])
    summaries: list[str] = []
    for act, chapters in acts.items():
        parts = [act] if act.key in known else chapters
        summaries += [known[part.key] for part in parts if part.key in known]
    return tuple(summaries)


async def summarize_parts(context: WriteContext, head: str | None, plan: Plan, coming: str) -> None:
    """Have every ended chapter and act summarized that is not yet; in a short book none is.

    Args:
        context: Whose summarizer does it.
        head: Commit that the scene to come follows.
        plan: Parts the book into chapters and acts.
        coming: Id of that scene.
    """
    if not is_long(context.novel):
        return
    acts = _ended(context.store.chain(head), plan, coming)
    chapters = [chapter for group in acts.values() for chapter in group]
    known = await _summaries_of(context, {chapter: chapter.pieces for chapter in chapters})
    current = plan.chapter(plan.scene(coming).chapter).act
    ended = (act for act in acts if act.number != current)
    await _summaries_of(context, {act: tuple(known[key] for key in act.pieces) for act in ended})


async def _summaries_of(
    context: WriteContext, texts: Mapping[_Part, Sequence[str]]
) -> dict[str, str]:
    """Summarize the parts that are not yet; gives the summaries of all, by key."""
    known = context.store.part_summaries([part.key for part in texts])
    missing = {part: text for part, text in texts.items() if part.key not in known}
    made = await asyncio.gather(*(_summarize(context, *one) for one in missing.items()))
    return known | dict(zip((part.key for part in missing), made, strict=True))


async def _summarize(context: WriteContext, part: _Part, pieces: Sequence[str]) -> str:
    models = context.caller.models
    served = models.endpoint("cheap").context or LEAST_CONTEXT
    most = min(context.preset.reading_tokens, served // 2) // len(pieces)
    count = models.token_counter("cheap")
    text = "\n\n".join(excerpt(piece, count, most) for piece in pieces)
    session = context.session(part_step(part.key))
    made = await summarize_part(PartSummaryInput(part=part.kind, text=text), session)
    context.store.put_part_summary(part.key, made.summary)
    return made.summary
