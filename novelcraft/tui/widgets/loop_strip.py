"""The loop of a scene as a strip: which step is live, how long each took, and its tokens."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static

from novelcraft.state.events import (
    DraftChecked,
    Drafting,
    Planning,
    PlanReady,
    RunFinished,
    RunStarted,
    RunStopped,
    SceneCommitted,
    SceneStarted,
    StepStarted,
    WriteEvent,
)
from novelcraft.tui.marks import Marks

STEPS = ("plan", "brief", "recall", "draft", "checks", "readers", "commit")
NARROW = 100
"""Columns below which times and tokens are left out."""


class Took(NamedTuple):
    """What a step took."""

    seconds: float
    tokens: int


class LoopStrip(Static):
    """plan ▸ brief ▸ recall ▸ draft 2 of 3 ▸ checks ▸ readers ▸ commit.

    The live step is lit and in brackets. What a step of this scene took replaces what it took in
    the scene before.
    """

    DEFAULT_CSS = """
    LoopStrip { height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self, marks: Marks, attempts: int = 0) -> None:
        """Make it.

        Args:
            marks: Signs to draw with.
            attempts: The most drafts of a scene; 0 where it is not known.
        """
        super().__init__("", id="loop")
        self.live = ""
        self.attempt = 1
        self.took: dict[str, Took] = {}
        self._marks = marks
        self.attempts = attempts
        self._before: set[str] = set()
        """Steps that were taken for the scene before, and not yet for this one."""
        self._since = 0.0
        self._tokens: int | None = None

    def take(self, event: WriteEvent, now: float, tokens: int | None) -> None:
        """Take in an event.

        Args:
            event: What happened.
            now: When, in seconds.
            tokens: Read and written by all calls of the novel up to then; None where that is not
                known.
        """
        step = self._step(event)
        if isinstance(event, SceneStarted):
            self.attempt = event.attempt
        if step != self.live:
            self._leave(now, tokens)
            self.live = step
            if step == "brief":
                self._before = set(STEPS)
        self.refresh_strip()

    def rest(self) -> None:
        """Light no step: nobody writes."""
        if self.live:
            self.live = ""
            self.refresh_strip()

    def refresh_strip(self) -> None:
        """Draw it as it stands now."""
        self.update(self.content_now(), layout=False)

    def on_resize(self) -> None:
        """Draw it for the width that there is now."""
        self.refresh_strip()

    def _step(self, event: WriteEvent) -> str:
        match event:
            case RunStarted() | Planning():
                return "plan"
            case PlanReady() | SceneCommitted():
                return "brief"
            case StepStarted():
                return event.step
            case SceneStarted() | Drafting():
                return "draft"
            case DraftChecked():
                return "draft" if event.verdict == "redraft" else "readers"
            case RunFinished() | RunStopped():
                return ""
            case _:
                return self.live

    def _leave(self, now: float, tokens: int | None) -> None:
        # What is not logged has the time at which it was heard, which is after it happened.
        now = max(now, self._since)
        if self.live:
            before = self.took.get(self.live) if self.live not in self._before else None
            before = before or Took(0.0, 0)
            self._before.discard(self.live)
            asked = 0 if tokens is None or self._tokens is None else tokens - self._tokens
            self.took[self.live] = Took(before.seconds + now - self._since, before.tokens + asked)
        self._since, self._tokens = now, tokens

    def content_now(self) -> Content:
        """The strip as it stands."""
        wide = self.size.width >= NARROW
        parts = [self._part(step, wide=wide) for step in STEPS]
        return Content(f" {self._marks.then} ").join(parts)

    def _part(self, step: str, *, wide: bool) -> Content:
        name = step
        if step == "draft" and (self.attempt > 1 or self.attempts):
            name = f"draft {self.attempt}" + (f" of {self.attempts}" if self.attempts else "")
        if step == self.live:
            return Content.styled(f"[{name}]", "bold reverse")
        took = self.took.get(step)
        if took is None or not wide:
            return Content.styled(name, "" if took else "dim")
        tokens = f" {took.tokens:,} tok" if took.tokens else ""
        return Content(f"{name} ").append(Content.styled(f"{took.seconds:.0f}s{tokens}", "dim"))
