"""Nodes that make a draft: brief, recall, narrate, check, choose."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from novelcraft.agents.narrator import NarrationInput, narrate
from novelcraft.agents.planner.pacing import next_target
from novelcraft.graphs.best import best_draft
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.drafting import DraftStream
from novelcraft.graphs.drawing import (
    drafts_of,
    draw_step,
    next_draw,
    stop_if_capped,
    token_room,
    unfit_scene,
    usual_words,
    words_to_ask,
)
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.narrator import (
    AssembledPrompt,
    NarratorInput,
    assemble,
    caution,
    tail_of,
)
from novelcraft.prompts.opening import opening_of
from novelcraft.prompts.world import render_world, root_summary
from novelcraft.state.base import derive_seed
from novelcraft.state.events import DraftChecked, SceneStarted
from novelcraft.state.findings import blocking
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import Draft, count_words
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.checks import CheckInput, check_scene, unfit

RECALLED = 12
"""Canon notes looked up for a scene; the prompt's budget may take fewer."""


def plan_of(state: WriteState, context: WriteContext) -> Plan:
    """The plan version that the state is at."""
    version = state["plan_version"]
    assert version is not None, "a scene is written only with a plan"
    return context.store.plan(version)


async def set_brief(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """The next scene, with a word target that keeps the book on course.

    Raises:
        CappedScenesError: The last scenes were all kept at the cap on attempts.
    """
    context = runtime.context
    stop_if_capped(state, context)
    plan = plan_of(state, context)
    written = len(context.store.commit_ids(state["head"]))
    brief = plan.scenes[written]
    left = plan.target_words - context.store.words_written(state["head"])
    return {
        "scene_id": brief.id,
        "position": written,
        "total": len(plan.scenes),
        "target_words": next_target(
            left, len(plan.scenes) - written, usual_words(state["head"], context)
        ),
        "attempt": 1,
        "by_person": False,
        "until": context.until,
        "attend": list(context.write.attend),
    }


async def look_up(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Canon facts and passages for the scene, as of its parent."""
    context = runtime.context
    plan = plan_of(state, context)
    brief = plan.scene(state["scene_id"])
    state = {**state, "draw": next_draw(state, context)}
    notes = await context.index.recall(context.store, state["head"], brief, plan, RECALLED)
    context.store.put_recalled(
        str(draw_step(state)),
        [note.text for note in notes],
        branch=state["branch"],
        parent=state["head"],
    )
    context.index.start_sync(context.store.chain(state["head"]))
    return {"attempt": 1, "draw": state["draw"]}


async def narrate_scene(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """A draft from a clean prompt; after a rejected one, with constraints added."""
    context = runtime.context
    plan = plan_of(state, context)
    brief = plan.scene(state["scene_id"])
    attempt = state["attempt"]
    context.emit(_started(state, brief, attempt))
    prompt = await asyncio.to_thread(scene_prompt, state, context)
    step = str(draw_step(state).draft(attempt))
    growing = DraftStream(context.emit, brief.id, state["target_words"])
    tokens_per_word, room = await asyncio.to_thread(token_room, state, context, prompt)
    narration = await narrate(
        NarrationInput(
            prompt=prompt,
            target_words=state["target_words"],
            asked_words=words_to_ask(state, context),
            tokens_per_word=tokens_per_word,
            room=room,
            attempt=attempt,
            can_continue=context.can_continue,
            opening=_opening(brief, plan, context, step),
        ),
        context.session(step),
        growing.grow,
    )
    growing.end(narration.prose)
    draft = Draft(
        id=step,
        branch=state["branch"],
        parent=state["head"],
        scene_id=brief.id,
        attempt=attempt,
        prose=narration.prose,
        provenance=narration.provenance,
    )
    context.store.put_draft(draft)
    return {"draft": draft.id}


def _opening(brief: SceneBrief, plan: Plan, context: WriteContext, step: str) -> str:
    if not context.preset.openings:
        return ""
    return opening_of(brief, plan, derive_seed(context.caller.seed, "opening", step))


def _started(state: WriteState, brief: SceneBrief, attempt: int) -> SceneStarted:
    return SceneStarted(
        scene_id=brief.id,
        chapter_id=brief.chapter,
        position=state["position"] + 1,
        scenes=state["total"],
        attempt=attempt,
        target_words=state["target_words"],
        goal=brief.goal,
    )


def scene_prompt(state: WriteState, context: WriteContext) -> AssembledPrompt:
    """The narrator's prompt for the scene that the state is at."""
    plan = plan_of(state, context)
    before = context.store.get(state["head"]) if state["head"] else None
    brief = named(plan.scene(state["scene_id"]), plan)
    given = NarratorInput(
        world=render_world(plan),
        summary=before.summary if before else root_summary(plan.cast),
        notes=context.store.recalled(str(draw_step(state))),
        tail=tail_of(before.prose) if before else "",
        brief=tuple(render_brief(brief, words_to_ask(state, context), context.preset.layout.form)),
        constraints=_constraints(state, context),
        present=(brief.pov, *brief.others),
    )
    return assemble(given, context.preset.layout, context.count)


def _constraints(state: WriteState, context: WriteContext) -> tuple[str, ...]:
    """What a person wished, then what the last drafts of this draw did wrong; no repeats."""
    said = [state["note"]] if state.get("note") else []
    for attempt in reversed(range(1, state["attempt"])):
        draft = context.store.draft(str(draw_step(state).draft(attempt)))
        said += [f.constraint for f in blocking(draft.all_findings)] if draft else []
    return tuple(dict.fromkeys(filter(None, said)))


def note_fault(note: str, context: WriteContext) -> str:
    """Why a person's note cannot be given to the narrator; empty where it can."""
    tokens, room = context.count(caution(note)), context.preset.layout.cautions
    if not note or tokens <= room:
        return ""
    return f"Your note takes {tokens} tokens, and the narrator's prompt has room for {room}."


async def check_draft(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """The deterministic checks. A draft that fails them is not worth a model's reading."""
    context = runtime.context
    plan = plan_of(state, context)
    draft = reviewed(state, context)
    findings = check_scene(
        CheckInput(
            prose=draft.prose,
            finish_reason=draft.provenance.finish_reason,
            brief=plan.scene(draft.scene_id),
            plan=plan,
            preset=context.preset,
            target_words=state["target_words"],
            prompt=_prompt_text(context, draft),
            earlier=[c.prose for c in context.store.chain(state["head"])],
        ),
        context.store.exemptions(),
    )
    context.store.update_draft(draft.id, findings=findings)
    verdict = _verdict(state, context, bool(blocking(findings)))
    context.emit(
        DraftChecked(
            scene_id=draft.scene_id,
            attempt=state["attempt"],
            words=count_words(draft.prose),
            blocks=tuple(f.check for f in blocking(findings)),
            warns=sum(f.severity == "warn" for f in findings),
            verdict=verdict,
        ),
    )
    return {"verdict": verdict, "attempt": state["attempt"] + (verdict == "redraft")}


def _prompt_text(context: WriteContext, draft: Draft) -> str:
    record = context.store.find_call(draft.provenance.calls[0]) if draft.provenance.calls else None
    return "\n".join(m.content for m in record.messages) if record else ""


def _verdict(
    state: WriteState, context: WriteContext, blocked: bool
) -> Literal["review", "redraft", "cap"]:
    if not blocked or state.get("by_person"):
        return "review"
    return "redraft" if state["attempt"] < context.write.attempts else "cap"


async def choose_draft(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """The draft that is reviewed: the one that passed, or at the cap the best of all.

    Raises:
        UnfitSceneError: At the cap none is a scene.
    """
    context = runtime.context
    if state["verdict"] != "cap":
        return {"draft": state["draft"]}
    drafts = drafts_of(draw_step(state), context)
    best = best_draft(drafts, state["target_words"])
    if unfit(best.all_findings):
        raise unfit_scene(state, drafts)
    return {"draft": best.id}


def reviewed(state: WriteState, context: WriteContext) -> Draft:
    """The draft under review."""
    draft = context.store.draft(state["draft"])
    assert draft is not None, f"draft {state['draft']} was stored before it is reviewed"
    return draft
