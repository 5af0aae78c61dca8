"""Where the training graph goes next. Pure functions of the state, each with a table test."""

from __future__ import annotations

from typing import Literal

from novelcraft.state.training import PipelineState


def at_start(state: PipelineState) -> Literal["prep", "plan"]:
    """To the books, where any were named; else with the rows that are there."""
    return "prep" if state["prepare"] else "plan"


def after_prep(state: PipelineState) -> Literal["plan", "__end__"]:
    """On, if all books are rows now: training without one would be training something else."""
    return "__end__" if state["end"] else "plan"


def after_plan(state: PipelineState) -> Literal["train", "__end__"]:
    """On, if it fits or is to be tried anyway."""
    return "__end__" if state["end"] else "train"


def after_train(state: PipelineState) -> Literal["evaluate", "gate", "__end__"]:
    """On with an adapter that training came to its end with."""
    if state["end"]:
        return "__end__"
    return "evaluate" if state["evaluate"] else "gate"


def after_evaluate(state: PipelineState) -> Literal["gate", "__end__"]:
    """On, if the evaluation is there, or cannot be had."""
    return "__end__" if state["end"] else "gate"
