"""The gates, where an attended run waits for a person: after the plan, a chapter, a scene.

The answer is an act, so that it may come from any process and at any time. It is kept: a run that
is killed after it and comes to the gate again does as it was told.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from novelcraft.errors import HeadMovedError, InputError
from novelcraft.graphs.acts.in_force import PLAN
from novelcraft.graphs.acts.place import next_scene
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.nodes.safe_points import POLL
from novelcraft.graphs.nodes.scene import plan_of
from novelcraft.graphs.nodes.steer import as_it_stands, take_any
from novelcraft.graphs.steering import finish, refuse
from novelcraft.state.acts import ActRecord, Effect, Reject, Stop
from novelcraft.state.events import Decided, Gate, Waiting
from novelcraft.state.graph import WriteState
from novelcraft.state.manuscript import SceneCommit


class Answer(NamedTuple):
    """What becomes of a run at a gate."""

    action: Literal["accept", "redraw", "stop", "wait", "again"]
    """`wait`: it ends there, for nobody attends it. `again`: what it is about has changed."""
    note: str = ""
    """With `redraw`: what should be different."""


@dataclass(frozen=True)
class Stand:
    """A run at a gate."""

    context: WriteContext
    branch: str
    gate: Gate
    about: str
    target: str
    """What it is about: `plan`, or the id of a chapter or scene."""
    within: str = ""
    """Of a scene, the chapter."""
    draw: int = 0
    """How often this was sent back before."""

    @property
    def approved(self) -> bool:
        """Whether a person let it pass, at the gate or before."""
        standing = self.context.place(self.branch, "gate").in_force
        return bool({self.target, self.within} & standing.approved)

    def decide(self, action: Literal["accept", "redraw", "stop"], note: str = "") -> Answer:
        """Tell what the person said."""
        head = self.context.store.branch(self.branch).head or ""
        self.context.emit(Decided(gate=self.gate, about=self.about, action=action, commit=head))
        return Answer(action, note)

    def sent_back(self) -> str | None:
        """The last note with which this was sent back, if a killed run has not done it yet."""
        head = self.context.store.branch(self.branch).head
        notes = [
            record.act.note
            for record in self.context.store.acts(self.branch, "applied")
            if isinstance(record.act, Reject)
            and (record.target, record.commit) == (self.target, head)
        ]
        return notes[-1] if len(notes) > self.draw else None

    async def answer(self) -> Answer:
        """Wait for the person's answer, and take what else is left meanwhile."""
        if self.gate not in self.context.write.attend or self.approved:
            return Answer("accept")
        note = self.sent_back()
        if note is not None:
            return Answer("redraw", note)
        self.context.emit(Waiting(gate=self.gate, about=self.about))
        while True:
            answer = await self._look()
            if answer is not None:
                return answer
            if not self.context.wait:
                return Answer("wait")
            await asyncio.sleep(POLL)

    async def _look(self) -> Answer | None:
        store = self.context.store
        before = store.branch(self.branch)
        place = self.context.place(
            self.branch,
            "gate",
            scene_id=next_scene(store, self.branch),
            gate=self.target,
        )
        for record in store.acts(self.branch, "pending"):
            match record.act:
                case Reject():
                    if self._takes(record):
                        return self.decide("redraw", record.act.note)
                case Stop():
                    finish(record, place, self.context.emit, Effect(target=self.target))
                    return self.decide("stop")
                case _:
                    await take_any(self.context, record, place)
            if self.approved:
                return self.decide("accept")
            if store.branch(self.branch) != before:
                return Answer("again")
        return None

    def _takes(self, record: ActRecord) -> bool:
        assert isinstance(record.act, Reject), "no other act sends back"
        context = self.context
        place = context.place(self.branch, "gate")
        if fault := context.note_fault(record.act.note):
            refuse(record, place, InputError(fault, fix="Say it shorter."), context.emit)
            return False
        head = context.store.branch(self.branch).head
        finish(record, place, context.emit, Effect(target=self.target, commit=head))
        return True


async def gate_plan(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Wait for a person to look at a new plan; `redraw` has it made anew."""
    context, draw = runtime.context, state.get("plan_draw", 0)
    plan = context.store.plan(state["plan_version"] or 1)
    stand = Stand(context, state["branch"], "plan", plan.core.title, PLAN, draw=draw)
    answer = await stand.answer()
    return {
        **as_it_stands(context, state["branch"]),
        "action": answer.action,
        "note": answer.note,
        "plan_draw": draw + (answer.action == "redraw"),
        "until": context.until,
    }


async def gate_chapter(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Wait for a person at a chapter's end; `redraw` asks the planner for another replan."""
    context, draw = runtime.context, state.get("draw", 0)
    commit = context.store.get(state["head"] or "")
    chapter = plan_of(state, context).chapter(commit.chapter_id)
    about = f"chapter {chapter.number}, {chapter.title}"
    stand = Stand(context, state["branch"], "chapter", about, chapter.id, draw=draw)
    answer = await stand.answer()
    again = answer.action == "redraw"
    return {
        **as_it_stands(context, state["branch"]),
        "action": answer.action,
        "note": answer.note,
        "chapter_ended": again,
        "draw": draw + 1 if again else 0,
    }


async def gate_scene(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Wait for a person to read the scene; `redraw` takes it back and draws another one.

    A scene that a person put there needs no answer.

    Raises:
        HeadMovedError: If the branch was moved by someone else while the person was reading.
    """
    context, branch = runtime.context, state["branch"]
    commit = context.store.get(state["head"] or "")
    answer = Answer("accept")
    if commit.accepted_by != "person":
        stand = Stand(
            context,
            branch,
            "scene",
            f"scene {commit.position}",
            commit.scene_id,
            within=commit.chapter_id,
        )
        answer = await stand.answer()
    if answer.action != "redraw":
        return {
            **as_it_stands(context, branch),
            "action": answer.action,
            "capped_in_row": 0,
        }
    take_back(context, branch, commit)
    return {
        "action": "redraw",
        "head": commit.parent,
        "note": answer.note,
        "draw": context.store.count_siblings(commit.parent, commit.scene_id),
        "chapter_ended": False,
    }


def take_back(context: WriteContext, branch: str, commit: SceneCommit) -> None:
    """Move the head back over a commit; doing it twice is harmless."""
    head = context.store.branch(branch).head
    if head == commit.parent:
        return
    if head != commit.id:
        raise HeadMovedError(
            f"The branch {branch!r} is no longer at scene {commit.position}.",
            fix="Run the same command again to go on from where the branch is now.",
        )
    context.store.set_head(branch, commit.parent, expected=commit.id)
