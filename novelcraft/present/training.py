"""What the events of a training run mean for a person who waits."""

from __future__ import annotations

from novelcraft.present.pace import SteadyPace
from novelcraft.present.wording import number
from novelcraft.state.train_events import (
    CheckpointSaved,
    Method,
    PreferenceScore,
    SampleWritten,
    StopReason,
    TrainEvent,
    TrainNotice,
    TrainStarted,
    TrainStep,
    TrainStopped,
    Validated,
)
from novelcraft.tools.text import counted


class TrainProgress:
    """The sum of the events so far. A step of the optimiser counts as one."""

    def __init__(self) -> None:
        self.total = 0
        self._step = 0
        self._pace = SteadyPace()
        self._doing = "loading the model"

    @property
    def done(self) -> float:
        """Steps done."""
        return float(self._step)

    def update(self, event: TrainEvent, now: float) -> None:
        """Take in one event."""
        match event:
            case TrainStarted():
                self.total, self._step = event.steps, event.resumed_at
                self._pace.begin(event.resumed_at, now)
                self._doing = "training"
            case TrainStep():
                self._step, self.total = event.step, event.steps
                self._pace.mark(event.step, now)
                self._doing = (
                    f"step {event.step} of {event.steps}: loss {event.loss:.3f}, "
                    f"{number(round(event.tokens_per_second))} tokens a second, "
                    f"{event.memory_bytes / 1e9:.1f} GB"
                )
            case TrainStopped():
                self._pace.end()
                self._doing = "training has ended"
            case _:
                pass

    def headline(self, event: TrainEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case TrainStarted():
                return _started(event)
            case TrainNotice():
                return event.text
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
        return " | ".join(part for part in (self._doing, self._pace.left(self.total, now)) if part)

    def pause(self, now: float) -> None:
        """Nobody is asked anything here."""

    def resume(self, now: float) -> None:
        """Nobody is asked anything here."""


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
