"""What the events of a preparation mean for a person who waits."""

from __future__ import annotations

from collections import defaultdict

from novelcraft.present.pace import SteadyPace
from novelcraft.present.progress import AsksNobody
from novelcraft.present.wording import number
from novelcraft.state.prep import (
    STAGES,
    BookFailed,
    BookNotice,
    PrepEvent,
    PrepFinished,
    PrepStarted,
    Stage,
    StageDone,
    StageProgress,
)
from novelcraft.tools.text import counted

DOING: dict[Stage, str] = {
    "convert": "converting",
    "clean": "cleaning",
    "base": "counting chapters",
    "world": "reading the world",
    "scenes": "cutting scenes",
    "facts": "listing facts",
    "summaries": "summarizing",
    "briefs": "writing briefs",
    "rows": "laying out rows",
}

DONE: dict[Stage, str] = {
    "convert": "converted",
    "clean": "cleaned",
    "base": "its JSON is there",
    "world": "its world context is there",
    "scenes": "cut into scenes",
    "facts": "its facts are there",
    "summaries": "summarized",
    "briefs": "its briefs are there",
    "rows": "its rows are there",
}


class PrepProgress(AsksNobody):
    """The sum of the events so far. A stage of a book counts as one step."""

    def __init__(self) -> None:
        self.total = 0
        self._stages = 0
        self._steps: set[tuple[str, Stage]] = set()
        self._failed: set[str] = set()
        self._parts: defaultdict[tuple[str, Stage], set[int]] = defaultdict(set)
        self._shares: dict[tuple[str, Stage], float] = {}
        self._doing = "getting ready"
        self._pace = SteadyPace()
        self._worked = False

    @property
    def done(self) -> float:
        """Stages done, the shares of those under way among them."""
        whole = len(self._steps) + sum(self._stages for _ in self._failed)
        return min(float(self.total), whole + sum(self._shares.values()))

    def update(self, event: PrepEvent, now: float) -> None:
        """Take in one event."""
        match event:
            case PrepStarted():
                self._pace.begin(0, now)
                self._stages = min(STAGES.index(event.until) + 1, len(STAGES) - 1)
                self.total = event.books * self._stages
            case StageProgress():
                key = (event.book_id, event.stage)
                self._parts[key].add(event.part)
                done = len(self._parts[key])
                self._shares[key] = done / (event.total + 1)
                self._doing = f"{event.book_id}: {DOING[event.stage]}, {done} of {event.total}"
            case StageDone():
                self._shares.pop((event.book_id, event.stage), None)
                self._steps.add((event.book_id, event.stage))
                self._worked = self._worked or not event.fresh
                if not self._worked:
                    # What lay there already took no time.
                    self._pace.begin(self.done, now)
                self._doing = f"{event.book_id}: {DONE[event.stage]}"
            case BookFailed():
                self._failed.add(event.book_id)
            case _:
                pass
        self._pace.mark(self.done, now)

    def headline(self, event: PrepEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case StageDone(fresh=False):
                detail = f": {event.detail}" if event.detail else ""
                return f"{event.book_id}: {DONE[event.stage]}{detail}"
            case BookNotice():
                return f"{event.book_id}: {event.text}" if event.book_id else event.text
            case BookFailed():
                return f"{event.book_id} cannot be prepared: {event.error}"
            case PrepFinished() if event.rows:
                return f"{counted(event.rows, 'row')} from {counted(event.books, 'book')}"
            case _:
                return None

    def line(self, now: float) -> str:
        """Where the run is, how far, and how long it will still take."""
        steps = f"{number(int(self.done))} of {number(self.total)} steps" if self.total else ""
        left = self._pace.left(self.total, now) if self._worked else ""
        return " | ".join(part for part in (self._doing, steps, left) if part)
