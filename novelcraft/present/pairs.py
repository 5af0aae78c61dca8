"""What the events of asking for scenes mean for a person who waits."""

from __future__ import annotations

from novelcraft.present.pace import SteadyPace
from novelcraft.present.progress import AsksNobody
from novelcraft.state.preferences import PairEvent, PairMade, PairsStarted
from novelcraft.tools.text import counted


class PairsProgress(AsksNobody):
    """The sum of the events so far. A scene counts as one."""

    def __init__(self) -> None:
        self.total = 0
        self._done = 0
        self._pace = SteadyPace()

    @property
    def done(self) -> float:
        """Scenes that are there."""
        return float(self._done)

    def update(self, event: PairEvent, now: float) -> None:
        """Take in one event."""
        match event:
            case PairsStarted():
                self.total = event.rows
                self._pace.begin(0, now)
            case PairMade():
                self._done = event.done
                self._pace.mark(event.done, now)

    def headline(self, event: PairEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case PairsStarted():
                return f"asking {event.model} for {counted(event.rows, 'scene')}"
            case _:
                return None

    def line(self, now: float) -> str:
        """Where the run is, and how long it will still take."""
        at = f"{self._done} of {counted(self.total, 'scene')}"
        return " | ".join(part for part in (at, self._pace.left(self.total, now)) if part)
