"""What the events of a training run mean for a person who waits."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Literal

from novelcraft.present.progress import AsksNobody
from novelcraft.present.wording import number, span
from novelcraft.state.train_events import (
    CheckpointSaved,
    Method,
    PreferenceScore,
    SampleWritten,
    StopReason,
    TrainEvent,
    TrainNotice,
    TrainPaused,
    TrainStarted,
    TrainStep,
    TrainStopped,
    Validated,
)
from novelcraft.tools.text import counted

MEASURED = 3
"""Steps after which the time that a run takes is told as measured."""
_Part = Literal["training", "validating", "sampling"]


class TrainProgress(AsksNobody):
    """The sum of the events so far. A step of the optimiser counts as one.

    Steps, validations and samples are timed each by itself: what is left of a run is so many of
    each.
    """

    def __init__(self) -> None:
        self.total = 0
        self._step = 0
        self._started: TrainStarted | None = None
        self._done: Counter[_Part] = Counter()
        self._spent: defaultdict[_Part, float] = defaultdict(float)
        self._part: _Part = "training"
        self._now = self._since = 0.0
        self._validated = 0
        self._doing = "loading the model"

    @property
    def done(self) -> float:
        """Steps done."""
        return float(self._step)

    def update(self, event: TrainEvent, now: float) -> None:
        """Take in one event."""
        self._now = now
        match event:
            case TrainStarted():
                self._started = event
                self.total, self._step = event.steps, event.resumed_at
                self._validated = event.resumed_at
                self._since = now
                self._doing = "training"
            case TrainPaused():
                self._spend("training", now)
                self._part = event.doing
            case TrainStep():
                self._step, self.total = event.step, event.steps
                self._spend("training", now, done=True)
                self._doing = (
                    f"step {event.step} of {event.steps}: loss {event.loss:.3f}, "
                    f"{number(round(event.tokens_per_second))} tokens a second, "
                    f"{event.memory_bytes / 1e9:.1f} GB"
                )
            case Validated():
                self._validated = event.step
                self._spend("validating", now, done=True)
            case SampleWritten():
                self._spend("sampling", now, done=True)
            case TrainStopped():
                self._started = None
                self._doing = "training has ended"
            case _:
                pass

    def _spend(self, part: _Part, now: float, *, done: bool = False) -> None:
        """Count the time since the last event for a part of the work."""
        self._spent[part] += now - self._since
        self._done[part] += done
        self._since, self._part = now, "training"

    def _ahead(self, started: TrainStarted) -> dict[_Part, int]:
        """How many of each are left, the one under way among them."""
        due = (started.resumed_at == 0) + _due(started.resumed_at, self.total, started.sample_steps)
        samples = started.samples * due - self._done["sampling"]
        return {
            "training": self.total - self._step,
            "validating": _due(self._validated, self.total, started.eval_steps),
            "sampling": max(0, samples) if started.sample_steps else 0,
        }

    def _left(self, now: float) -> str:
        """The time left, in words; empty before a step was done.

        What was not timed yet is left out, which is said.
        """
        if self._started is None or not self._done["training"]:
            return ""
        ahead = self._ahead(self._started)
        each = {part: self._spent[part] / self._done[part] for part in ahead if self._done[part]}
        whole = sum(seconds * ahead[part] for part, seconds in each.items())
        whole -= min(now - self._since, each.get(self._part, 0.0))
        least = "at least " if any(ahead[part] and part not in each for part in ahead) else ""
        return f"{least}{span(max(0.0, whole))} left"

    def headline(self, event: TrainEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case TrainStarted():
                return _started(event)
            case TrainNotice():
                return event.text
            case TrainStep():
                return self._measured()
            case Validated():
                best = ", the best so far" if event.best else ""
                return (
                    f"step {event.step}: validation perplexity {event.perplexity:.2f}, "
                    f"loss {event.loss:.3f} against {event.train_loss:.3f} in training"
                    f"{_preferred(event.preference)}{best}"
                )
            case SampleWritten():
                return f"step {event.step}: wrote a sample, {event.path}"
            case CheckpointSaved():
                return f"step {event.step}: saved {event.path}"
            case TrainStopped():
                after = f"{_ENDED[event.reason]} after {counted(event.step, 'step')}."
                return f"{after} {event.detail}".rstrip()
            case _:
                return None

    def line(self, now: float) -> str:
        """Where the run is, and how long it will still take."""
        pause = self._part if self._part != "training" else ""
        return " | ".join(part for part in (self._doing, pause, self._left(now)) if part)

    def _measured(self) -> str | None:
        """What the first steps say of the whole, once: until then the plan's time is a guess."""
        if self._done["training"] != MEASURED or self._step >= self.total:
            return None
        each = self._spent["training"] / MEASURED
        return f"measured on {MEASURED} steps: {each:.1f} s a step, {self._left(self._now)}"


def _due(after: int, steps: int, every: int) -> int:
    """How often something is done that is due every so many steps and at the last one."""
    if not every or after >= steps:
        return 0
    return steps // every - after // every + (steps % every != 0)


def _started(event: TrainStarted) -> str:
    again = f", going on after step {event.resumed_at}" if event.resumed_at else ""
    return (
        f"{event.base_model} on {event.device} in {event.precision}: "
        f"{counted(event.rows, _ROWS[event.method])}, {event.validation_rows} to validate with, "
        f"{event.trainable / 1e6:.1f} million trainable parameters, "
        f"{counted(event.steps, 'step')}{again}"
    )


_ROWS: dict[Method, str] = {"sft": "row", "dpo": "pair"}


def _preferred(score: PreferenceScore | None) -> str:
    if score is None:
        return ""
    return f", reward margin {score.margin:.2f}, {score.accuracy:.0%} of the pairs ranked right"


_ENDED: dict[StopReason, str] = {
    "finished": "training is done",
    "early": "training stopped early, because validation no longer got better,",
    "cancelled": "training stopped",
    "nan": "training stopped, because the loss was no number any more,",
}
