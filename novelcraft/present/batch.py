"""What a batch's events mean for a person who waits, and its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from novelcraft.present.pace import SteadyPace
from novelcraft.present.progress import AsksNobody
from novelcraft.present.wording import number
from novelcraft.state.batch import (
    BatchEntry,
    BatchEvent,
    BatchHeld,
    BatchNotice,
    NovelBegun,
    NovelEnded,
    NovelGrew,
    NovelNotice,
    RowProgress,
)
from novelcraft.tools.text import counted, one_line


class BatchProgress(AsksNobody):
    """The sum of a batch's events; see `present.progress.Progress`.

    Args:
        entries: The batch as it stands before the run.
    """

    def __init__(self, entries: Sequence[BatchEntry]) -> None:
        self._standings = {entry.row.name: entry.standing for entry in entries}
        self._pace = SteadyPace()
        self._begun = False

    @property
    def total(self) -> int:
        """Novels of the batch."""
        return len(self._standings)

    @property
    def done(self) -> float:
        """Novels that are finished, the shares of begun ones among them."""
        return sum(map(_share, self._standings.values()))

    def update(self, event: BatchEvent, now: float) -> None:
        """Take in an event."""
        if not self._begun:
            self._begun = True
            self._pace.begin(self.done, now)
        match event:
            case NovelBegun():
                self._change(event.name, status="writing", error="")
            case NovelGrew():
                self._change(
                    event.name,
                    scenes=event.scenes,
                    scenes_planned=event.scenes_planned,
                    words=event.words,
                )
            case NovelEnded():
                self._standings[event.name] = event.standing
            case _:
                pass
        self._pace.mark(self.done, now)

    def headline(self, event: BatchEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case NovelBegun():
                return f"{event.name}: begun"
            case NovelGrew() if event.scenes:
                words = counted(event.words, "word")
                return f"{event.name}: scene {event.scenes} of {event.scenes_planned}, {words}"
            case NovelEnded():
                return f"{event.name}: {_ended(event.standing)}"
            case NovelNotice():
                return f"{event.name}: {event.text}"
            case BatchNotice():
                return event.text
            case BatchHeld():
                return f"no further novel is begun: {event.reason}"
            case _:
                return None

    def line(self, now: float) -> str:
        """One line that says how the whole shelf stands."""
        words = sum(standing.words for standing in self._standings.values())
        parts = [counts(self._standings.values()), f"{number(words)} words"]
        left = self._pace.left(self.total, now)
        return " | ".join([*parts, left] if left else parts)

    def _change(self, name: str, **changes: object) -> None:
        # A worker hears of novels that were added since it began.
        before = self._standings.get(name, RowProgress())
        self._standings[name] = before.model_copy(update=changes)


def counts(standings: Iterable[RowProgress]) -> str:
    """How many novels stand how: `3 of 12 finished, 8 writing, 1 failed`."""
    by_status = Counter(standing.status for standing in standings)
    total = sum(by_status.values())
    others = [
        f"{by_status[status]} {status}"
        for status in ("writing", "waiting", "paused", "failed")
        if by_status[status]
    ]
    return ", ".join([f"{by_status['finished']} of {total} finished", *others])


def table(entries: Sequence[BatchEntry]) -> list[str]:
    """A line a novel, and one with the sums."""
    width = max((len(entry.row.name) for entry in entries), default=0)
    lines = []
    for entry in entries:
        standing = entry.standing
        line = f"{entry.row.name:<{width}}  {standing.status:<8}  {_numbers(standing)}"
        lines.append(f"{line}  {_first_line(standing)}".rstrip())
    standings = [entry.standing for entry in entries]
    words, read, written = (
        sum(getattr(s, key) for s in standings)
        for key in ("words", "prompt_tokens", "completion_tokens")
    )
    sums = f"{number(words)} words, {number(read)} tokens read, {number(written)} written"
    cost = sum(s.cost for s in standings)
    lines.append(f"{counts(standings)}; {sums}{f', cost {cost:.2f}' if cost else ''}.")
    return lines


def _numbers(standing: RowProgress) -> str:
    scenes = f"{standing.scenes}/{standing.scenes_planned or '?'} scenes"
    findings = f", {counted(standing.findings, 'finding')}" if standing.findings else ""
    kept = f", {standing.at_cap} at the cap" if standing.at_cap else ""
    cost = f", cost {standing.cost:.2f}" if standing.cost else ""
    return f"{scenes}, {number(standing.words)} words{findings}{kept}{cost}"


def _ended(standing: RowProgress) -> str:
    if standing.status == "finished":
        kept = f", {standing.at_cap} kept at the cap" if standing.at_cap else ""
        scenes, words = counted(standing.scenes, "scene"), number(standing.words)
        return f"finished, {scenes}, {words} words{kept}"
    return f"{standing.status}: {one_line(standing.error)}"


def _first_line(standing: RowProgress) -> str:
    return standing.error.splitlines()[0] if standing.error else standing.path


def _share(standing: RowProgress) -> float:
    if standing.status == "finished":
        return 1.0
    planned = standing.scenes_planned
    return min(1.0, standing.scenes / planned) if planned else 0.0
