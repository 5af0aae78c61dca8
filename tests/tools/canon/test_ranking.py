from __future__ import annotations

from novelcraft.state.manuscript import Fact
from novelcraft.tools.canon.ranking import fact_note, rank_facts


def ranked(*known: tuple[int, str, str], here: tuple[str, ...] = (), told: str = "") -> list[str]:
    facts = [(at, Fact(subject=subject, statement=said)) for at, subject, said in known]
    return [f"{at} {fact_note(fact)}" for at, fact in rank_facts(facts, here, told)]


def test_who_is_present_comes_before_what_is_told_and_the_recent_before_the_old() -> None:
    assert ranked(
        (1, "Anna Veil", "She knows."),
        (2, "the key", "It is lost."),
        (2, "Anna", "She left."),
        (3, "the Key", "It is found."),
        (4, "Tom", "He sleeps."),
        (2, "Anna", "She paints."),
        here=("Anna Veil", "the lighthouse"),
        told="She finds the old key.",
    ) == [
        "2 Anna: She left.",
        "2 Anna: She paints.",
        "1 Anna Veil: She knows.",
        "3 the Key: It is found.",
        "2 the key: It is lost.",
    ]


def test_a_longer_subject_than_the_name_is_about_it_too() -> None:
    assert ranked((1, "old Anna Veil", "She knows."), here=("Anna Veil",))
    assert not ranked((1, "old Anna", "She knows."), here=("Anna Veil",))
    assert not ranked((1, "the old key", "It is lost."), told="the key")


def test_a_fact_that_was_said_twice_is_told_once_as_of_the_last_time() -> None:
    assert ranked(
        (1, "Anna", "She left."), (3, "anna", "She left!"), (2, "Anna", "She knows."),
        here=("Anna",),
    ) == ["3 anna: She left!", "2 Anna: She knows."]  # fmt: skip


def test_a_fact_or_a_name_without_words_is_about_nobody() -> None:
    assert not ranked((1, "…", "It is lost."), here=("Anna", ""), told="… the key")
    assert not ranked((1, "Tom", "He sleeps."), here=("", "—"), told="")
    assert ranked((1, "…", "x"), (1, "Tom", "He sleeps."), here=("Tom",)) == ["1 Tom: He sleeps."]
