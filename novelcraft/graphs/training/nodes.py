"""The nodes of the training graph: each reads the state, has one thing done, and says what came."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from novelcraft.errors import (
    AdapterRefusedError,
    BookError,
    ConfigError,
    LossError,
    TrainingMemoryError,
)
from novelcraft.finetune.planning.changes import Changes
from novelcraft.finetune.planning.plan import TrainPlan
from novelcraft.finetune.registry.gate import gate_advice
from novelcraft.graphs.prep.project import PrepOutcome
from novelcraft.graphs.training.context import TrainingRuntime
from novelcraft.graphs.training.following import wait_for_earlier
from novelcraft.state.train_events import TrainEvent, TrainFailed, TrainNotice, TrainStopped
from novelcraft.state.training import (
    AdapterJudged,
    AdapterRegistered,
    PipelinePlanned,
    PipelineState,
)

Update = dict[str, Any]

STOPPED = 130
"""Exit code of what a person stopped, as shells have it."""


async def prepare_rows(state: PipelineState, runtime: TrainingRuntime) -> Update:
    """Turn the named books into rows."""
    context = runtime.context
    assert state["prepare"]
    assert context.prepare is not None, "the pipeline begins here only with books"
    outcome = await context.prepare(context.emit)
    return _without_books(outcome) if outcome.failed else {}


async def plan_run(state: PipelineState, runtime: TrainingRuntime) -> Update:
    """Say what training will take, before anything is loaded."""
    context = runtime.context
    try:
        plan = await asyncio.to_thread(context.tools.plan, context.config)
    except ConfigError as error:
        # A base of unknown sizes can be trained all the same, where the hub has it.
        text = f"What training takes cannot be said beforehand: {error.message}"
        context.emit(TrainNotice(text=text))
        return {}
    planned = _planned(plan)
    context.emit(planned)
    if plan.verdict != "does not fit" or state["anyway"]:
        return {}
    return {
        "end": "does not fit",
        "error": f"{plan.model} does not fit: training takes {planned.least:.1f} GB on each device "
        f"at the least, and there are {plan.available:.1f} GB.",
        "fix": "\n  ".join((*_advice(plan.changes), _ANYWAY)),
        "exit_code": TrainingMemoryError.exit_code,
    }


async def train_adapter(state: PipelineState, runtime: TrainingRuntime) -> Update:
    """Train, in a process of its own. A run that has come to its end is not trained further."""
    context = runtime.context
    await wait_for_earlier(context.checkpoints.folder, context.emit)
    resume = state["resume"] and bool(context.checkpoints.steps())
    if state["resume"] and not resume:
        context.emit(TrainNotice(text="There is no checkpoint to go on from: training begins."))
    last = await context.follower.follow(context.tools.train(context.file, resume), context.emit)
    if last is None:
        return _stopped()
    if isinstance(last, TrainFailed):
        return _failed(last)
    assert isinstance(last, TrainStopped), "the process sees to it"
    reached: Update = {"adapter": last.adapter, "step": last.step, "best_step": last.best_step}
    if last.reason == "nan":
        lost = {"end": "lost", "error": last.detail, "exit_code": LossError.exit_code}
        return {**reached, **lost}
    asked = last.reason == "cancelled" or context.follower.asked
    return {**reached, **_stopped()} if asked else reached


async def evaluate_adapter(state: PipelineState, runtime: TrainingRuntime) -> Update:
    """Hold base and tuned side by side, in a process of its own, unless that was done."""
    context = runtime.context
    adapter = Path(state["adapter"])
    asked = (adapter, context.config, context.evaluation)
    reason = await asyncio.to_thread(context.tools.unready, *asked)
    if reason:
        context.emit(TrainNotice(text=reason))
        return {}
    process = context.tools.evaluate(adapter, context.data, context.evaluation)
    last = await context.follower.follow(process, context.emit)
    if context.follower.asked:
        return _stopped()
    return _failed(last) if isinstance(last, TrainFailed) else {}


async def judge_adapter(state: PipelineState, runtime: TrainingRuntime) -> Update:
    """Ask the gate."""
    context = runtime.context
    found = await asyncio.to_thread(context.tools.judge, Path(state["adapter"]))
    context.emit(AdapterJudged(verdict=found.verdict, reasons=found.reasons))
    result: Update = {"verdict": found.verdict, "reasons": found.reasons}
    if found.verdict != "failed":
        return result
    advice = gate_advice(Path(state["adapter"]), found)
    return {
        **result,
        "error": "The adapter did not pass the gate.",
        "fix": f"It is kept, and registered as failed. {advice}",
        "exit_code": AdapterRefusedError.exit_code,
    }


async def register_adapter(state: PipelineState, runtime: TrainingRuntime) -> Update:
    """Write the adapter's card and its report, whatever the gate said."""
    context = runtime.context
    adapter = Path(state["adapter"])
    card = await asyncio.to_thread(context.tools.register, adapter, context.config)
    report = await asyncio.to_thread(context.tools.report, adapter, card)
    page = str(report or "")
    context.emit(AdapterRegistered(name=card.name, adapter=str(adapter), report=page))
    return {"report": page, "end": "registered"}


_ANYWAY = "Give --anyway to try it all the same."


def _advice(changes: Changes) -> tuple[str, ...]:
    single = tuple(change.what for change in changes.single)
    less = ("What would take less:", *single) if single else ()
    return (*less, "Together, these fit:", *changes.together) if changes.together else less


def _planned(plan: TrainPlan) -> PipelinePlanned:
    return PipelinePlanned(
        model=plan.model,
        device=plan.device,
        verdict=plan.verdict,
        least=plan.memory.least.peak,
        peak=plan.memory.most.peak,
        available=plan.available,
        rows=plan.work.rows,
        steps=plan.work.steps,
        hours=plan.hours,
        changes=tuple(change.what for change in plan.changes.single),
        notices=plan.notices,
    )


def _without_books(outcome: PrepOutcome) -> Update:
    named = "; ".join(f"{failed['book_id']}: {failed['error']}" for failed in outcome.failed)
    codes = {failed["exit_code"] for failed in outcome.failed}
    return {
        "end": "books",
        "error": f"Some books could not be prepared: {named}",
        "fix": "Mend them, or name only the others.",
        "exit_code": codes.pop() if len(codes) == 1 else BookError.exit_code,
    }


def _stopped() -> Update:
    return {"end": "cancelled", "exit_code": STOPPED}


def _failed(event: TrainEvent) -> Update:
    assert isinstance(event, TrainFailed)
    return {
        "end": "failed",
        "error": event.error,
        "fix": event.fix,
        "exit_code": event.exit_code,
    }
