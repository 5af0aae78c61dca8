"""What of the prompt may stand in the prose, and what may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.prompts.loader import as_data
from novelcraft.tools.checks.assistant import assistant
from novelcraft.tools.checks.leaks import leak
from novelcraft.tools.checks.script import script
from tests import factories
from tests.tools.checks.fitting import fitting

WORLD = (
    "The sea that lies before the rock keeps whatever it is given and answers in its own time, "
    "always in green glass."
)
PROMPT = (
    "You write one scene of a novel at a time as finished prose.\n"
    f"The world of the novel:\n{as_data(WORLD)}\n"
    "Take care: End the scene with a complete sentence that closes it."
)


def leaks(prose: str, earlier: tuple[str, ...] = ()) -> tuple[str, ...]:
    found = leak(fitting(prose, name="Elias", prompt=PROMPT, earlier=earlier))
    return found.evidence if found else ()


def test_eight_words_of_the_instructions_are_a_leak() -> None:
    assert leaks("He sat. You write one scene of a novel at a time. He rose.") == (
        "You write one scene of a novel at a time",
    )
    assert leaks("You write one scene of a novel, she said.") == ()


def test_a_label_of_the_prompt_is_a_leak_at_a_lines_start() -> None:
    assert leaks("The world of the novel: a rock.") == ("The world of the novel: a rock.",)
    assert leaks("He took care: the stair was wet.") == ()


def test_a_recited_data_block_is_a_leak_but_not_in_speech_and_not_a_phrase_of_it() -> None:
    recited = WORLD.removesuffix(".")
    assert leaks(f"Elias waited. {recited}. He slept.") == (recited,)
    assert leaks(f"“{recited},” said Elias.") == ()
    assert leaks("The sea keeps whatever it is given and answers in its own time, he knew.") == ()


def test_words_of_an_earlier_scene_in_the_prompt_are_no_leak() -> None:
    assert leaks(f"Elias waited. {WORLD}", earlier=(f"It began so. {WORLD} It ended.",)) == ()


def test_the_briefs_words_may_come_in_the_prose() -> None:
    goal = "Elias finds a green bottle with an answer under the broken crate."
    brief = factories.brief(1, goal=goal)
    scene = fitting(f"{goal} He sat.", name="Elias", prompt=f"{PROMPT}\n{goal}", brief=brief)
    assert leak(scene) is None


@pytest.mark.parametrize(
    "prose",
    [
        "He read the note: come home.",
        "*Only at first*, she had written.\n\n* * *\n\nHe slept.",
        "#\n\nHe slept.",
        "I love you <3 she had written; 5 < 6 and 7 > 6.",
        "The next scene was a quiet one. Chapter 3 of the Rule was read aloud.",
        "The system: nobody had understood it. [sic]",
    ],
)
def test_what_novels_hold_is_no_leak(prose: str) -> None:
    assert leaks(prose) == ()


@pytest.mark.parametrize(
    "prose",
    [
        "“I'm sorry, but I can't help you write this scene,” she said.",
        "The scene was one of desolation. This scene never left me.",
        "Such is the story of my life, and the reader may believe it or not.",
        "“As an AI,” said the robot, “I feel nothing.”",
        "He let me know if the boats were in. In this scene of ruin he stood.",
        "The story was told at the inn. Here is the letter she wrote to me.",
    ],
)
def test_a_narrator_is_no_assistant(prose: str) -> None:
    assert assistant(fitting(prose, name="Elias")) is None


def test_the_end_may_stand_at_the_end_of_the_book_only() -> None:
    last = factories.plan().scenes[-1]
    scene = fitting("Elias slept.\n\nThe End", name="Elias")
    found = assistant(scene)
    assert found is not None
    assert found.evidence == ("The End",)
    assert assistant(fitting(scene.prose, name="Elias", brief=last)) is None


def test_two_lines_with_a_colon_are_no_script() -> None:
    prose = "Elias: keeper.\n\nAnna: postmistress.\n\nHe read the list twice."
    assert script(fitting(prose, name="Elias")) is None
    assert script(fitting(f"{prose}\n\nYves (a cousin): boatman.", name="Elias"))


def test_fifteen_words_of_a_data_block_are_recited_and_fourteen_are_not() -> None:
    fifteen = " ".join(WORLD.split()[:15])
    assert leaks(f"Elias waited. {fifteen}! He slept.") == (fifteen,)
    fourteen = " ".join(WORLD.split()[:14])
    assert leaks(f"Elias waited. {fourteen}! He slept.") == ()


def test_the_brief_s_own_words_are_recited_from_fifteen_on() -> None:
    words = "Elias finds a green bottle with an answer under the broken crate by the old pier"
    for goal, found in ((words, (words,)), (" ".join(words.split()[:14]), ())):
        scene = fitting(
            f"{goal}. He sat.", name="Elias", prompt="", brief=factories.brief(1, goal=goal)
        )
        flaw = leak(scene)
        assert (flaw.evidence if flaw else ()) == found


def test_a_word_of_the_plan_is_no_label_of_the_prompt() -> None:
    prompt = "Elias Marrow: the keeper.\nThe post office: a place.\nTake heed: now.\nCare: x"
    scene = fitting("x", name="Elias Marrow", prompt=prompt)
    for prose, found in {
        "Elias Marrow: he slept.": False,
        "The post office: it was shut.": True,
        "He slept.\n\nTake heed: he slept.": True,
        "Care: he slept.": True,
    }.items():
        assert (leak(replace(scene, prose=prose)) is not None) == found, prose
