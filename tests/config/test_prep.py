from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from novelcraft.config.prep import PrepSettings, RowBudget, row_budget
from novelcraft.config.presets import PromptBudget
from novelcraft.errors import BudgetError, ConfigError


def budget(**changes: Any) -> PromptBudget:
    return row_budget(PrepSettings(**changes))


def test_the_defaults_fit() -> None:
    made = budget()
    assert made.prompt == 1_000
    assert made.total == 4_000


def test_a_preset_may_raise_what_fits() -> None:
    made = budget(budget=RowBudget(canon=300, tail=200), max_row_tokens=4_600)
    assert (made.canon, made.tail, made.total) == (300, 200, 4_500)
    assert budget(strategy="long", max_row_tokens=7_050).scene == 6_000
    assert budget(strategy="long", window=3_040).scene == 3_040


@pytest.mark.parametrize(
    ("changes", "says", "fix"),
    [
        (
            {"budget": RowBudget(canon=300)},
            "4350 tokens .system 150, world 400, summary 400, canon 300, tail 0, brief 50, "
            "spare 50, scene 3000., and max_row_tokens is 4096",
            "4350 or more, or scene_high to 2746 or less",
        ),
        ({"scene_high": 3_100}, "max_row_tokens is 4096", "scene_high to 3046 or less"),
        ({"strategy": "long"}, "scene 6000", "7050 or more, or window to 3046"),
        ({"max_row_tokens": 500}, "max_row_tokens is 500", "4050 or more, or give"),
        ({"budget": RowBudget(summary=200)}, "3.75:1", "scene_high between 1600 and 2400"),
        (
            {"budget": RowBudget(tail=700), "max_row_tokens": 8_000},
            "1.76:1",
            "scene_high between 3400 and 5100",
        ),
    ],
)
def test_numbers_that_disagree_are_named(changes: dict[str, Any], says: str, fix: str) -> None:
    with pytest.raises(BudgetError, match=says) as caught:
        budget(**changes)
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "changes", [{"scene_low": 3_001}, {"style_low": 2_001}, {"style_high": 499}]
)
def test_a_lower_limit_above_the_upper_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is more than"):
        budget(**changes)


@pytest.mark.parametrize(
    "changes",
    [{"validation": 0.6}, {"strategy": "random"}, {"seed": -1}, {"split": "row"}, {"rows": 1}],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PrepSettings(**changes)
