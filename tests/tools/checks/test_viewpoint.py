"""Through whose eyes, in which person and which tense."""

from __future__ import annotations

import pytest

from novelcraft.tools.checks.names import named
from novelcraft.tools.checks.viewpoint import person, pov, tense
from tests.tools.checks.fitting import fitting
from tests.tools.checks.scenes import FIRST_PERSON, STRAIGHT


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Elias Marrow", "Elias rowed.", True),
        ("Elias Marrow", "Mr. Marrow’s boat.", True),
        ("Elias Marrow", "The marrow of it. Marrowby went.", False),
        ("Captain Ahab", "The Captain went below.", False),
        ("The Captain", "It was The Captain who spoke.", True),
        ("Will Hart", "He will go.", False),
        ("Dr. Jo March", "Jo laughed.", True),
    ],
)
def test_named(name: str, text: str, expected: bool) -> None:
    assert named(name, text) is expected


def test_other_languages_decline_names() -> None:
    assert named("Anna Kowalska", "Widziała Annę.", english=False)
    assert named("Анна", "Он видел Анну.", english=False)
    assert not named("Anna Kowalska", "Widziała go.", english=False)


def test_a_scene_of_pronouns_lacks_its_point_of_view() -> None:
    finding = pov(fitting("She waited. He did not come.", name="Elias Marrow"))
    assert finding is not None
    assert "Elias Marrow" in finding.constraint
    assert finding.about == "s001/c1"


@pytest.mark.parametrize(
    ("style", "found"),
    [("plain", False), ("first person", False), ("third-person, past tense", True)],
)
def test_an_i_needs_no_name_unless_the_plan_wants_the_third_person(style: str, found: bool) -> None:
    scene = fitting(FIRST_PERSON, name="Anna Veil", style=style)
    assert bool(pov(scene)) == found
    assert bool(person(scene)) == found


def test_third_person_where_the_plan_wants_an_i_warns() -> None:
    long = "\n\n".join([STRAIGHT, STRAIGHT.replace("Anna", "Marie")])
    finding = person(fitting(long, style="first person"))
    assert finding is not None
    assert "“I”" in finding.constraint


def test_speech_is_not_judged() -> None:
    prose = "“I am here and you are there, my dear, and I am yours,” said Anna. " * 40
    assert person(fitting(prose, name="Anna", style="third person")) is None


def test_a_scene_told_in_the_other_tense_warns() -> None:
    prose = "Anna goes down to the sea. It is cold and she takes her cloak. He sees her. " * 5
    assert tense(fitting(prose, style="past tense")) is not None
    assert tense(fitting(prose, style="present tense")) is None
    assert tense(fitting(prose, style="plain")) is None
