"""What the events of an evaluation mean for a person who waits."""

from __future__ import annotations

from novelcraft.present.pace import SteadyPace
from novelcraft.present.progress import AsksNobody
from novelcraft.present.wording import number
from novelcraft.state.train_events import (
    EvalFinished,
    EvalPart,
    EvalProgress,
    EvalStarted,
    TrainEvent,
    TrainNotice,
)

DOING: dict[EvalPart, str] = {
    "perplexity": "reading rows",
    "writing": "writing scenes",
    "probes": "writing the probes",
    "measuring": "measuring",
}


class EvaluationProgress(AsksNobody):
    """The sum of the events so far. The part under way is what the bar shows."""

    def __init__(self) -> None:
        self.total = 0
        self._done = 0
        self._part: EvalPart | None = None
        self._pace = SteadyPace()

    @property
    def done(self) -> float:
        """How much of the part is done."""
        return float(self._done)

    def update(self, event: TrainEvent, now: float) -> None:
        """Take in one event."""
        if not isinstance(event, EvalProgress):
            return
        if event.part != self._part:
            self._part = event.part
            self._pace.begin(event.done, now)
        self._done, self.total = event.done, event.total
        self._pace.mark(event.done, now)

    def headline(self, event: TrainEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case EvalStarted():
                return f"evaluating beside {event.base_model} on {event.device}"
            case EvalFinished():
                return _finished(event)
            case TrainNotice():
                return event.text
            case _:
                return None

    def line(self, now: float) -> str:
        """Where the evaluation is, and how long its part will still take."""
        if self._part is None:
            return "loading base and adapter"
        doing = f"{DOING[self._part]}, {number(self._done)} of {number(self.total)}"
        return " | ".join(part for part in (doing, self._pace.left(self.total, now)) if part)


def _finished(event: EvalFinished) -> str:
    told = (
        f"evaluated: validation perplexity {event.perplexity_base:.2f} before, "
        f"{event.perplexity_tuned:.2f} tuned"
    )
    if event.style_base is not None and event.style_tuned is not None:
        told += f"; style score {event.style_base:.0f} before, {event.style_tuned:.0f} tuned"
    return told
