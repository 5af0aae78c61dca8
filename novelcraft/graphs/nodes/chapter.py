"""The node at a chapter's end: the planner reads what was really written."""

from __future__ import annotations

import asyncio
from typing import Any

from novelcraft.agents.planner import ChapterInput, plan_chapter_scenes
from novelcraft.agents.planner.outline import HookIdea
from novelcraft.agents.planner.pacing import (
    chapters_to_come,
    revise_plan,
    revised_ids,
)
from novelcraft.agents.planner.scenes import ChapterRequest
from novelcraft.graphs.attempts import usual_words
from novelcraft.graphs.context import WriteRuntime
from novelcraft.graphs.nodes.plan import store_plan
from novelcraft.graphs.nodes.scene import plan_of
from novelcraft.state.graph import WriteState
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.state.steps import replan_step


async def replan(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """A new plan version: the next chapter's briefs by what was written, the rest on course.

    A brief that a person edited stays. Chapters further on keep their briefs unless the word
    budget adds scenes to them.
    """
    context = runtime.context
    plan = plan_of(state, context)
    chain = context.store.chain(state["head"])
    written = {c.scene_id: c.words for c in chain}
    words_left = plan.target_words - sum(written.values())
    last = len(chapters_to_come(plan, written)) == 1
    usual = usual_words(state["head"], context, last_chapter=last)
    ids = revised_ids(plan, written, words_left, usual)
    requests = _requests(plan, written, ids, chain[-1].summary, rewrite=context.write.replan)
    step = replan_step(state["branch"], state["head"], state.get("draw", 0))
    book, session = context.book(state.get("note", "")), context.session(step)
    answers = await asyncio.gather(
        *(plan_chapter_scenes(ChapterInput(book=book, request=r), session) for r in requests)
    )
    fresh = {b.id: b for answer in answers for b in answer.briefs if b.id not in plan.by_author}
    briefs = [_brief(plan, fresh, scene_id) for chapter in ids for scene_id in chapter]
    mends = [m for answer in answers for m in answer.mends]
    revised = revise_plan(plan, written, briefs, mends)
    return store_plan(state, runtime, revised)


def _brief(plan: Plan, fresh: dict[str, SceneBrief], scene_id: str) -> SceneBrief:
    return fresh[scene_id] if scene_id in fresh else plan.scene(scene_id)


def _requests(
    plan: Plan, written: dict[str, int], ids: list[list[str]], summary: str, *, rewrite: bool
) -> list[ChapterRequest]:
    """The next chapter, where it is to be rewritten, and every chapter with new scenes."""
    known = {s.id for s in plan.scenes}
    ideas = hook_ideas(plan)
    chapters = chapters_to_come(plan, written)
    requests = []
    for n, (chapter, scene_ids) in enumerate(zip(chapters, ids, strict=True)):
        if (rewrite and n == 0) or not known.issuperset(scene_ids):
            place = plan.chapters.index(chapter)
            after = plan.chapters[place + 1].summary if place + 1 < len(plan.chapters) else ""
            requests.append(
                ChapterRequest(
                    chapter=chapter,
                    authored=plan.authored_chapter(chapter),
                    chapters=len(plan.chapters),
                    first_scene=len(written) + sum(map(len, ids[:n])),
                    before=plan.chapters[place - 1].summary if place else "",
                    after=after or plan.core.ending,
                    scene_ids=tuple(scene_ids),
                    cast=plan.cast,
                    places=plan.world.places,
                    logline=plan.core.logline,
                    hooks=ideas,
                    summary=summary,
                )
            )
    return requests


def hook_ideas(plan: Plan) -> tuple[HookIdea, ...]:
    """A plan's hooks between chapters."""
    number = {s.id: plan.chapter(s.chapter).number for s in plan.scenes}
    return tuple(
        HookIdea(
            text=h.text,
            plant_chapter=number[h.plant_scene],
            payoff_chapter=number[h.payoff_scene],
        )
        for h in plan.hooks
    )
