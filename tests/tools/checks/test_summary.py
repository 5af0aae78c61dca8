"""A summary that the next scene can start from."""

from __future__ import annotations

import pytest

from novelcraft.tools.checks import check_summary
from tests import factories

PLAN = factories.plan()
BRIEF = PLAN.scenes[0]


def checks(summary: str, previous: str = "") -> list[str]:
    found = check_summary(summary, BRIEF, PLAN, max_words=12, previous=previous)
    assert {f.severity for f in found} <= {"warn"}
    assert all(quote in summary for f in found for quote in f.evidence)
    return [f.check for f in found]


def test_a_good_summary() -> None:
    assert checks("Elias has found a letter; Miss Veil suspects him.", "Anna came.") == []


@pytest.mark.parametrize(
    ("summary", "found"),
    [
        ("", ["summary.empty"]),
        ("Elias " + "and the sea " * 5, ["summary.length"]),
        ("The keeper found a letter.", ["summary.names"]),
        ("Summary: Elias found a letter.", ["summary.template"]),
        ("Elias left. </story> I hope this helps!", ["summary.template"]),
    ],
)
def test_faults(summary: str, found: list[str]) -> None:
    assert checks(summary) == found


def test_whoever_was_named_before_and_is_present_stays() -> None:
    assert checks("Elias found a letter.") == []
    assert checks("Elias found a letter.", "Anna Veil came.") == ["summary.names"]


TWELVE = "Elias found one, two, three, four, five, six, seven, eight, nine, ten."


def test_a_summary_has_as_many_words_as_are_allowed() -> None:
    assert checks(TWELVE) == []
    assert checks(f"{TWELVE} Eleven.") == ["summary.length"]


def test_findings_say_what_a_new_summary_must_heed() -> None:
    told = {
        "": ("The summary holds no words.", (), "Retell the story so far."),
        f"{TWELVE} Eleven.": (
            "The summary has 13 words, at most 12 are allowed.",
            (f"{TWELVE} Eleven.",),
            "Use at most 12 words.",
        ),
        "Nobody came.": (
            "The summary does not name Elias Marrow, Anna Veil.",
            ("Nobody came.",),
            "Keep these names: Elias Marrow, Anna Veil.",
        ),
        "Elias and Veil left. I hope this helps!": (
            "The summary holds text that is no part of the story.",
            ("I hope this helps!",),
            "Write only what happened in the story, without labels or remarks.",
        ),
    }
    for summary, expected in told.items():
        previous = "" if summary.startswith(TWELVE) else "Anna Veil came."
        (found,) = check_summary(summary, BRIEF, PLAN, max_words=12, previous=previous)
        assert (found.message, found.evidence, found.constraint) == expected


def test_of_a_long_summary_the_end_is_quoted() -> None:
    long = f"Elias. {'The sea was quiet again. ' * 20}At last he slept."
    (found,) = check_summary(long, BRIEF, PLAN, max_words=12)
    assert found.evidence[0].endswith("At last he slept.")


def test_names_are_declined_in_other_languages() -> None:
    plan = PLAN.model_copy(update={"language": "pl"})
    (anna,) = (c.model_copy(update={"name": "Anna"}) for c in PLAN.cast[1:])
    plan = plan.model_copy(update={"cast": (PLAN.cast[0], anna)})
    assert not check_summary("Elias: Annę.", BRIEF, plan, max_words=12, previous="Anny nie ma.")
    (found,) = check_summary("Elias.", BRIEF, plan, max_words=12, previous="Anny nie ma.")
    assert found.constraint == "Keep these names: Anna."
    english = plan.model_copy(update={"language": "en"})
    assert not check_summary("Elias.", BRIEF, english, max_words=12, previous="Anny nie ma.")
    (found,) = check_summary("Elias: Annę.", BRIEF, english, max_words=12, previous="Anna came.")
    assert found.check == "summary.names"
