from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from novelcraft.config.layouts import LAYOUTS, SMALL_LAYOUT, STANDARD_LAYOUT
from novelcraft.config.prep import PrepSettings, RowBudget, check_layout, read_settings
from novelcraft.config.presets import PRESETS
from novelcraft.errors import BudgetError, ConfigError
from novelcraft.state.layout import Layout


def layout(**changes: Any) -> Layout:
    return check_layout(PrepSettings(**changes))


def test_the_default_is_what_novels_are_written_in() -> None:
    made = layout()
    assert made == STANDARD_LAYOUT == PRESETS["standard"].layout
    assert (made.prompt, made.total) == (1_600, 4_050)
    assert made.scene / made.prompt >= 1.5
    assert layout(layout="small") == SMALL_LAYOUT == PRESETS["small"].layout


def test_every_named_layout_can_be_prepared_and_no_two_are_alike() -> None:
    assert {name: layout(layout=name).name for name in LAYOUTS} == {n: n for n in LAYOUTS}
    assert len({made.hash for made in LAYOUTS.values()}) == len(LAYOUTS)


def test_a_layout_is_known_by_its_numbers_whoever_wrote_them() -> None:
    numbers = {"system": 150, "world": 250, "summary": 200, "canon": 160, "tail": 120}
    rest = {"brief": 320, "cautions": 160}
    by_hand = layout(budget={**numbers, **rest}, scene_low=520, scene_high=1_100)
    assert by_hand == SMALL_LAYOUT
    assert layout(budget={"canon": 150}).name == "own"


def test_nothing_is_the_layouts_and_zero_is_zero() -> None:
    made = layout(budget={"canon": 0})
    assert (made.canon, made.tail) == (0, 200)


def test_settings_of_before_there_were_layouts_are_read_as_lean() -> None:
    parts = {"system": 150, "world": 400, "summary": 400, "canon": 0, "tail": 0, "brief": 50}
    lengths = {"scene_low": 2_000, "scene_high": 3_000, "max_row_tokens": 4_096}
    old = read_settings({"budget": {**parts, "spare": 50}, **lengths})
    assert old.row_layout == LAYOUTS["lean"]
    other = read_settings({"budget": {**parts, "brief": 200, "spare": 50}, **lengths})
    assert (other.row_layout.name, other.row_layout.form) == ("own", "lines")


def test_a_wider_row_may_hold_more() -> None:
    made = layout(layout="lean", budget=RowBudget(canon=300, tail=200), max_row_tokens=4_600)
    assert (made.canon, made.tail, made.total) == (300, 200, 4_500)
    assert layout(layout="lean", strategy="long", max_row_tokens=7_050).scene == 6_000
    assert layout(layout="lean", strategy="long", window=3_040).scene == 3_040


@pytest.mark.parametrize(
    ("changes", "says", "fix"),
    [
        (
            {"budget": RowBudget(canon=300)},
            "4346 tokens .system 150, world 400, summary 400, canon 300, tail 0, brief 50, "
            "spare 46, scene 3000., and max_row_tokens is 4096",
            "4346 or more, or scene_high to 2750 or less",
        ),
        ({"scene_high": 3_100}, "max_row_tokens is 4096", "scene_high to 3050 or less"),
        ({"strategy": "long"}, "scene 6000", "7046 or more, or window to 3050"),
        ({"max_row_tokens": 500}, "max_row_tokens is 500", "4046 or more, or give"),
    ],
)
def test_numbers_that_disagree_are_named(changes: dict[str, Any], says: str, fix: str) -> None:
    with pytest.raises(BudgetError, match=says) as caught:
        layout(layout="lean", **changes)
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "changes", [{"scene_low": 3_001}, {"style_low": 2_001}, {"style_high": 499}]
)
def test_a_lower_limit_above_the_upper_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="is more than"):
        layout(layout="lean", **changes)


@pytest.mark.parametrize(
    "changes",
    [{"validation": 0.6}, {"strategy": "random"}, {"seed": -1}, {"split": "row"}, {"rows": 1}],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PrepSettings(**changes)
