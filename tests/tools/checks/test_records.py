"""What a check may do to a draft, a plan or a book stands in its record."""

from __future__ import annotations

from novelcraft.tools.checks.base import Flaw, Rule
from novelcraft.tools.checks.book import BOOK_CHECKS
from novelcraft.tools.checks.plan import PLAN_CHECKS
from novelcraft.tools.checks.scene import EMPTY, SCENE_CHECKS
from novelcraft.tools.checks.summary import SUMMARY_CHECKS

SCENE = (EMPTY, *SCENE_CHECKS)


def test_a_rule_gives_its_findings_its_name_and_severity() -> None:
    rule = Rule[int](
        "book.odd", "warn", lambda n: [Flaw("Odd.", ("1",), "Be even.", "n")] * (n % 2)
    )
    (finding,) = rule(1)
    assert (finding.check, finding.severity, finding.message) == ("book.odd", "warn", "Odd.")
    assert (finding.evidence, finding.constraint, finding.about) == (("1",), "Be even.", "n")
    assert list(rule(2)) == []


def test_names_say_what_is_checked() -> None:
    for family, records in {
        "prose": SCENE, "plan": PLAN_CHECKS, "summary": SUMMARY_CHECKS, "book": BOOK_CHECKS,
    }.items():  # fmt: skip
        assert all(record.name.startswith(f"{family}.") for record in records)
    assert len({check.name for check in SCENE}) == len(SCENE)


def test_summaries_are_made_anew_and_never_block() -> None:
    assert {check.severity for check in SUMMARY_CHECKS} == {"warn"}


def test_only_a_check_that_has_shown_itself_precise_blocks() -> None:
    for check in SCENE:
        assert 0 < check.measured.recall <= 1
        if check.severity == "block":
            assert check.measured.precision >= 0.9, check.name
            assert check.measured.clean <= 3, check.name
