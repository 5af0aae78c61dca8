"""Run a graph: start or resume it, and keep its events."""

from __future__ import annotations

from functools import partial
from typing import cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver

from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.scene_graph import WriteGraph
from novelcraft.graphs.steering import waiting_at
from novelcraft.state.graph import WriteState
from novelcraft.state.plan import SceneBrief
from novelcraft.tools.canon.store import ManuscriptStore

KEPT_BEFORE = ("story", "replan", "steer", "commit")
"""Nodes that a run which is killed goes on from: what a person said at a gate, and that a scene is
written, are not to be asked for or made twice. All between them follows from the drafts and calls
that are stored."""

INTERRUPT = "__interrupt__"
"""Key by which LangGraph tells that it stopped before such a node."""

STEP_LIMIT = 1_000_000
"""Bound on the steps of one run. A long book takes tens of thousands; routes end the loop."""


def thread(branch: str) -> RunnableConfig:
    """The checkpointer's thread of a branch."""
    return {"configurable": {"thread_id": branch}, "recursion_limit": STEP_LIMIT}


def start_state(store: ManuscriptStore, branch_name: str, until: int | None) -> WriteState:
    """The state that follows from the chain alone, for a run without a checkpoint."""
    branch = store.branch(branch_name)
    chain = store.chain(branch.head)
    plan = store.plan(branch.plan_version) if branch.plan_version else None
    ended, waiting = False, waiting_at(store, branch_name)
    if plan and chain and len(chain) < len(plan.scenes):
        last_chapter, next_chapter = chain[-1].chapter_id, plan.scenes[len(chain)].chapter
        # A plan that was given another length only has the same scenes.
        replanned = _by_planner(store, branch_name, plan.version) != _by_planner(
            store, branch_name, chain[-1].plan_version
        )
        ended = last_chapter != next_chapter and not replanned
    return WriteState(
        branch=branch.name,
        head=branch.head,
        plan_version=branch.plan_version,
        plan_draw=0,
        position=len(chain),
        total=len(plan.scenes) if plan else 0,
        chapter_ended=ended,
        until=until,
        gate=waiting.gate if waiting else "",
    )


def _by_planner(store: ManuscriptStore, branch: str, version: int) -> tuple[SceneBrief, ...]:
    """The scenes of a plan as the planner left them, before a person's edits."""
    by_hand = ActsInForce(store, branch).plans_by_hand
    while version in by_hand:
        version = store.plan(version).parent or 1
    return store.plan(version).scenes


async def resumable(graph: WriteGraph, store: ManuscriptStore, branch_name: str) -> bool:
    """Whether the branch's checkpoint has a step in flight that fits the chain.

    It fits when the branch's head is the one that the step grows from, or the commit that the
    step was about to note when the process died; and when nobody changed the book since.
    """
    snapshot = await graph.aget_state(thread(branch_name))
    if not snapshot.next:
        return False
    if ActsInForce(store, branch_name).changed_while_idle(snapshot.created_at or ""):
        return False
    branch = store.branch(branch_name)
    known = snapshot.values.get("head")
    if branch.head == known:
        return True
    return branch.head is not None and store.get(branch.head).parent == known


async def run(
    graph: WriteGraph, given: WriteState | None, context: WriteContext, branch: str
) -> WriteState:
    """Run until the graph ends: the book is done, a person stopped it, or nobody answers a gate.

    Checkpoints are kept before each of `KEPT_BEFORE`, and where the run is cut short.

    Args:
        graph: Compiled with a checkpointer.
        given: State to start from; None resumes the step in flight.
        context: What the nodes get.
        branch: Name of the branch, which is the checkpointer's thread.

    Returns:
        The state at the end.
    """
    assert isinstance(graph.checkpointer, BaseCheckpointSaver), "it was compiled with one"
    state, ended = given, False
    while not ended:
        ended = True
        steps = graph.astream(
            given,
            thread(branch),
            context=context,
            stream_mode=["values", "updates"],
            interrupt_before=KEPT_BEFORE,
            durability="exit",
        )
        async for mode, chunk in steps:
            if mode == "values":
                state = cast(WriteState, chunk)
            elif INTERRUPT in chunk:
                ended = False
        context.background.defer(partial(graph.checkpointer.aprune, [branch]))
        given = None
    assert state is not None, "a run has at least one step"
    return state
