"""What the event stream means for a person who waits. Pure: the caller brings the time."""

from __future__ import annotations

from novelcraft.present.wording import number, span, stopwatch
from novelcraft.state.events import (
    ActSettled,
    DraftChecked,
    Drafting,
    Exported,
    Notice,
    Planning,
    PlanReady,
    RunFinished,
    RunStarted,
    SceneCommitted,
    SceneStarted,
    WriteEvent,
)
from novelcraft.state.manuscript import AcceptedBy
from novelcraft.tools.text import counted

ACCEPTED: dict[AcceptedBy, str] = {
    "checks": "passed its checks",
    "cap": "kept with findings, out of attempts",
    "person": "accepted by you",
}

_LEAST_WORDS = 40
"""Words of a first draft before its pace says anything."""


class WritingProgress:
    """The sum of the events so far, and the estimates that follow from it.

    Times are seconds on any clock that only goes forward, the same one in all calls.
    """

    def __init__(self) -> None:
        self.scenes = 0
        self.scenes_done = 0
        self._doing = "getting ready"
        self.position = 0
        """Number of the scene that is drafted; 0 before any."""
        self._pages = 0
        self._target_words = 0
        self._words_done = 0
        self.draft_words = 0
        """Of the draft that is being written; 0 between two."""
        self._draft_target = 0
        self._reading = False
        self._begun: float | None = None
        self._pace = _Pace()
        self._finished = False

    def update(self, event: WriteEvent, now: float) -> None:
        """Take in one event. Kinds that change nothing here are ignored."""
        if self._begun is None:
            self._begun = now
        match event:
            case RunStarted():
                self._pages, self._target_words = event.target_pages, event.target_words
                self.scenes_done, self._words_done = event.scenes_done, event.words_done
                self._pace = _Pace()
            case Planning():
                self._doing = f"planning: {event.step} ({event.done} of {event.total} steps done)"
            case PlanReady():
                self.scenes = event.scenes
            case SceneStarted():
                self._start(event, now)
            case Drafting():
                self.draft_words = event.words
                self._draft_target = event.target_words
            case DraftChecked():
                self._reading = event.verdict != "redraft"
            case SceneCommitted():
                self._commit(event, now)
            case RunFinished():
                self._finished, self._doing = True, "finished"
            case _:
                pass

    def pause(self, now: float) -> None:
        """A person is asked; until `resume`, time does not count for the pace."""
        self._pace.pause(now)

    def resume(self, now: float) -> None:
        """The person has answered."""
        self._pace.resume(now)

    def line(self, now: float) -> str:
        """One line that says where the run is, how far, and how long it will still take."""
        parts = [self._what(), self._how_far(), self._how_long(now)]
        return " | ".join(part for part in parts if part)

    @property
    def total(self) -> int:
        """Scenes of the book; 0 before there is a plan."""
        return self.scenes

    def headline(self, event: WriteEvent) -> str | None:
        """The line that stays on the screen for an event; None for those that only move the bar."""
        match event:
            case RunStarted():
                return _started(event)
            case PlanReady():
                return _planned(event)
            case DraftChecked() if event.verdict == "redraft":
                return f"draft {event.attempt} is drawn again: {', '.join(event.blocks)}"
            case SceneCommitted():
                return _committed(event)
            case Exported():
                return f"wrote {event.path}"
            case Notice():
                return event.text
            case ActSettled():
                return _settled(event)
            case _:
                return None

    @property
    def done(self) -> float:
        """Scenes written, the share of the running draft among them."""
        return self.scenes_done + self._draft_share

    def time_left(self, now: float) -> float | None:
        """Seconds until the last scene is written, by the pace so far; None while unknown."""
        if self._finished or not self.scenes:
            return None
        enough = self.draft_words >= _LEAST_WORDS
        return self._pace.left(self.scenes, self.scenes_done, self._draft_share * enough, now)

    @property
    def _draft_share(self) -> float:
        """Share of the running draft that is there, of its target."""
        return min(1.0, self.draft_words / self._draft_target) if self._draft_target else 0.0

    def _start(self, event: SceneStarted, now: float) -> None:
        self.scenes, self.position = event.scenes, event.position
        self.draft_words, self._draft_target = 0, event.target_words
        self._reading = False
        again = f", draft {event.attempt}" if event.attempt > 1 else ""
        self._doing = f"scene {event.position} of {event.scenes}{again}"
        self._pace.begin(self.scenes_done, now)

    def _commit(self, event: SceneCommitted, now: float) -> None:
        self.scenes, self.scenes_done = event.scenes, event.position
        self._words_done = event.words_total
        self.draft_words = self._draft_target = 0
        self._doing = f"scene {event.position} of {event.scenes} is in"
        self._pace.commit(self.scenes_done, now)

    def _what(self) -> str:
        if not self.draft_words:
            return self._doing
        if self._reading:
            return f"{self._doing}: {counted(self.draft_words, 'word')}, being read"
        share = f"{self.draft_words / self._draft_target:.0%}"
        return f"{self._doing}: {self.draft_words} of {self._draft_target} words ({share})"

    def _how_far(self) -> str:
        if not self._target_words:
            return ""
        pages = self._words_done / self._target_words * self._pages
        return f"{pages:.1f} of {number(self._pages)} pages"

    def _how_long(self, now: float) -> str:
        left = self.time_left(now)
        return "" if left is None else f"{span(left)} left"


class _Pace:
    """How fast scenes come in, in this run and without the time a person took to answer."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._at_start = 0
        self._last: float | None = None
        self._paused: float | None = None

    def begin(self, done: int, now: float) -> None:
        if self._begun is None:
            self._begun, self._at_start = now, done

    def commit(self, done: int, now: float) -> None:
        if done > self._at_start:
            self._last = now

    def pause(self, now: float) -> None:
        self._paused = now

    def resume(self, now: float) -> None:
        """Leave out the time since the pause, if there was one."""
        if self._paused is None:
            return
        away, self._paused = now - self._paused, None
        if self._begun is not None:
            self._begun += away
        if self._last is not None:
            self._last += away

    def left(self, scenes: int, done: int, share: float, now: float) -> float | None:
        """Seconds for the scenes left.

        By whole scenes as soon as there is one, with its reviews; before that by the first
        draft, which flatters.
        """
        if self._begun is None:
            return None
        if self._last is None:
            written = share
            seconds = now - self._begun
        else:
            written = float(done - self._at_start)
            seconds = self._last - self._begun
        if written <= 0:
            return None
        whole = (scenes - done) * seconds / written
        since = now - (self._begun if self._last is None else self._last)
        return max(0.0, whole - since)


def summary(finished: RunFinished) -> list[str]:
    """What the book came to, honestly, in a few lines."""
    kept, by_person = finished.at_cap, finished.by_person
    lines = [
        f"{number(finished.words)} words, {finished.pages:g} pages, "
        f"{counted(finished.chapters, 'chapter')}, {counted(finished.scenes, 'scene')}.",
        f"{finished.scenes - kept - by_person} of {counted(finished.scenes, 'scene')} passed the "
        f"checks; {counted(finished.warnings, 'warning')}.",
    ]
    if kept:
        lines.append(
            f"{counted(kept, 'scene')} ({kept / finished.scenes:.0%}) "
            f"{'was' if kept == 1 else 'were'} kept with findings when the attempts ran out."
        )
    if by_person:
        lines.append(
            f"{counted(by_person, 'scene')} {'stands' if by_person == 1 else 'stand'} by your "
            "word, with findings that would have kept a draft out."
        )
    lines.append(
        f"{counted(finished.model_calls, 'model call')}: {number(finished.prompt_tokens)} tokens "
        f"read, {number(finished.completion_tokens)} written, in {stopwatch(finished.seconds)}."
    )
    return lines


def _started(event: RunStarted) -> str:
    if not event.resumed:
        return f"a novel of {counted(event.target_pages, 'page')} on branch {event.branch}"
    return (
        f"going on with branch {event.branch}: {counted(event.scenes_done, 'scene')}, "
        f"{number(event.words_done)} of {number(event.target_words)} words are there"
    )


def _planned(event: PlanReady) -> str:
    told = "plan revised" if event.replan else f"plan ready: “{event.title}”"
    size = f"{counted(event.chapters, 'chapter')}, {counted(event.scenes, 'scene')}"
    mends = f", {counted(event.mends, 'mend')}" if event.mends else ""
    return f"{told}, {size}{mends}"


def _committed(event: SceneCommitted) -> str:
    drafts = f" after {event.attempts} drafts" if event.attempts > 1 else ""
    return (
        f"scene {event.position} of {event.scenes}: {event.words} words, "
        f"{ACCEPTED[event.accepted_by]}{drafts}"
    )


def _settled(event: ActSettled) -> str:
    what = f"act {event.act}, {event.what.replace('_', ' ')}"
    return f"{what}: {event.status}" + (f": {event.reason}" if event.reason else "")
