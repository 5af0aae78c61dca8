"""How fast steady work goes on, for the time it will still take."""

from __future__ import annotations

from novelcraft.present.wording import span


class SteadyPace:
    """The pace since the work began, in this run: what was done before it does not count.

    It is taken where work was last done: between two steps the time left falls, and does not rise
    with every second that a long step takes.
    """

    def __init__(self) -> None:
        self._first = self._done = 0.0
        self._begun: float | None = None
        self._last = 0.0

    def begin(self, done: float, now: float) -> None:
        """Count from here."""
        self._first = self._done = done
        self._begun = self._last = now

    def end(self) -> None:
        """Say no more until it begins again."""
        self._begun = None

    def mark(self, done: float, now: float) -> None:
        """Take in how much is done."""
        if done != self._done:
            self._done, self._last = done, now

    def left(self, total: float, now: float) -> str:
        """The time left, in words; empty before there is anything to go by."""
        if self._begun is None or self._done <= self._first:
            return ""
        each = (self._last - self._begun) / (self._done - self._first)
        seconds = each * (total - self._done) - (now - self._last)
        return f"{span(max(0.0, seconds))} left"
