"""What is said of a book where no model is asked: only what its own sentences say."""

from __future__ import annotations

from novelcraft.tools.books.scenes.by_rule import (
    brief_by_rule,
    facts_by_rule,
    places_of,
    summary_by_rule,
    world_by_rule,
)

NAMES = ("Ada Brandt", "Jonas Vehl", "Mira")
SCENE = """\
Ada Brandt, the painter, came down to the old harbour at dusk. She had walked all day.

“Jonas was never here,” said Mira.

Jonas had the only key of the lighthouse in his coat. Ada waited by the door and counted the boats.
The wind rose. Mira knew what Jonas owed to the bank. Ada took the key from him and ran.
"""


def test_facts_are_sentences_of_the_narration_about_somebody() -> None:
    facts = facts_by_rule(SCENE, NAMES, 8)
    assert [fact.subject for fact in facts] == [
        "Ada Brandt",
        "Jonas Vehl",
        "Ada Brandt",
        "Mira",
        "Ada Brandt",
    ]
    assert all(fact.quote in SCENE for fact in facts)
    assert not any("never here" in fact.statement for fact in facts)


def test_what_is_so_comes_before_what_is_done() -> None:
    few = facts_by_rule(SCENE, NAMES, 2)
    assert [fact.statement for fact in few] == [
        "Jonas had the only key of the lighthouse in his coat.",
        "Mira knew what Jonas owed to the bank.",
    ]


def test_a_brief_says_who_where_when_and_what_happens() -> None:
    brief = brief_by_rule(SCENE, NAMES, 2)
    assert brief.pov == "Ada Brandt"
    assert brief.present == ("Ada Brandt", "Jonas Vehl")
    assert (brief.place, brief.time) == ("the old harbour", "dusk")
    assert brief.goal == "Ada Brandt, the painter, came down to the old harbour at dusk."
    assert brief.outcome == "Ada took the key from him and ran."
    assert brief.beats
    assert all(beat in " ".join(SCENE.split()) for beat in brief.beats)


def test_a_summary_names_everybody_who_is_there() -> None:
    summary = summary_by_rule(SCENE, NAMES)
    assert summary.endswith("Jonas Vehl and Mira are there.")
    assert summary.startswith("Ada Brandt, the painter, came down")


def test_a_world_is_its_places_people_and_person() -> None:
    world = world_by_rule(SCENE, NAMES)
    assert world.places[0] == "the old harbour"
    assert [member.role for member in world.cast] == ["the painter", "", ""]
    assert "third person" in world.style
    assert (
        "first person" in world_by_rule("I went home. My door was open, and I was sad.", ()).style
    )


def test_a_cast_names_everybody_once_and_no_month() -> None:
    names = ("Dorcas", "Mr Tunnard", "Tunnard", "September", "Dorcas Pell", "Monday")
    assert [m.name for m in world_by_rule(SCENE, names).cast] == ["Mr Tunnard", "Dorcas Pell"]


def test_a_text_that_says_nothing_still_has_a_brief() -> None:
    brief = brief_by_rule("***", ("the narrator",), 3)
    assert (brief.pov, brief.goal, brief.place) == ("the narrator", "", "")
    assert facts_by_rule("***", ("the narrator",), 3) == ()
    assert summary_by_rule("***", ("the narrator",)) == ""
    assert places_of("They met in the same garden, and in the garden.") == ("the garden",)
