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
