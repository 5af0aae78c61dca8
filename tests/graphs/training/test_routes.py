"""Where the pipeline goes, state by state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from novelcraft.graphs.training import routes
from novelcraft.state.training import PipelineState


def state(**given: Any) -> PipelineState:
    values: dict[str, Any] = {
        "prepare": False, "resume": False, "anyway": False, "evaluate": True, "adapter": "",
        "step": 0, "best_step": 0, "verdict": "not_evaluated", "report": "", "end": "",
        "error": "", "fix": "", "exit_code": 0,
    }  # fmt: skip
    return PipelineState(**{**values, **given})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("route", "given", "where"),
    [
        (routes.at_start, {"prepare": True}, "prep"),
        (routes.at_start, {}, "plan"),
        (routes.after_prep, {}, "plan"),
        (routes.after_prep, {"end": "books"}, "__end__"),
        (routes.after_plan, {}, "train"),
        (routes.after_plan, {"end": "does not fit"}, "__end__"),
        (routes.after_train, {}, "evaluate"),
        (routes.after_train, {"evaluate": False}, "gate"),
        (routes.after_train, {"end": "cancelled"}, "__end__"),
        (routes.after_train, {"end": "lost"}, "__end__"),
        (routes.after_train, {"end": "failed", "evaluate": False}, "__end__"),
        (routes.after_evaluate, {}, "gate"),
        (routes.after_evaluate, {"end": "cancelled"}, "__end__"),
        (routes.after_evaluate, {"end": "failed"}, "__end__"),
    ],
)
def test_where_it_goes(
    route: Callable[[PipelineState], str], given: dict[str, object], where: str
) -> None:
    assert route(state(**given)) == where
