"""What there is to be done, kind by kind: where it may be taken, and what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from novelcraft.graphs.acts import canon, plan
from novelcraft.graphs.acts.place import Place
from novelcraft.graphs.acts.roles import set_role
from novelcraft.state import acts
from novelcraft.state.acts import Act, Effect, SafePoint

Apply = Callable[[Any, Place], Effect]
"""Does an act. Raises InputError where it cannot be done: then it is refused."""


class Kind(NamedTuple):
    """A kind of act."""

    points: frozenset[SafePoint]
    """Where it may be taken; elsewhere it waits."""
    apply: Apply | None = None
    """Does it in the database; None where the run itself does it: it stops, or asks a model."""
    planned: bool = False
    """Whether it waits for a plan to be there."""


_ALWAYS = frozenset[SafePoint](("idle", "brief", "draft", "gate"))
_BETWEEN = frozenset[SafePoint](("idle", "brief", "gate"))
"""Not while a scene is being made from what it would change."""

KINDS: Mapping[type[Act], Kind] = {
    acts.Pause: Kind(frozenset(("brief", "draft"))),
    acts.Resume: Kind(frozenset(("brief", "draft"))),
    acts.Stop: Kind(frozenset(("brief", "gate"))),
    acts.Reject: Kind(frozenset(("gate",))),
    acts.Note: Kind(_ALWAYS, canon.note, planned=True),
    acts.EditBrief: Kind(_BETWEEN, plan.edit_brief, planned=True),
    acts.EditChapter: Kind(_BETWEEN, plan.edit_chapter, planned=True),
    acts.EditCharacter: Kind(_BETWEEN, plan.edit_character, planned=True),
    acts.EditWorld: Kind(_BETWEEN, plan.edit_world, planned=True),
    acts.EditSummary: Kind(_BETWEEN, canon.edit_summary, planned=True),
    acts.EditFact: Kind(_BETWEEN, canon.edit_fact, planned=True),
    acts.PinFact: Kind(_ALWAYS, canon.pin_fact),
    acts.Redraw: Kind(_BETWEEN, planned=True),
    acts.ChooseDraft: Kind(_BETWEEN, planned=True),
    acts.EditScene: Kind(_BETWEEN, planned=True),
    acts.Replay: Kind(_BETWEEN, planned=True),
    acts.Exempt: Kind(_ALWAYS, canon.exempt),
    acts.SetRole: Kind(frozenset(("idle", "brief")), set_role),
    acts.Approve: Kind(_ALWAYS, canon.approve),
    acts.Fork: Kind(_ALWAYS, canon.fork),
}


def needs_models(act: Act) -> bool:
    """Whether an act has a scene made, which takes models and minutes."""
    kind = KINDS[type(act)]
    return kind.apply is None and "idle" in kind.points


def may_take(act: Act, place: Place) -> bool:
    """Whether an act may be taken there."""
    kind = KINDS[type(act)]
    if place.point not in kind.points or (kind.planned and not place.planned):
        return False
    # A note for the next scene is meant for the next that begins.
    return place.point != "draft" or not isinstance(act, acts.Note) or bool(act.scene)
