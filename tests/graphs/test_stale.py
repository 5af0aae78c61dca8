from __future__ import annotations

from novelcraft.graphs.stale import stale_reasons
from novelcraft.state.manuscript import Fact
from tests.factories import commit

OLD = commit(1, prose="Elias found a key.\n\nHe slept.")
ANNA = commit(3, prose="Anna walked home.")
ELIAS = commit(3, prose="Elias turned the key.")


def test_nothing_is_stale_when_nothing_changed() -> None:
    assert stale_reasons(OLD, OLD, ELIAS) == ()


def test_a_lost_fact_marks_the_scenes_that_speak_of_its_subject() -> None:
    new = OLD.model_copy(update={"facts": (Fact(subject="Elias Marrow", statement="No key."),)})
    assert stale_reasons(OLD, new, ANNA) == ()
    (reason,) = stale_reasons(OLD, new, ELIAS)
    assert "He has letter 1." in reason


def test_another_ending_marks_the_next_scene_only() -> None:
    new = OLD.model_copy(update={"prose": "Elias found a key.\n\nHe ran."})
    following = commit(2, prose="Morning came.")
    (reason,) = stale_reasons(OLD, new, following)
    assert "ends otherwise" in reason
    assert stale_reasons(OLD, new, ELIAS) == ()
