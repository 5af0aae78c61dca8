"""The words of a premise: whom it is about, what, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.agents.planner.premise import PremiseWords
from novelcraft.agents.planner.scaffold import Scaffold


def example(name: str) -> str:
    return Path(f"examples/{name}.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("premise", "name", "who", "thing", "place"),
    [
        (example("lighthouse"), "", "the lighthouse keeper", "the sea", "the lighthouse"),
        (
            example("night-market"),
            "Ines Calloway",
            "the main character",
            "the last hour",
            "the night market",
        ),
        (
            example("generation-orchard"),
            "",
            "the youngest gardener",
            "the apple tree",
            "the orchard deck",
        ),
        (example("frozen-river"), "", "the ferrywoman", "the river", "the city"),
        (
            example("telling-the-bees"),
            "",
            "the beekeeper's daughter",
            "the funeral",
            "the village",
        ),
        (
            "Mara Vint, a retired cartographer, finds a street that is on none of her maps.",
            "Mara Vint",
            "the retired cartographer",
            "the street",
            "the house",
        ),
        ("It rains upward.", "", "the main character", "the secret", "the house"),
        ("", "", "the main character", "the secret", "the house"),
    ],
)
def test_the_words_of_a_premise(premise: str, name: str, who: str, thing: str, place: str) -> None:
    words = PremiseWords(premise)
    assert (words.name, words.who, words.thing, words.place) == (name, who, thing, place)


@given(st.text())
def test_any_premise_fills_a_scaffold(premise: str) -> None:
    scaffold = Scaffold.of(premise)
    for line in (scaffold.shape.ending, *scaffold.shape.hooks):
        assert scaffold.fill(line, ["Ada Birch"]).strip()


def test_a_premise_in_another_language_gives_none_of_its_words() -> None:
    scaffold = Scaffold.of("Ein Leuchtturmwärter findet einen Brief", "de")
    assert scaffold.words.name == ""
    assert scaffold.words.thing == "the secret"
