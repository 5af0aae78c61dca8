from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from novelcraft.prompts.brief import NamedBrief, brief_units, fit_brief, named, render_brief
from tests import factories

BRIEF = NamedBrief(
    goal="Elias wants an answer",
    turn="Is it his wife's hand?",
    outcome="He writes back.",
    pov="Elias Marrow",
    pov_role="keeper of the light",
    place="the lighthouse",
    time="day 1",
    others=("Anna Veil", "Tom Reed"),
    beats=("A bottle comes in", "He reads it."),
    plants=("a key",),
    pays=("the lamp",),
)
LINES = [
    "Elias wants an answer. Is it his wife's hand? He writes back.",
    "The scene follows Elias Marrow, keeper of the light, closely, in about 300 words.",
    "It happens here: the lighthouse; day 1. Anna Veil and Tom Reed are there too.",
    "Let the reader notice: a key",
    "Now this comes to matter: the lamp",
    "A bottle comes in.",
    "He reads it.",
]


def words(text: str) -> int:
    return len(text.split())


def test_a_planned_brief_has_the_names_of_its_plan() -> None:
    plan = factories.plan()
    first, last = named(plan.scenes[0], plan), named(plan.scenes[-1], plan)
    assert (first.pov, first.pov_role) == ("Elias Marrow", "keeper of the light")
    assert (first.others, first.place, first.time) == (("Anna Veil",), "the lighthouse", "day 1")
    assert first.goal == "Elias wants answer number 1."
    assert (first.turn, first.outcome) == ("The hand is his wife's.", "He writes back.")
    assert first.beats == ("A bottle comes in.", "Elias reads it.")
    assert (first.plants, first.pays) == (("The lamp goes out at midnight.",), ())
    assert (last.plants, last.pays) == ((), ("The lamp goes out at midnight.",))


def test_the_lines_of_a_brief() -> None:
    assert render_brief(BRIEF, 300) == LINES


def test_a_short_brief_has_neither_beats_nor_the_role() -> None:
    follows = "The scene follows Elias Marrow closely, in about 300 words."
    assert render_brief(BRIEF, 300, "short") == [LINES[0], follows, *LINES[2:5]]


@pytest.mark.parametrize(
    ("changes", "line", "told"),
    [
        ({"goal": "", "outcome": ""}, 0, "Is it his wife's hand?"),
        ({"pov_role": ""}, 1, "The scene follows Elias Marrow closely, in about 300 words."),
        ({"time": ""}, 2, "It happens here: the lighthouse. Anna Veil and Tom Reed are there too."),
        ({"others": ("Anna Veil",)}, 2,
         "It happens here: the lighthouse; day 1. Anna Veil is there too."),
        ({"others": ()}, 2, "It happens here: the lighthouse; day 1."),
    ],
)  # fmt: skip
def test_what_is_not_known_is_left_out(changes: dict[str, Any], line: int, told: str) -> None:
    lines = render_brief(replace(BRIEF, **changes), 300)
    assert lines == [*LINES[:line], told, *LINES[line + 1 :]]


def test_a_brief_of_which_nothing_is_known_names_whom_it_follows() -> None:
    nothing: dict[str, Any] = dict.fromkeys(("goal", "turn", "outcome", "place", "pov_role"), "")
    nothing |= dict.fromkeys(("others", "beats", "plants", "pays"), ())
    assert render_brief(replace(BRIEF, **nothing), 90) == [
        "The scene follows Elias Marrow closely, in about 90 words."
    ]


def test_whom_it_follows_is_worth_most_then_what_happens_first_then_where() -> None:
    units, worth = brief_units(LINES)
    assert [units[i].strip() for i in worth] == [
        LINES[1],
        "Elias wants an answer.",
        LINES[2],
        "Is it his wife's hand?",
        "He writes back.",
        *LINES[3:],
    ]
    assert "".join(units) == "".join(f"{line}\n" for line in LINES)


def test_a_line_that_does_not_fit_makes_room_for_a_shorter_one() -> None:
    assert fit_brief(LINES, 19, words) == f"Elias wants an answer. {LINES[1]}"
    assert fit_brief(LINES, 17, words) == f"He writes back.\n{LINES[1]}"


def test_at_least_whom_it_follows_is_told() -> None:
    assert fit_brief(LINES, 1, words) == LINES[1]
