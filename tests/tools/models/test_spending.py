"""Limits on tokens and money are never passed, whatever calls come to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from novelcraft.config.root import Settings
from novelcraft.errors import ConfigError, CostCapError
from novelcraft.state.calls import CallRecord, ModelLine, Usage
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.models.spending import Budget, Spending, Spent
from tests.fakes.server import FakeServer
from tests.tools.models.support import everything, request, settings_for

BEFORE = ModelLine("narrator", "m", "", 3, 0, 600, 0, 200, 1.0)


def spending(
    prices: tuple[float, float] = (0.0, 0.0), budget: Budget | None = None, **limits: float
) -> Spending:
    role = {"price_in": prices[0], "price_out": prices[1]}
    given = {"write": limits, "roles": {"reasoning": {}, "narrator": role}}
    return Spending(Settings.model_validate(given), [BEFORE], budget)


def call(usage: Usage) -> CallRecord:
    return CallRecord(
        key="k",
        role="narrator",
        purpose="scene.narrate",
        step="s",
        model="m",
        prompt_hash="",
        messages=(),
        sampling={},
        seed=1,
        text="",
        usage=usage,
        seconds=2.0,
    )


def test_all_calls_are_counted_those_of_earlier_runs_among_them() -> None:
    counted = spending((1_000.0, 10_000.0))
    counted.add(call(Usage(prompt_tokens=100, completion_tokens=50)))
    assert counted.spent == Spent(700, 250, 3.2)
    assert (counted.seconds, counted.answers) == (3.0, 1)


def test_novels_that_spend_from_one_budget_do_not_pass_it_together() -> None:
    budget = Budget(2.0)
    one, other = (spending((1_000.0, 0.0), budget=budget) for _ in range(2))
    with one.reserve("narrator", 1_500, 0):
        refusal = pytest.raises(CostCapError, match=r"the batch may cost, 2\. So far 0")
        with refusal, other.reserve("narrator", 501, 0):
            pass
        assert budget.exhausted
        with other.reserve("narrator", 500, 0):
            pass
    one.add(call(Usage(prompt_tokens=1_400)))
    assert budget.spent == pytest.approx(1.4)
    with other.reserve("narrator", 600, 0):
        pass


def test_what_earlier_runs_took_counts() -> None:
    counted = spending(most_tokens=1_000)
    with counted.reserve("narrator", 150, 50):
        pass
    refusal = pytest.raises(CostCapError, match=r"limit of 1,000 tokens.*800 tokens")
    with refusal, counted.reserve("narrator", 150, 51):
        pass


def test_calls_in_flight_count_with_the_most_they_may_take() -> None:
    counted = spending(most_tokens=1_000)
    refusal = pytest.raises(CostCapError)
    with counted.reserve("narrator", 100, 50), refusal, counted.reserve("cheap", 100, 0):
        pass
    counted.add(call(Usage(prompt_tokens=90, completion_tokens=10)))
    with counted.reserve("cheap", 100, 0):
        pass


def test_money_is_counted_by_the_prices_of_a_role() -> None:
    counted = spending((1_000.0, 10_000.0), most_cost=4.0)
    with counted.reserve("narrator", 400, 100):  # 2.60 were spent, and this is 1.40
        pass
    refusal = pytest.raises(CostCapError, match=r"a cost of 4\..*which cost 2\.6")
    with refusal as caught, counted.reserve("narrator", 401, 100):
        pass
    assert "most_cost" in caught.value.fix
    with counted.reserve("cheap", 1_000_000, 0):
        pass


def test_a_limit_on_money_needs_prices() -> None:
    with pytest.raises(ConfigError, match="no role has a price"):
        spending(most_cost=4.0)


async def test_calls_at_once_do_not_pass_it_together(serve: Callable[..., FakeServer]) -> None:
    server, log = serve(), MemoryLog()
    given = settings_for(server).model_dump() | {"write": {"most_tokens": 1_500}}
    async with open_models(Settings.model_validate(given), log, environ={}) as models:
        asked = (models.stream(request(step=str(i), max_tokens=400), everything) for i in range(6))
        ended = await asyncio.gather(*asked, return_exceptions=True)
    refused = [one for one in ended if isinstance(one, CostCapError)]
    took = sum(r.usage.prompt_tokens + r.usage.completion_tokens for r in log.records)
    assert 0 < len(server.requests) == 6 - len(refused) < 6
    assert took <= 1_500
