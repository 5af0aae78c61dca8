"""The revision graph: another draft of a scene that is already in the chain.

A redrawn scene is narrated again; an edited one brings a person's own words and only needs
its readers. Either way the scene is replaced, the scenes after it are set upon the new one
with their prose unchanged, their summaries are told anew, and those that rest on what is gone
are marked stale. The old chain stays as it was, under a branch of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph

from novelcraft.agents.summarizer import SummaryInput, summarize
from novelcraft.errors import InputError, UnknownTargetError, WritingError
from novelcraft.graphs.acts.canon import keep_old_chain
from novelcraft.graphs.acts.place import Place
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.nodes.commit import accepted_by, make_commit, renew_text
from novelcraft.graphs.nodes.scene import plan_of, reviewed
from novelcraft.graphs.scene_graph import Builder, WriteGraph, add_drafting
from novelcraft.graphs.stale import set_upon, stale_reasons
from novelcraft.graphs.steering import refuse, settled_event
from novelcraft.state.acts import ActRecord, ChooseDraft, EditScene, Effect, Redraw, Replay
from novelcraft.state.base import content_hash
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import Draft, Provenance, SceneCommit, count_words
from novelcraft.state.steps import DrawStep, retell_step


def _own_words(branch: str, old: SceneCommit, prose: str) -> Draft:
    """A draft of a person's own prose in the place of a scene.

    Raises:
        InputError: It holds no words.
    """
    if not count_words(prose):
        raise InputError(
            f"The new prose of scene {old.position} holds no words.", fix="Give the scene's prose."
        )
    by_person = Provenance(
        role="person",
        model="person",
        prompt_hash="",
        template_hash="",
        sampling={},
        seed=0,
        prompt_tokens=0,
        completion_tokens=0,
        finish_reason="stop",
        attempt=1,
        calls=(),
    )
    return _replacement(branch, old, prose.strip(), by_person)


def _replacement(branch: str, old: SceneCommit, prose: str, provenance: Provenance) -> Draft:
    """A draft that was written already, to be put in the place of a scene."""
    tag = content_hash(prose)[:12]
    return Draft(
        id=str(DrawStep.of(branch, old.parent, old.scene_id, tag).draft(1)),
        branch=branch,
        parent=old.parent,
        scene_id=old.scene_id,
        attempt=1,
        prose=prose,
        provenance=provenance,
    )


def _revision_state(
    place: Place, old: SceneCommit, *, draft: Draft | None = None, note: str = "", draw: int = 0
) -> WriteState:
    """The state of a branch as of a scene's parent, set to make that scene again.

    It should have as many words as the plan says, whatever the old one came to. Where a person has
    edited the plan, it is made from that.
    """
    version = old.plan_version
    if place.in_force.plans_by_hand:
        version = place.store.branch(place.branch).plan_version or version
    state = WriteState(
        branch=place.branch,
        head=old.parent,
        plan_version=version,
        position=old.position - 1,
        total=old.position,
        scene_id=old.scene_id,
        target_words=place.store.plan(version).scene(old.scene_id).target_words,
        attempt=1,
        draw=draw,
        note=note,
        by_person=draft is not None,
    )
    return state if draft is None else {**state, "draft": draft.id}


def _entry(state: WriteState) -> Literal["recall", "check"]:
    return "check" if state.get("by_person") else "recall"


def build_revise_graph() -> WriteGraph:
    """Compile the graph. It keeps no checkpoints: its only lasting effect is its last step."""
    builder: Builder = StateGraph(WriteState, WriteContext)
    add_drafting(builder)
    builder.add_node("commit", replace_scene)
    builder.add_conditional_edges(START, _entry)
    builder.add_edge("commit", END)
    return builder.compile(checkpointer=False, name="revise")


async def replace_scene(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Put the reviewed draft in the place of the scene it revises, in one transaction."""
    context = runtime.context
    draft = reviewed(state, context)
    branch = context.store.branch(state["branch"])
    chain = context.store.chain(branch.head)
    old = next(c for c in chain if c.scene_id == draft.scene_id)
    changed_outside = context.store.is_trusted(old.id)
    if changed_outside:
        # What the later scenes rest on is not known, and the chain is not worth keeping.
        old = old.model_copy(update={"prose": ""})
    new = make_commit(state, context, draft, accepted_by(state, draft))
    rebased = await rebase(context, state, old, new, chain[old.position :])
    with context.store.atomic():
        if not changed_outside:
            keep_old_chain(context.store, branch.name)
        context.store.replace_tail(state["branch"], rebased, expected=branch.head)
        if act := state.get("act"):
            effect = Effect(target=new.scene_id, commit=new.id)
            context.store.finish_act(act, state["point"], effect)
    await renew_text(context, state["branch"])
    return {"head": rebased[-1].id, "position": len(chain)}


async def rebase(
    context: WriteContext,
    state: WriteState,
    old: SceneCommit,
    new: SceneCommit,
    later: Sequence[SceneCommit],
) -> list[SceneCommit]:
    """The new scene and the later ones set upon it."""
    rebased = [new]
    for commit in later:
        reasons = stale_reasons(old, new, commit)
        summary = await _retell(context, state, rebased[-1], commit)
        rebased.append(set_upon(rebased[-1], commit, reasons, summary=summary))
    return rebased


async def _retell(
    context: WriteContext, state: WriteState, before: SceneCommit, commit: SceneCommit
) -> str:
    plan = plan_of(state, context)
    given = SummaryInput(
        prose=commit.prose,
        summary=before.summary,
        names=tuple(c.name for c in plan.cast if c.name.split()[0] in commit.prose),
    )
    step = retell_step(state["branch"], before.id, commit.scene_id)
    return (await summarize(given, context.session(step))).summary


async def revise(context: WriteContext, record: ActRecord, place: Place) -> None:
    """Have written scenes made again, as an act says; what cannot be is refused."""
    try:
        match record.act:
            case Redraw(scene=scene, note=note):
                await _redraw(context, record, place, place.written(scene), note)
            case EditScene(scene=scene, prose=prose):
                old = place.written(scene)
                await _put(context, record, place, old, _own_words(place.branch, old, prose))
            case ChooseDraft(scene=scene, draft=name):
                old = place.written(scene)
                await _put(context, record, place, old, _chosen(place, old, name))
            case Replay(scene=scene):
                await _replay(context, record, place, scene)
    except (InputError, WritingError) as error:
        refuse(record, place, error, context.emit)
    else:
        context.emit(settled_event(context.store.act(record.id)))


async def _redraw(
    context: WriteContext, record: ActRecord, place: Place, old: SceneCommit, note: str
) -> None:
    if fault := context.note_fault(note):
        raise InputError(fault, fix="Say it shorter.")
    draw = context.store.count_siblings(old.parent, old.scene_id)
    state = _revision_state(place, old, note=note, draw=draw)
    await _make_again(context, state, record, place)


async def _put(
    context: WriteContext, record: ActRecord, place: Place, old: SceneCommit, draft: Draft
) -> None:
    context.store.put_draft(draft)
    await _make_again(context, _revision_state(place, old, draft=draft), record, place)


async def _make_again(
    context: WriteContext, state: WriteState, record: ActRecord, place: Place
) -> None:
    # A replay is done when all its scenes are.
    act = 0 if isinstance(record.act, Replay) else record.id
    given: WriteState = {**state, "act": act, "point": place.point}
    made = build_revise_graph().ainvoke(given, context=context)
    # LangGraph hands the run's checkpoints down to a graph within a node by context variables.
    await asyncio.create_task(made, context=Context())


def _chosen(place: Place, old: SceneCommit, name: str) -> Draft:
    """A draft of the scene that is kept, or a commit of it, as a draft in its place."""
    found: Draft | SceneCommit = place.store.draft(name) or place.store.get(name)
    if found.scene_id != old.scene_id:
        raise UnknownTargetError(
            f"{name} is a draft of {found.scene_id}, not of {old.scene_id}.",
            fix="Name a draft of the scene, or a commit of it, from: novelcraft log NOVEL",
        )
    return _replacement(place.branch, old, found.prose, found.provenance)


async def _replay(context: WriteContext, record: ActRecord, place: Place, scene: str) -> None:
    """Narrate the stale scenes again, in order; one that is killed goes on with those left."""
    only = place.written(scene).position if scene else 0
    done = 0
    while stale := _next_stale(place, only, done):
        done = stale.position
        await _redraw(context, record, place, stale, "")
    if not done:
        what = f"Scene {only} is" if only else "No scene is"
        marked = "not marked" if only else "marked"
        raise InputError(
            f"{what} {marked} as one that may no longer fit.", fix="Have it drawn again instead."
        )
    context.store.finish_act(record.id, place.point)


def _next_stale(place: Place, only: int, after: int) -> SceneCommit | None:
    chain = place.store.chain(place.store.branch(place.branch).head)
    stale = [c for c in chain if c.stale and c.position > after and only in (0, c.position)]
    return next(iter(stale), None)
