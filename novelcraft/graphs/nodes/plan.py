"""Nodes that plan: story, outline, scene briefs.

The levels that exist before there is a plan version wait in the store, so that a killed run
goes on with the level it was at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from novelcraft.agents.planner import (
    ChapterInput,
    Outline,
    OutlineInput,
    PlanTask,
    Story,
    plan_chapter_scenes,
    plan_outline,
    plan_story,
)
from novelcraft.agents.planner.compose import chapter_requests, compose_plan
from novelcraft.agents.planner.scenes import ChapterRequest, ChapterScenes
from novelcraft.errors import PlanError
from novelcraft.graphs.authored import authored_notice, read_for_plan, what_prompts_cut
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.state.events import Notice, Planning, PlanReady
from novelcraft.state.findings import Finding, blocking
from novelcraft.state.graph import WriteState
from novelcraft.state.plan import Plan
from novelcraft.state.steps import plan_step
from novelcraft.tools.checks import check_plan

STEPS_BEFORE_SCENES = 2
"""Story and outline: steps of the planner before it comes to the chapters."""


def _key(state: WriteState, level: str) -> str:
    return plan_step(state.get("plan_draw", 0), level)


async def write_story(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Level one: story core, world, cast. What the author has is read here, for all levels."""
    context = runtime.context
    context.emit(Planning(step="story and cast", done=0, total=STEPS_BEFORE_SCENES))
    authored = read_for_plan(context.folder, context.novel)
    _tell(context, [told] if (told := authored_notice(authored)) else [])
    book = context.book(state.get("note", ""), authored)
    story = await plan_story(book, context.session(_key(state, "story")))
    _tell(context, story.unshown)
    context.store.put_plan_part(state["branch"], _key(state, "story"), story.model_dump())
    return {"plan_draw": state.get("plan_draw", 0)}


async def write_outline(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Level two: chapters and hooks."""
    context = runtime.context
    context.emit(Planning(step="chapters", done=1, total=STEPS_BEFORE_SCENES))
    story = _part(state, runtime, "story", Story)
    book = context.book(state.get("note", ""), story.authored)
    given = OutlineInput(book=book, story=story)
    outline = await plan_outline(given, context.session(_key(state, "outline")))
    _tell(context, outline.unshown)
    context.store.put_plan_part(state["branch"], _key(state, "outline"), outline.model_dump())
    return {"plan_draw": state.get("plan_draw", 0)}


async def write_briefs(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Level three: the scene briefs of all chapters side by side, then the plan itself.

    Raises:
        PlanError: If the composed plan breaks a rule.
    """
    context = runtime.context
    story = _part(state, runtime, "story", Story)
    outline = _part(state, runtime, "outline", Outline)
    book = context.book(state.get("note", ""), story.authored)
    session = context.session(_key(state, "scenes"))
    task = PlanTask(book, session)
    requests = chapter_requests(task, story, outline)
    done = 0

    async def one(request: ChapterRequest) -> ChapterScenes:
        nonlocal done
        scenes = await plan_chapter_scenes(ChapterInput(book=book, request=request), session)
        done += 1
        total = STEPS_BEFORE_SCENES + len(requests)
        context.emit(
            Planning(step="scenes of a chapter", done=STEPS_BEFORE_SCENES + done, total=total),
        )
        return scenes

    answers = await asyncio.gather(*map(one, requests))
    unshown = [note for answer in answers for note in answer.unshown]
    plan = compose_plan(
        task,
        story,
        outline,
        [b for a in answers for b in a.briefs],
        [m for a in answers for m in a.mends] + unshown,
    )
    _tell(context, [*unshown, *what_prompts_cut(plan, context.preset, context.count)])
    return store_plan(state, runtime, plan)


def _tell(context: WriteContext, notes: Iterable[str]) -> None:
    for note in notes:
        context.emit(Notice(text=note))


def store_plan(state: WriteState, runtime: WriteRuntime, plan: Plan) -> dict[str, Any]:
    """Validate a plan, store it as the branch's version, tell the readers.

    Raises:
        PlanError: If the plan breaks a rule that blocks.
    """
    faults = [f.message for f in blocking(check_plan(plan)) if not _is_drift(plan, f)]
    if faults:
        raise PlanError(
            f"The plan breaks its rules: {'; '.join(faults)}",
            fix="Run the same command with another --seed, or a more able reasoning model.",
        )
    context = runtime.context
    version = context.store.add_plan(state["branch"], plan)
    context.emit(
        PlanReady(
            version=version,
            title=plan.core.title,
            chapters=len(plan.chapters),
            scenes=len(plan.scenes),
            mends=len(plan.mends),
            replan=plan.parent is not None,
        ),
    )
    return {"plan_version": version, "total": len(plan.scenes), "note": ""}


def _is_drift(plan: Plan, finding: Finding) -> bool:
    """In a revised plan the targets of written scenes and what is left need not add up."""
    return plan.parent is not None and finding.check == "plan.totals"


def _part(state: WriteState, runtime: WriteRuntime, level: str, model: Any) -> Any:
    found = runtime.context.store.plan_part(state["branch"], _key(state, level))
    if found is None:
        raise PlanError(
            f"The plan's {level} is missing in the database.",
            fix="Run the same command again; the planner starts over.",
        )
    return model.model_validate(found)
