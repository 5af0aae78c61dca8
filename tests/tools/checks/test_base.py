from __future__ import annotations

import re
from dataclasses import replace

import pytest

from novelcraft.tools.checks.base import Check, Flaw, Measured, Need, evidence, quote, says
from tests.tools.checks.fitting import fitting

LONG = "a" * 99 + " " + "b" * 60
"""As long as a quote may be."""


@pytest.mark.parametrize(
    ("text", "end", "quoted"),
    [
        (f"  {LONG}\n", False, LONG),
        (f"{LONG}c", False, "a" * 99),
        (f"{LONG} c", False, "a" * 99),
        ("d" * 161, False, "d" * 160),
        (f"c{LONG}", True, "b" * 60),
        (f"cc {LONG}", True, "b" * 60),
        ("d" * 161, True, "d" * 160),
    ],
)
def test_a_quote_is_cut_between_words(text: str, end: bool, quoted: str) -> None:
    assert quote(text, end=end) == quoted


def test_evidence_is_the_first_three_quotes_each_once() -> None:
    assert evidence(["one", "two ", "one", "two", "three", "four"]) == ("one", "two", "three")


def test_patterns_are_looked_for_whatever_the_apostrophes_and_emphasis() -> None:
    can_t = re.compile(r"^I can't\b")
    assert says(can_t, "**_ I can’t do this.")
    assert not says(can_t, "Well, I can't.")
    late = re.compile("late")
    assert says(late, "." * 596 + "late")
    assert not says(late, "." * 597 + "late")


@pytest.mark.parametrize(
    ("needs", "without"),
    [
        ("english", {"language": "de"}),
        ("earlier", {"earlier": ()}),
        ("prompt", {"prompt": ""}),
    ],
)
def test_a_check_runs_where_what_it_needs_is_there(needs: Need, without: dict[str, object]) -> None:
    flaw = Flaw("Odd.", ("quoted",), "Be even.", "s001")
    check = Check("prose.odd", "warn", lambda scene: flaw, Measured(1, 1, 0), needs=(needs,))
    scene = fitting("The sea was quiet.", ["It was late."], name="Elias")
    finding = check(scene)
    assert finding is not None
    assert (finding.check, finding.severity, finding.message) == ("prose.odd", "warn", "Odd.")
    assert (finding.evidence, finding.constraint) == (("quoted",), "Be even.")
    assert finding.about == "s001"
    changed = dict(without)
    if language := changed.pop("language", None):
        changed["plan"] = scene.plan.model_copy(update={"language": language})
    assert check(replace(scene, **changed)) is None  # type: ignore[arg-type]
