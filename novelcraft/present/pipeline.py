"""What the events of the training pipeline mean for a person who waits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from novelcraft.present.evaluation import EvaluationProgress
from novelcraft.present.preparation import PrepProgress
from novelcraft.present.progress import AsksNobody
from novelcraft.present.training import TrainProgress
from novelcraft.present.wording import span
from novelcraft.state.evaluation import GateVerdict
from novelcraft.state.prep import PrepStarted
from novelcraft.state.train_events import EvalStarted, TrainNotice, TrainStarted
from novelcraft.state.training import (
    AdapterJudged,
    AdapterRegistered,
    PipelineEvent,
    PipelinePlanned,
)
from novelcraft.tools.text import counted

VERDICTS: dict[GateVerdict, str] = {
    "passed": "It passed the gate: it does not recite its training books.",
    "failed": "It did not pass the gate.",
    "not_evaluated": "The gate has nothing to go by.",
}


def verdict_lines(verdict: GateVerdict, reasons: Iterable[str]) -> str:
    """The gate's result and the reasons for it, a line each."""
    return "\n".join((VERDICTS[verdict], *(f"  - {reason}" for reason in reasons)))


class PipelineProgress(AsksNobody):
    """The sum of the events so far: each part of the pipeline counts by itself."""

    def __init__(self) -> None:
        self._part: Any = TrainProgress()

    @property
    def total(self) -> int:
        """How much there is to do in this part of the pipeline."""
        return int(self._part.total)

    @property
    def done(self) -> float:
        """How much of it is done."""
        return float(self._part.done)

    def update(self, event: PipelineEvent, now: float) -> None:
        """Take in one event."""
        match event:
            case PrepStarted():
                self._part = PrepProgress()
            case PipelinePlanned() | TrainStarted():
                self._part = TrainProgress()
            case TrainNotice() if isinstance(self._part, PrepProgress):
                # Where there is no plan, training tells of itself first.
                self._part = TrainProgress()
            case EvalStarted():
                self._part = EvaluationProgress()
            case _:
                pass
        self._part.update(event, now)

    def headline(self, event: PipelineEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case PipelinePlanned():
                return _planned(event)
            case AdapterJudged():
                return VERDICTS[event.verdict]
            case AdapterRegistered():
                return f"registered as {event.name}"
            case _:
                told: str | None = self._part.headline(event)
                return told

    def line(self, now: float) -> str:
        """Where the run is, and how long this part of the pipeline will still take."""
        return str(self._part.line(now))


def _planned(event: PipelinePlanned) -> str:
    where = f" on {event.device}" if event.device else ""
    room = "" if event.available is None else f" of {event.available:.1f}"
    verdict = "" if event.verdict == "unknown" else f": {_FITS[event.verdict]}"
    time = "" if event.hours is None else f", {span(event.hours * 3600)}"
    notices = "".join(f" {notice}" for notice in event.notices)
    return (
        f"plan{where}: {counted(event.rows, 'row')}, {counted(event.steps, 'step')}{time}; "
        f"{event.least:.1f} to {event.peak:.1f}{room} GB{verdict}.{notices}"
    )


_FITS = {"fits": "it fits", "may fit": "it may fit or not", "does not fit": "it does not fit"}
