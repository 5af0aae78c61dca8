"""Steer a novel from any process: leave acts, take them back, see what waits.

An act is left in the novel's database. The run that holds the novel takes it at its next safe
point; where no process holds it, what needs no model is done at once. Nothing here loads
LangGraph, and nothing here keeps a run from writing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from novelcraft.config.load import load_settings
from novelcraft.config.resolve import resolve
from novelcraft.config.root import Settings
from novelcraft.config.user import find_user_file
from novelcraft.errors import InputError, NovelcraftError, ProjectBusyError
from novelcraft.graphs.acts.in_force import PLAN
from novelcraft.graphs.acts.place import Place, fault_of_note, next_scene
from novelcraft.graphs.acts.registry import KINDS, may_take, needs_models
from novelcraft.graphs.folder import TOML
from novelcraft.prompts.narrator import caution
from novelcraft.state.acts import Act, ActRecord, Effect, Pause, Reject, Resume, Stop
from novelcraft.state.events import ActSettled, Gate, Waiting, WriteEvent
from novelcraft.state.plan import Plan
from novelcraft.state.stream import OnEvent
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.models.tokens import estimate_tokens
from novelcraft.tools.storage.lock import ProjectLock, holder

_OF_A_RUN = Pause | Resume | Stop
_SINCE_WAITING = "waiting", "decided", "scene_started", "run_finished"
"""Events that say whether a gate is still waited at."""
_POINTS = {
    "brief": "before the next brief",
    "draft": "before the next draft",
    "gate": "at the gate where the run waits",
}


def put(
    folder: Path, store: ManuscriptStore, act: Act, *, branch: str = "main", by: str = ""
) -> ActRecord:
    """Leave an act for a branch.

    Where no process holds the novel, what needs no model is done before this returns: the act,
    and what was left before it.

    Returns:
        The act as it stands then.

    Raises:
        UnknownTargetError: There is no such branch.
        ReadOnlyError, DiskFullError: It could not be left.
    """
    record = store.put_act(act, branch=branch, by=by)
    try:
        with ProjectLock(folder):
            take_idle(folder, store, branch)
    except ProjectBusyError:
        return record
    return store.act(record.id)


def needs_process(folder: Path, record: ActRecord) -> bool:
    """Whether an act waits for somebody to start a process: `novelcraft steer DIR apply`."""
    return record.status == "pending" and needs_models(record.act) and holder(folder) is None


def takes_acts(folder: Path, branch: str) -> bool:
    """Whether a run writes the branch now, which takes acts at its safe points."""
    held = holder(folder)
    return held is not None and held.writes == branch


def taken_at(store: ManuscriptStore, record: ActRecord, *, running: bool) -> str:
    """Where an act will be taken, in words; empty for one that does not wait any more.

    Args:
        store: The novel's.
        record: The act.
        running: Whether a run writes the branch that it was left for.
    """
    if record.status != "pending":
        return ""
    points = KINDS[type(record.act)].points
    if not running:
        return "when a run goes on" if "brief" in points else "when a run comes to a gate"
    if "gate" in points and waiting_at(store, record.branch):
        return _POINTS["gate"]
    return _POINTS["draft"] if "draft" in points else _POINTS["brief"]


def waiting_at(store: ManuscriptStore, branch: str) -> Waiting | None:
    """The gate at which a branch waits, or did when its run ended; None for none."""
    last = store.events(*_SINCE_WAITING, branch=branch, last=1)
    event = last[0].event if last else None
    return event if isinstance(event, Waiting) else None


def gate_target(store: ManuscriptStore, branch: str, gate: Gate) -> str:
    """What the gate that a branch waits at is about: `plan`, or the id of a chapter or scene."""
    head = store.branch(branch).head
    if gate == "plan" or head is None:
        return PLAN
    commit = store.get(head)
    return commit.scene_id if gate == "scene" else commit.chapter_id


def gate_text(store: ManuscriptStore, branch_name: str, gate: Gate) -> str:
    """What there is to look at: the outline, the scene, or the story so far and what comes."""
    branch = store.branch(branch_name)
    plan = store.plan(branch.plan_version or 1)
    if gate == "plan" or branch.head is None:
        return outline_text(plan)
    commit = store.get(branch.head)
    if gate == "scene":
        return commit.prose
    coming = plan.scenes[commit.position :]
    lines = [f"The story so far: {commit.summary}", "", "Next:"]
    lines += [f"  {s.id} {s.place}: {s.goal}" for s in coming if s.chapter == coming[0].chapter]
    return "\n".join(lines)


def outline_text(plan: Plan) -> str:
    """A plan as a person reads it."""
    lines = [plan.core.title, plan.core.logline, f"It ends: {plan.core.ending}", ""]
    lines += [f"{c.name}: {c.role}; wants {c.want}" for c in plan.cast]
    for chapter in plan.chapters:
        lines += ["", f"Chapter {chapter.number}: {chapter.title}. {chapter.summary}"]
        lines += [f"  {s.id} {s.place}: {s.goal}" for s in plan.scenes_of(chapter.id)]
    return "\n".join(lines)


# -- taking acts: whoever does holds the folder's lock --------------------------------------------


def take(record: ActRecord, place: Place, emit: OnEvent[WriteEvent]) -> bool:
    """Take an act that the database alone is changed by, if it may be taken there.

    The act and what it changes are one transaction. One that cannot be done is refused.

    Returns:
        Whether it is settled now. One that is not waits for another point.
    """
    kind = KINDS[type(record.act)]
    if kind.apply is None or not may_take(record.act, place):
        return False
    try:
        with place.store.atomic():
            effect = kind.apply(record.act, place)
            settled = place.store.finish_act(record.id, place.point, effect)
    except InputError as error:
        refuse(record, place, error, emit)
    else:
        emit(settled_event(settled))
    return True


def finish(
    record: ActRecord, place: Place, emit: OnEvent[WriteEvent], effect: Effect | None = None
) -> None:
    """Note that an act was applied, unless somebody took it back meanwhile."""
    with suppress(InputError):
        emit(settled_event(place.store.finish_act(record.id, place.point, effect or Effect())))


def refuse(
    record: ActRecord, place: Place, error: NovelcraftError, emit: OnEvent[WriteEvent]
) -> None:
    """Note that an act cannot be done; nothing where somebody took it back meanwhile."""
    if place.store.act(record.id).status == "pending":
        emit(settled_event(place.store.refuse_act(record.id, place.point, str(error))))


def settled_event(record: ActRecord) -> ActSettled:
    """What is told of an act that was taken."""
    return ActSettled(
        act=record.id,
        what=record.act.kind,
        status="applied" if record.status == "applied" else "refused",
        reason=record.reason,
        point=record.point,
        target=record.target,
    )


def take_idle(
    folder: Path,
    store: ManuscriptStore,
    branch: str,
    on_event: OnEvent[WriteEvent] | None = None,
) -> None:
    """Take what waits for a branch that nobody writes, but for what needs a model.

    Args:
        folder: The novel's.
        store: The novel's.
        branch: The branch.
        on_event: Takes the events, and logs them; without it they are logged.
    """

    def log(event: WriteEvent) -> None:
        store.log_event(event, branch)

    emit = on_event or log
    for record in store.acts(branch, "pending"):
        place = idle_place(folder, store, branch)
        if isinstance(record.act, _OF_A_RUN):
            refuse(record, place, _no_run(), emit)
        elif isinstance(record.act, Reject) and not place.gate:
            refuse(record, place, nothing_waits(), emit)
        else:
            take(record, place, emit)


def refuse_leftovers(place: Place, emit: OnEvent[WriteEvent]) -> None:
    """Refuse what was meant for a run that has ended, before the next one takes it for itself."""
    for record in place.store.acts(place.branch, "pending"):
        if isinstance(record.act, _OF_A_RUN):
            refuse(record, place, _no_run(), emit)


def idle_place(folder: Path, store: ManuscriptStore, branch: str) -> Place:
    """The place of a branch that nobody writes."""
    waiting = waiting_at(store, branch)

    def settings() -> Settings:
        environ = os.environ
        return load_settings(folder / TOML, environ=environ, user_file=find_user_file(environ))

    def note_fault(text: str) -> str:
        return fault_of_note(estimate_tokens(caution(text)), _room(settings()))

    return Place(
        store=store,
        branch=branch,
        point="idle",
        settings=settings,
        note_fault=note_fault,
        scene_id=next_scene(store, branch),
        gate=gate_target(store, branch, waiting.gate) if waiting else "",
    )


def nothing_waits() -> InputError:
    """What an answer that nobody waits for is refused with."""
    return InputError("The run waits at no gate.", fix="Have a scene drawn again with `redraw`.")


def _room(settings: Settings) -> int:
    return resolve(settings, settings.roles.narrator.name).layout.cautions


def _no_run() -> InputError:
    return InputError(
        "No run is going on that it could be meant for.", fix="Start one: novelcraft write NOVEL"
    )
