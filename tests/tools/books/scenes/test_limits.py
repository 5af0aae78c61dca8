from __future__ import annotations

import pytest

from novelcraft.errors import BudgetError
from novelcraft.tools.books.scenes.limits import SceneLimits


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"low": 3_001}, "low"),
        ({"cut_low": 700}, "cut_low"),
        ({"best_low": 900}, "best_low"),
        ({"best_high": 1_200}, "best_high"),
        ({"cut_high": 3_100}, "cut_high"),
        ({"low": 300}, "low"),
        ({"cut_low": 0}, "cut_low"),
    ],
)
def test_limits_that_contradict_each_other(changes: dict[str, int], named: str) -> None:
    with pytest.raises(BudgetError, match=named) as caught:
        SceneLimits(**changes)
    assert caught.value.fix
    assert str(next(iter(changes.values()))) in caught.value.message


def test_limits_may_be_equal() -> None:
    assert SceneLimits(low=1_000, high=1_000).high == 1_000


def test_shorter_scenes_have_shorter_cuts() -> None:
    assert SceneLimits().within(2_000, 3_000) == SceneLimits()
    assert SceneLimits().within(4_000, 6_000) == SceneLimits(4_000, 6_000)
    assert SceneLimits().within(300, 700) == SceneLimits(300, 700, 300, 700, 600, 700)
    assert SceneLimits().within(1, 1) == SceneLimits(1, 1, 1, 1, 1, 1)
    with pytest.raises(BudgetError, match="low"):
        SceneLimits().within(800, 700)
