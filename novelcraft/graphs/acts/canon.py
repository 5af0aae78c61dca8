"""Acts on what is written that need no model: facts, the summary, findings, forks, notes."""

from __future__ import annotations

import re

from novelcraft.config.names import closest
from novelcraft.errors import DamagedDatabaseError, InputError, UnknownTargetError
from novelcraft.graphs.acts.in_force import PLAN
from novelcraft.graphs.acts.place import MIN_PREFIX, Place, find_scene
from novelcraft.graphs.exporting import finding_keys
from novelcraft.graphs.stale import set_upon, stale_reasons
from novelcraft.state.acts import (
    Approve,
    EditFact,
    EditSummary,
    Effect,
    Exempt,
    Fork,
    Note,
    PinFact,
)
from novelcraft.state.manuscript import Branch, Fact, SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore

BRANCH_NAME = re.compile(r"[^\W\d_][\w.-]{0,60}")


def note(act: Note, place: Place) -> Effect:
    """Tell the narrator something with a scene to come, from its next draft on."""
    if fault := place.note_fault(act.text):
        raise InputError(fault, fix="Say it shorter.")
    name = act.scene or place.scene_id
    if not name:
        raise InputError("No scene is to come.", fix="Have one drawn again with a note.")
    scene = place.coming(name)
    in_draft = place.point == "draft" and scene.id == place.scene_id
    return Effect(target=scene.id, attempt=place.attempt if in_draft else 1)


def pin_fact(act: PinFact, _place: Place) -> Effect:
    """It counts because it is applied."""
    return Effect(target=act.subject)


def exempt(act: Exempt, place: Place) -> Effect:
    """Accept a finding as intended."""
    declare_intended(place.store, act.key, act.reason)
    return Effect()


def approve(act: Approve, place: Place) -> Effect:
    """Name what may pass: the next look at a gate finds it."""
    match act.gate or place.gate:
        case "plan":
            return Effect(target=PLAN)
        case "chapter":
            name = act.target or place.brief(_in_hand(place)).chapter
            return Effect(target=place.chapter(name).id)
        case "scene":
            return Effect(target=place.brief(act.target or _in_hand(place)).id)
        case "":
            raise InputError(
                "The run waits at no gate.",
                fix="Say what it may pass: the plan, a chapter or a scene.",
            )
        case waiting:
            return Effect(target=waiting)


def fork(act: Fork, place: Place) -> Effect:
    """Another way on from a scene."""
    return Effect(commit=make_fork(place.store, place.branch, act.scene, act.name).head)


def edit_summary(act: EditSummary, place: Place) -> Effect:
    """Tell the story so far otherwise, as of the last written scene."""
    head = place.store.branch(place.branch).head
    if head is None:
        raise InputError(
            "No scene is written: there is no story so far.", fix="Edit the world or the cast."
        )
    old = place.store.get(head)
    new = changed(old, summary=act.text.strip())
    _replace(place, [new])
    return Effect(target=new.scene_id, commit=new.id)


def edit_fact(act: EditFact, place: Place) -> Effect:
    """Put right what a scene states; later scenes that speak of it are marked."""
    old = place.written(act.scene)
    facts = [fact for fact in old.facts if _is(fact, act)]
    if not facts:
        stated = "; ".join(f"{fact.subject}: {fact.statement}" for fact in old.facts)
        raise UnknownTargetError(
            f"Scene {old.position} does not state {act.subject}: {act.statement}",
            fix=f"It states: {stated or 'nothing'}.",
        )
    kept = [_put_right(fact, act) if fact in facts else fact for fact in old.facts]
    new = changed(old, facts=tuple(fact for fact in kept if fact.statement))
    chain = place.store.chain(place.store.branch(place.branch).head)
    rebased = [new]
    for later in chain[old.position :]:
        reasons = stale_reasons(old, new, later)
        rebased.append(set_upon(rebased[-1], later, reasons))
    _replace(place, rebased)
    return Effect(target=old.scene_id, commit=new.id)


def changed(commit: SceneCommit, **values: object) -> SceneCommit:
    """A commit with other content, and the id of that."""
    return SceneCommit.model_validate({**commit.model_dump(exclude={"id"}), **values})


def make_fork(store: ManuscriptStore, branch: str, at: str, name: str) -> Branch:
    """A new branch whose last scene is the one named; writing goes on from there.

    A commit may be named that is on no branch, or before a gap in one. `0` keeps no scene: the
    branch begins with the plan from which the first one was written.

    Raises:
        UnknownTargetError: There is no such scene.
        InputError: There is no plan yet, or such a branch already, or its name cannot be a
            folder's.
    """
    if not BRANCH_NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a branch's name.",
            fix="Use letters, digits, dots, underscores and hyphens, a letter first.",
        )
    if at == "0":
        return store.create_branch(name, head=None, plan_version=_first_plan(store, branch))
    try:
        commit = find_scene(store, branch, at)
    except (UnknownTargetError, DamagedDatabaseError):
        if len(at) < MIN_PREFIX:
            raise
        commit = store.get(at)
    return store.create_branch(
        name, head=commit.id, plan_version=commit.plan_version, forked_from=commit.id
    )


def _first_plan(store: ManuscriptStore, branch_name: str) -> int:
    """The plan version that the first scene of a branch was written from, or will be."""
    branch = store.branch(branch_name)
    if branch.plan_version is None:
        raise InputError("There is no plan yet.", fix="Fork when there is one.")
    begun = store.commit_ids(branch.head)
    return store.get(begun[0]).plan_version if begun else branch.plan_version


def declare_intended(store: ManuscriptStore, key: str, reason: str) -> None:
    """Declare a finding intended, in the scenes that are written and in later ones.

    Raises:
        UnknownTargetError: Nothing was found under that key.
    """
    known = finding_keys(store) | set(store.exemptions())
    if key not in known:
        near = closest(key, sorted(known))
        raise UnknownTargetError(
            f"{key!r} is the key of no finding." + (f" Did you mean {near!r}?" if near else ""),
            fix="Take one from: novelcraft show NOVEL findings",
        )
    store.exempt(key, reason)


def keep_old_chain(store: ManuscriptStore, branch_name: str) -> None:
    """Give the branch's present head a branch of its own; doing it twice is harmless."""
    branch = store.branch(branch_name)
    if branch.head is not None:
        store.create_branch(
            f"{branch_name}@{branch.head[:8]}",
            head=branch.head,
            plan_version=branch.plan_version,
            forked_from=branch.head,
        )


def _in_hand(place: Place) -> str:
    if not place.scene_id:
        raise InputError("There is no scene to come.", fix="Name a chapter or a scene.")
    return place.scene_id


def _replace(place: Place, tail: list[SceneCommit]) -> None:
    head = place.store.branch(place.branch).head
    keep_old_chain(place.store, place.branch)
    place.store.replace_tail(place.branch, tail, expected=head)


def _is(fact: Fact, act: EditFact) -> bool:
    return (fact.subject.casefold(), fact.statement.casefold()) == (
        act.subject.strip().casefold(),
        act.statement.strip().casefold(),
    )


def _put_right(fact: Fact, act: EditFact) -> Fact:
    return Fact(subject=fact.subject, statement=act.becomes.strip())
