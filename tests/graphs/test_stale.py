from __future__ import annotations

from novelcraft.graphs.stale import set_upon, stale_reasons
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


def test_reasons_say_which_scene_and_what_and_the_ending_comes_first() -> None:
    new = OLD.model_copy(update={"prose": "Elias found a key.\n\nHe ran.", "facts": ()})
    assert stale_reasons(OLD, new, commit(2, prose="Then Marrow ate.")) == (
        "scene 1 now ends otherwise than this scene's opening knew",
        "scene 1 no longer states: He has letter 1.",
    )


def test_the_same_said_in_other_letters_is_said() -> None:
    said = (Fact(subject="He", statement="HE HAS LETTER 1."),)
    new = OLD.model_copy(update={"facts": said, "prose": "Elias ate.\n\nHe slept.\n"})
    assert stale_reasons(OLD, new, commit(2, prose="Elias slept.")) == ()


def test_a_subject_without_a_name_marks_nothing() -> None:
    old = commit(1, facts=(Fact(subject="the key", statement="It is lost."),))
    assert stale_reasons(old, commit(1, facts=()), commit(3, prose="He found the key.")) == ()


def test_a_scene_that_is_set_upon_another_keeps_its_prose_and_gathers_reasons() -> None:
    later = commit(2, OLD, prose="Morning came.", stale=("a", "b"))
    new = commit(1, prose="Elias ran.")
    moved = set_upon(new, later, ("b", "c"), summary="He ran.")
    assert (moved.parent, moved.prose, moved.summary) == (new.id, "Morning came.", "He ran.")
    assert moved.stale == ("a", "b", "c")
    assert moved.id not in (later.id, set_upon(new, later, ()).id)
    assert set_upon(OLD, later, ()) == later
