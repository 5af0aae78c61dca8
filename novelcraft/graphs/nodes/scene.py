"""Nodes that make a draft: brief, recall, narrate, check, choose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from novelcraft.agents.narrator import Narration, NarrationInput, narrate
from novelcraft.agents.planner.pacing import next_target
from novelcraft.agents.session import AgentSession
from novelcraft.errors import ContextOverflowError
from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.attempts import (
    drafts_of,
    draw_step,
    next_draw,
    prompt_bound,
    shorter_bound,
    stop_if_capped,
    token_room,
    unfit_scene,
    usual_words,
    words_to_ask,
)
from novelcraft.graphs.best import best_draft
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.drafting import DraftStream
from novelcraft.graphs.history import in_short, story_of
from novelcraft.graphs.nodes.safe_points import at_safe_point
from novelcraft.graphs.part_summaries import summarize_parts
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.narrator import (
    AssembledPrompt,
    NarratorInput,
    assemble,
    tail_of,
)
from novelcraft.prompts.opening import opening_of
from novelcraft.prompts.world import render_world
from novelcraft.state.base import derive_seed
from novelcraft.state.events import DraftChecked, Notice, SceneStarted, StepStarted
from novelcraft.state.findings import blocking
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import Draft, count_words
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.canon.ranking import MOST_NOTES
from novelcraft.tools.checks import CheckInput, check_scene, unfit


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
    context.emit(StepStarted(step="brief"))
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
    """Canon facts and passages for the scene, as of its parent; what parts have ended is told."""
    context = runtime.context
    context.emit(StepStarted(step="recall"))
    plan = plan_of(state, context)
    brief = plan.scene(state["scene_id"])
    state = {**state, "draw": next_draw(state, context)}
    notes, _ = await asyncio.gather(
        context.index.recall(
            context.store, state["head"], brief, plan, MOST_NOTES, passages=context.passages
        ),
        summarize_parts(context, state["head"], plan, brief.id),
    )
    context.store.put_recalled(
        str(draw_step(state)),
        [*ActsInForce(context.store, state["branch"]).pinned, *(note.text for note in notes)],
        branch=state["branch"],
        parent=state["head"],
    )
    if state["head"] is None:
        # The index takes half a second to open.
        context.background.defer(partial(context.index.sync, ()))
    return {"attempt": 1, "draw": state["draw"]}


async def narrate_scene(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """A draft from a clean prompt; after a rejected one, with constraints added."""
    context = runtime.context
    plan = plan_of(state, context)
    brief = plan.scene(state["scene_id"])
    attempt = state["attempt"]
    place = context.place(state["branch"], "draft", scene_id=brief.id, attempt=attempt)
    await at_safe_point(context, place)
    context.emit(_started(state, brief, attempt))
    step = str(draw_step(state).draft(attempt))
    opening = _opening(brief, plan, context, step)
    with DraftStream(context.emit, brief.id, state["target_words"]) as growing:

        def watch(text: str) -> None:
            context.background.start()
            growing.grow(text)

        narration = await _narrated(state, context, opening, context.session(step), watch)
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


async def _narrated(
    state: WriteState,
    context: WriteContext,
    opening: str,
    session: AgentSession,
    watch: Callable[[str], None],
) -> Narration:
    """A narration; from a shorter prompt, once, where the server refuses it as too long."""
    prompt = await asyncio.to_thread(scene_prompt, state, context, prompt_bound(context))
    if state["attempt"] == 1:
        _tell_unseen(state, context, prompt)
    try:
        given = await asyncio.to_thread(_narration_input, state, context, prompt, opening)
        return await narrate(given, session, watch)
    except ContextOverflowError as error:
        most = shorter_bound(prompt, context)
        shorter = await asyncio.to_thread(scene_prompt, state, context, most)
        if shorter.hash == prompt.hash:
            raise
        context.emit(Notice(text=f"{error.message} {_shortened(prompt, shorter)}"))
    given = await asyncio.to_thread(_narration_input, state, context, shorter, opening)
    return await narrate(given, session, watch)


def _tell_unseen(state: WriteState, context: WriteContext, prompt: AssembledPrompt) -> None:
    head = state["head"]
    since = context.store.get(head).plan_version if head else 0
    standing = ActsInForce(context.store, state["branch"])
    for text in standing.unseen(state["scene_id"], prompt.sections, since):
        context.emit(Notice(text=text))


def _shortened(prompt: AssembledPrompt, shorter: AssembledPrompt) -> str:
    """What was left out of a prompt, for a person."""
    now = {section.name: section.tokens for section in shorter.sections}
    less = [
        f"{section.name} {section.tokens - now[section.name]:,}"
        for section in prompt.sections
        if section.tokens > now[section.name]
    ]
    return f"It is asked once more with less of it, in tokens: {', '.join(less)}."


def _narration_input(
    state: WriteState, context: WriteContext, prompt: AssembledPrompt, opening: str
) -> NarrationInput:
    tokens_per_word, room = token_room(state, context, prompt)
    return NarrationInput(
        prompt=prompt,
        target_words=state["target_words"],
        asked_words=words_to_ask(state, context),
        tokens_per_word=tokens_per_word,
        room=room,
        attempt=state["attempt"],
        can_continue=context.can_continue,
        opening=opening,
    )


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


def scene_prompt(state: WriteState, context: WriteContext, most: int | None) -> AssembledPrompt:
    """The narrator's prompt for the scene that the state is at; for `most` see `assemble`."""
    plan = plan_of(state, context)
    chain = context.store.chain(state["head"])
    before = chain[-1] if chain else None
    brief = named(plan.scene(state["scene_id"]), plan)
    told = in_short(context.novel, context.store, chain, plan, state["scene_id"])
    story = story_of(told, chain, context.preset, context.count, most)
    given = NarratorInput(
        world=render_world(plan),
        summary=story.summary,
        past=story.past,
        recent=story.recent,
        notes=context.store.recalled(str(draw_step(state))),
        tail=tail_of(before.prose) if before else "",
        brief=tuple(render_brief(brief, words_to_ask(state, context), context.preset.layout.form)),
        constraints=_constraints(state, context),
        present=(brief.pov, *brief.others),
    )
    return assemble(given, context.preset.layout, context.count, most)


def _constraints(state: WriteState, context: WriteContext) -> tuple[str, ...]:
    """What a person wished, then what the last drafts of this draw did wrong; no repeats."""
    notes = ActsInForce(context.store, state["branch"]).notes(state["scene_id"], state["attempt"])
    said = [state.get("note", ""), *notes]
    for attempt in reversed(range(1, state["attempt"])):
        draft = context.store.draft(str(draw_step(state).draft(attempt)))
        said += [f.constraint for f in blocking(draft.all_findings)] if draft else []
    return tuple(dict.fromkeys(filter(None, said)))


async def check_draft(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """The deterministic checks. A draft that fails them is not worth a model's reading."""
    context = runtime.context
    context.emit(StepStarted(step="checks"))
    plan = plan_of(state, context)
    draft = reviewed(state, context)
    findings = await asyncio.to_thread(
        check_scene,
        CheckInput(
            prose=draft.prose,
            finish_reason=draft.provenance.finish_reason,
            brief=plan.scene(draft.scene_id),
            plan=plan,
            preset=context.preset,
            target_words=state["target_words"],
            prompt=_prompt_text(context, draft),
            earlier=[c.prose for c in context.store.chain(state["head"])],
            embedder=context.embedder,
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
        raise unfit_scene(state, drafts, context)
    return {"draft": best.id}


def reviewed(state: WriteState, context: WriteContext) -> Draft:
    """The draft under review."""
    draft = context.store.draft(state["draft"])
    assert draft is not None, f"draft {state['draft']} was stored before it is reviewed"
    return draft
