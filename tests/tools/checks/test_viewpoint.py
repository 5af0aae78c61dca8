"""Through whose eyes, in which person and which tense."""

from __future__ import annotations

import pytest

from novelcraft.tools.checks.viewpoint import person, pov, tense
from tests.tools.checks.fitting import fitting
from tests.tools.checks.scenes import FIRST_PERSON, STRAIGHT


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


def told(*counts: tuple[str, int]) -> str:
    """Narration of so many of each word."""
    words = [word for word, count in counts for _ in range(count)]
    return " ".join(words) + "."


@pytest.mark.parametrize(
    ("style", "counts", "found"),
    [
        ("third person", [("you", 1), ("sea", 98)], False),
        ("third person", [("you", 1), ("sea", 99)], True),
        ("third person", [("you", 1), ("sea", 100)], False),
        ("third person", [("me", 1), ("sea", 99)], True),
        ("second person", [("my", 1), ("sea", 99)], True),
        ("second person", [("you", 1), ("sea", 99)], False),
        ("first-person", [("sea", 399)], False),
        ("first-person", [("sea", 400)], True),
        ("first-person", [("we", 1), ("sea", 399)], False),
        ("plain", [("I", 50), ("sea", 99)], False),
    ],
)
def test_the_person_is_judged_by_one_pronoun_in_a_hundred_words(
    style: str, counts: list[tuple[str, int]], found: bool
) -> None:
    flaw = person(fitting(told(*counts), name="sea", style=style))
    assert (flaw is not None) == found
    if flaw:
        planned = style[:-7]
        wish = "as “I”" if planned == "first" else f"in the {planned} person"
        assert flaw.message == (
            f"The plan's style is {planned} person, the narration is in another."
        )
        assert flaw.constraint == f"Outside dialogue, tell the scene {wish}."
        assert flaw.about == "s001"


@pytest.mark.parametrize(
    ("style", "counts", "found"),
    [
        ("Past tense", [("is", 11)], False),
        ("Past tense", [("is", 12)], True),
        ("past-tense", [("is", 13), ("was", 7)], True),
        ("past-tense", [("is", 12), ("was", 7)], False),
        ("present tense", [("was", 13), ("is", 7)], True),
        ("present tense", [("is", 20)], False),
    ],
)
def test_the_tense_is_judged_by_two_thirds_of_twelve_verbs(
    style: str, counts: list[tuple[str, int]], found: bool
) -> None:
    flaw = tense(fitting(told(*counts), name="is", style=style))
    assert (flaw is not None) == found
    if flaw:
        planned = style[:-6].lower()
        assert flaw.constraint == f"Tell the scene in the {planned} tense."
        assert flaw.about == "s001"


def test_the_sentences_in_another_person_are_quoted() -> None:
    prose = f"He slept. {told(('sea', 100))} Then you woke. “You,” he said. Me too."
    flaw = person(fitting(prose, name="Elias", style="third person"))
    assert flaw is not None
    assert flaw.evidence == ("Then you woke.", "Me too.")


def test_who_is_never_named_is_named_to_the_narrator_and_the_scene_quoted() -> None:
    flaw = pov(fitting("She waited.", name="Elias Marrow"))
    assert flaw is not None
    assert flaw.evidence == ("She waited.",)
    assert flaw.message == "Elias Marrow, through whose eyes the scene is told, is never named."
    assert flaw.constraint == "Name Elias Marrow, through whose eyes the scene is told."


@pytest.mark.parametrize(("others", "found"), [(98, False), (99, False), (100, True)])
def test_an_i_of_one_in_a_hundred_words_tells_the_scene(others: int, found: bool) -> None:
    assert (pov(fitting(told(("I", 1), ("sea", others)), name="Elias")) is not None) == found
