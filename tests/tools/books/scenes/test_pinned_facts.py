"""What a summary must not lose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.books.scenes.pinned_facts import (
    dies_in,
    is_grounded,
    missing_facts,
    restore_facts,
)

SUMMARY = "Ada Brandt found the ledger under the floor. Jonas Vehl followed her to the harbour."
LIVING = ("Ada Brandt", "Jonas Vehl")


def count(text: str) -> int:
    return len(text.split())


def test_nothing_fell() -> None:
    assert missing_facts(SUMMARY, ["The ledger lies under the floor."], LIVING) == ()


def test_names_and_facts_that_fell() -> None:
    lost = missing_facts(SUMMARY, ["The lamp was sold to the bishop."], (*LIVING, "Mira Holt"))
    assert lost == ("Mira Holt", "The lamp was sold to the bishop.")


def test_a_part_of_a_name_is_enough() -> None:
    assert missing_facts("Ada waits.", [], ["Ada Brandt"]) == ()
    assert missing_facts("Mr Holt waits.", [], ["Mr Vehl"]) == ("Mr Vehl",)


def test_what_fell_is_said_at_the_end() -> None:
    pinned = ["The lamp was sold to the bishop."]
    whole = restore_facts(SUMMARY, pinned, (*LIVING, "Mira Holt"), 60, count)
    assert whole.startswith(SUMMARY)
    assert missing_facts(whole, pinned, (*LIVING, "Mira Holt")) == ()


def test_the_oldest_sentences_make_room() -> None:
    whole = restore_facts(SUMMARY, ["The lamp was sold."], LIVING, 14, count)
    assert "The lamp was sold." in whole
    assert "found the ledger" not in whole


@given(
    summary=st.lists(st.sampled_from(SUMMARY.split()), max_size=60).map(" ".join),
    pinned=st.lists(st.sampled_from(["The lamp was sold.", "Mira is dead.", "A key is lost"])),
    living=st.lists(st.sampled_from(["Ada Brandt", "Mira Holt", "Otto"]), unique=True),
    budget=st.integers(0, 60),
)
def test_the_budget_holds(summary: str, pinned: list[str], living: list[str], budget: int) -> None:
    assert count(restore_facts(summary, pinned, living, budget, count)) <= budget


def test_room_for_everything_means_nothing_is_lost() -> None:
    living = [f"Person{n}" for n in range(5)]
    pinned = [f"The door number {n} stays closed." for n in range(3)]
    assert missing_facts(restore_facts(SUMMARY, pinned, living, 100, count), pinned, living) == ()


@pytest.mark.parametrize(
    ("prose", "dies"),
    [
        ("They buried Jonas at dawn. Ada wept.", True),
        ("Jonas slept. Somebody had been killed in the next town.", False),
        ("Ada sat by the window.", False),
    ],
)
def test_a_death_needs_a_sentence_that_says_so(prose: str, dies: bool) -> None:
    assert dies_in("Jonas Vehl", prose) is dies


def test_a_fact_needs_the_words_of_its_scene() -> None:
    prose = "Ada burned the letter in the stove and told nobody."
    assert is_grounded("Ada burned the letter.", prose)
    assert not is_grounded("The bishop crowned a dragon.", prose)
    assert not is_grounded("", prose)
