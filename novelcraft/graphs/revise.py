"""The revision graph: another draft of a scene that is already in the chain.

A redrawn scene is narrated again; an edited one brings a person's own words and only needs
its readers. Either way the scene is replaced, the scenes after it are set upon the new one
with their prose unchanged, their summaries are told anew, and those that rest on what is gone
are marked stale. The old chain stays as it was, under a branch of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from langgraph.graph import END, START, StateGraph

from novelcraft.agents.summarizer import SummaryInput, summarize
from novelcraft.graphs.acts.canon import keep_old_chain
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.nodes.commit import accepted_by, make_commit, renew_text
from novelcraft.graphs.nodes.scene import plan_of, reviewed
from novelcraft.graphs.stale import stale_reasons
from novelcraft.graphs.write import Builder, WriteGraph, add_drafting
from novelcraft.state.base import content_hash
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import Draft, Provenance, SceneCommit
from novelcraft.state.steps import DrawStep, retell_step
from novelcraft.tools.canon.store import ManuscriptStore


def own_words(branch: str, old: SceneCommit, prose: str) -> Draft:
    """A draft of a person's own prose in the place of a scene."""
    tag = content_hash(prose)[:12]
    return Draft(
        id=str(DrawStep.of(branch, old.parent, old.scene_id, tag).draft(1)),
        branch=branch,
        parent=old.parent,
        scene_id=old.scene_id,
        attempt=1,
        prose=prose.strip(),
        provenance=Provenance(
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
        ),
    )


def revision_state(
    store: ManuscriptStore,
    branch: str,
    old: SceneCommit,
    *,
    draft: Draft | None = None,
    note: str = "",
    draw: int = 0,
) -> WriteState:
    """The state of a branch as of a scene's parent, set to make that scene again.

    It should have as many words as the plan says, whatever the old one came to.
    """
    state = WriteState(
        branch=branch,
        head=old.parent,
        plan_version=old.plan_version,
        position=old.position - 1,
        total=old.position,
        scene_id=old.scene_id,
        target_words=store.plan(old.plan_version).scene(old.scene_id).target_words,
        attempt=1,
        draw=draw,
        note=note,
        by_person=draft is not None,
    )
    return state if draft is None else {**state, "draft": draft.id}


def _entry(state: WriteState) -> Literal["recall", "check"]:
    return "check" if state.get("by_person") else "recall"


def build_revise_graph() -> WriteGraph:
    """Compile the graph. It needs no checkpointer: its only lasting effect is its last step."""
    builder: Builder = StateGraph(WriteState, WriteContext)
    add_drafting(builder)
    builder.add_node("commit", replace_scene)
    builder.add_conditional_edges(START, _entry)
    builder.add_edge("commit", END)
    return builder.compile(name="revise")


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
    new = SceneCommit.model_validate(
        {**new.model_dump(exclude={"id"}), "plan_version": old.plan_version}
    )
    rebased = await rebase(context, state, old, new, chain[old.position :])
    if not changed_outside:
        keep_old_chain(context.store, branch.name)
    context.store.replace_tail(state["branch"], rebased, expected=branch.head)
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
        changes = {
            "parent": rebased[-1].id,
            "summary": summary,
            "stale": tuple(dict.fromkeys((*commit.stale, *reasons))),
        }
        rebased.append(SceneCommit.model_validate({**commit.model_dump(exclude={"id"}), **changes}))
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
