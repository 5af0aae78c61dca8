"""Where each kind of act may be taken."""

from __future__ import annotations

import pytest

from novelcraft.graphs.acts.registry import may_take, needs_models
from novelcraft.state import acts
from novelcraft.state.acts import Act, SafePoint
from novelcraft.tools.canon.store import ManuscriptStore
from tests.graphs.acts.conftest import At, place_in

POINTS: tuple[SafePoint, ...] = ("idle", "brief", "draft", "gate")
EDIT = acts.EditWorld(changes={"text": "It rains."})


@pytest.mark.parametrize(
    ("act", "points"),
    [
        (acts.Pause(), "brief draft"),
        (acts.Stop(), "brief gate"),
        (acts.Reject(), "gate"),
        (EDIT, "idle brief gate"),
        (acts.Redraw(scene="1"), "idle brief gate"),
        (acts.PinFact(subject="Anna", statement="is blind"), "idle brief draft gate"),
        (acts.SetRole(role="cheap", changes={"think": True}), "idle brief"),
        # One for the next scene is not meant for the one that is being drafted.
        (acts.Note(text="Rain."), "idle brief gate"),
        (acts.Note(text="Rain.", scene="3"), "idle brief draft gate"),
    ],
)
def test_where_an_act_may_be_taken(at: At, act: Act, points: str) -> None:
    assert [point for point in POINTS if may_take(act, at(point))] == points.split()


def test_before_there_is_a_plan_what_changes_it_waits(bare: ManuscriptStore) -> None:
    place = place_in(bare)
    for waits in (EDIT, acts.Note(text="Rain."), acts.Redraw(scene="1")):
        assert not may_take(waits, place)
    for other in (acts.Approve(), acts.Fork(scene="1", name="a"), acts.Exempt(key="x")):
        assert may_take(other, place)


@pytest.mark.parametrize(
    ("act", "needs"),
    [
        (acts.Redraw(scene="1"), True),
        (acts.EditScene(scene="1", prose="x"), True),
        (acts.ChooseDraft(scene="1", draft="x"), True),
        (acts.Replay(), True),
        (EDIT, False),
        (acts.Stop(), False),
        (acts.Reject(), False),
    ],
)
def test_a_scene_is_made_by_models(act: Act, needs: bool) -> None:
    assert needs_models(act) is needs
