"""Run a graph: start or resume it, keep its events, put its questions to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.write import WriteGraph
from novelcraft.state.events import (
    Decided,
    Drafting,
    Growth,
    SceneStarted,
    Waiting,
    WriteEvent,
)
from novelcraft.state.gates import Decision, GateRequest
from novelcraft.state.graph import WriteState
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.feed import FeedWriter

Decide = Callable[[GateRequest], Decision]

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
    ended = False
    if plan and chain and len(chain) < len(plan.scenes):
        last_chapter, next_chapter = chain[-1].chapter_id, plan.scenes[len(chain)].chapter
        # A plan that was given another length only has the same scenes.
        replanned = plan.scenes != store.plan(chain[-1].plan_version).scenes
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
    )


async def resumable(graph: WriteGraph, store: ManuscriptStore, branch_name: str) -> bool:
    """Whether the branch's checkpoint has a step in flight that fits the chain.

    It fits when the branch's head is the one that the step grows from, or the commit that the
    step was about to note when the process died.
    """
    snapshot = await graph.aget_state(thread(branch_name))
    if not snapshot.next:
        return False
    branch = store.branch(branch_name)
    known = snapshot.values.get("head")
    if branch.head == known:
        return True
    return branch.head is not None and store.get(branch.head).parent == known


class EventLog:
    """Keeps a run's events for whoever follows it, and passes them on.

    What is kept is in the store, but for the growth of the draft that is being written, which is
    in the folder's feed.

    Args:
        store: Where events are logged.
        feed: The folder's feed.
        branch: The branch that is written.
        on_event: Listens.
    """

    def __init__(
        self,
        store: ManuscriptStore,
        feed: FeedWriter,
        branch: str,
        on_event: OnEvent[WriteEvent],
    ) -> None:
        self._store = store
        self._feed = feed
        self._branch = branch
        self._on_event = on_event
        self._last = 0

    def __call__(self, event: WriteEvent) -> None:
        """Take an event."""
        if isinstance(event, Drafting):
            growth = Growth(after=self._last, branch=self._branch, event=event)
            self._feed.append(f"{growth.model_dump_json()}\n")
        else:
            self._last = self._store.log_event(event, self._branch)
        if isinstance(event, SceneStarted):
            self._feed.cut()
        self._on_event(event)


async def run(
    graph: WriteGraph,
    given: WriteState | Command[Any] | None,
    context: WriteContext,
    branch: str,
    decide: Decide | None,
) -> bool:
    """Run until the graph ends, or a person stops it.

    Args:
        graph: Compiled with a checkpointer when `decide` is given.
        given: State to start from; None resumes the step in flight.
        context: What the nodes get.
        branch: Name of the branch, which is the checkpointer's thread.
        decide: Answers the graph's questions. Without it a waiting graph stays waiting.

    Returns:
        Whether the graph came to its end; not where it waits for a person.
    """
    while True:
        await graph.ainvoke(
            given,
            thread(branch),
            context=context,
            durability="sync" if graph.checkpointer else None,
        )
        if graph.checkpointer is None:
            return True
        snapshot = await graph.aget_state(thread(branch))
        if not snapshot.interrupts:
            return True
        request = GateRequest.model_validate(snapshot.interrupts[0].value)
        context.emit(Waiting(gate=request.gate, about=request.about))
        if decide is None:
            return False
        head = context.store.branch(branch).head or ""
        decision = decide(request)
        answer = Decided(
            gate=request.gate, about=request.about, action=decision.action, commit=head
        )
        context.emit(answer)
        given = Command(resume=decision.model_dump())
