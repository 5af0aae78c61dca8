"""A screen that follows a novel's run, and reads the book again when there is something new."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from textual import on, work
from textual.message import Message
from textual.widgets import Static

from novelcraft.errors import NotAProjectError, NovelcraftError
from novelcraft.present.writing import WritingProgress, summary
from novelcraft.state.events import (
    ActSettled,
    Drafting,
    Notice,
    PlanReady,
    RunFinished,
    RunStopped,
    SceneCommitted,
    Waiting,
    WriteEvent,
)
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.journal import Entry
from novelcraft.tools.text import counted
from novelcraft.tui.book import Book
from novelcraft.tui.homes import NovelHome
from novelcraft.tui.marks import Marks
from novelcraft.tui.screens.steering import SteeringScreen
from novelcraft.tui.widgets.acts import ActsTable
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.prose import ProseView
from novelcraft.tui.widgets.standing import Standing
from novelcraft.tui.widgets.writing import WritingPane

RECENT = 60
"""Events from before the screen was opened that are shown; of those before, the pace is known."""


class FollowingScreen(SteeringScreen):
    """Hears what happens in the run, and shows it in the widgets of a novel's room."""

    class Happened(Message):
        """Something happened in the run that is followed."""

        def __init__(self, event: WriteEvent, at: float, *, live: bool) -> None:
            super().__init__()
            self.event = event
            self.at = at
            """When, in seconds."""
            self.live = live
            """Whether it happened since the screen was opened."""

    def __init__(
        self,
        home: NovelHome,
        branch: str,
        marks: Marks,
        *,
        with_editor: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make it.

        Args:
            home: The novel's.
            branch: The branch that is shown.
            marks: Signs to draw with.
            with_editor: Whether a person may start $EDITOR here.
            clock: Seconds of the same epoch as the log's times.
        """
        super().__init__(home, branch, with_editor=with_editor)
        self._marks = marks
        self._clock = clock
        self._progress = WritingProgress()
        self._fault = ""
        """Why the novel cannot be read."""

    @property
    def prose(self) -> ProseView:
        """The draft that is being written."""
        return self.query_one(WritingPane).prose

    @property
    def chain(self) -> list[SceneCommit]:
        """The scenes that are written."""
        return self.book.chain if self.book else []

    def follow(self) -> None:
        """Read the book, and follow its run from now on."""
        self.reread()
        self._follow()
        self._look()

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Turn the run's events into messages, for as long as the screen is there."""
        old = self.book.opened_at if self.book else 0
        recent = max(0, old - RECENT)
        try:
            for entry in self.book.pace(recent) if self.book else ():
                self._progress.update(entry.event, _seconds(entry))
            async for entry in self.home.follow(self.branch, after=recent):
                at = _seconds(entry) or self._clock()
                self.post_message(self.Happened(entry.event, at, live=entry.number > old))
        except NovelcraftError as error:
            self.notify(str(error), severity="error", timeout=30)

    @on(Happened)
    def _hear(self, message: Happened) -> None:
        try:
            self._take(message)
        except NovelcraftError as error:
            self._fault = str(error)
        if message.live and not isinstance(message.event, Drafting):
            self._tick()

    def _take(self, message: Happened) -> None:
        event = message.event
        self._progress.update(event, message.at)
        self.query_one(WritingPane).take(event, self.book)
        if isinstance(event, Drafting):
            return
        tokens = self.book.tokens if self.book and message.live else None
        self.query_one(LoopStrip).take(event, message.at, tokens)
        if not message.live:
            if isinstance(event, SceneCommitted) and self.book:
                self.query_one(WritingPane).show(self.book)
            return
        if isinstance(event, PlanReady | SceneCommitted | RunFinished | ActSettled):
            self.reread()
        match event:
            case ActSettled(status="refused"):
                self.notify(event.reason, title="Refused", severity="error", timeout=30)
            case RunStopped() if event.error and self._run is None:
                self.notify(event.error, title="The run has stopped", severity="error", timeout=60)
            case RunFinished():
                text = "\n".join(summary(event))
                self.notify(text, title="The book is finished", timeout=60)
            case Notice():
                self.notify(event.text, timeout=30)
            case Waiting():
                self.notify(f"The run waits for your word on {event.about}: key s.", timeout=30)
            case _:
                pass

    def reread(self) -> None:
        """Read the book again after something new."""
        doubtful = self._doubtful() if self.book else None
        try:
            if self.book is None:
                self.book = Book(self.home, self.branch)
            else:
                self.book.refresh()
            self._show(self.book)
        except NotAProjectError:
            return
        except NovelcraftError as error:
            self._fault = str(error)
            if self.book is None:
                self.query_one(WritingPane).say(self._fault)
            return
        if self._fault:
            self._fault = ""
            self.query_one(WritingPane).say("")
        if doubtful is not None and (now := self._doubtful()) > doubtful:
            self.notify(
                f"{counted(now, 'scene')} may no longer fit. Key s offers to replay "
                f"{'it' if now == 1 else 'them'}.",
                timeout=30,
            )

    def _doubtful(self) -> int:
        return sum(bool(commit.stale) for commit in self.chain)

    def _show(self, book: Book) -> None:
        self.query_one(BookPages).show(book)
        self.query_one(ActsTable).show(book)
        self.query_one(LoopStrip).attempts = book.settings.write.attempts
        self.query_one(WritingPane).show(book)

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        """Look again and again at who writes, for as long as the screen is there."""
        while True:
            try:
                self.take_writer(await self.home.writer())
            except NovelcraftError as error:
                self._fault = str(error)
            else:
                if not self.writer:
                    self.query_one(LoopStrip).rest()
                if self._fault or self.book is None:
                    self.reread()
            self._tick()
            await asyncio.sleep(1)

    def _tick(self) -> None:
        self.look_after_run()
        if not self._fault:
            self._show_standing()
        sign = self._marks.live if self.writer else " "
        name = self.book.title if self.book else self.home.name
        branch = "" if self.branch == "main" else f" ({self.branch})"
        state = "starting" if self.is_starting else "nobody is writing"
        if self.writer:
            state = f"being written by {self.writer}"
        if self._fault:
            state = "cannot be read"
        self.query_one("#title", Static).update(f"{sign} {name}{branch}   {state}", layout=False)

    def _show_standing(self) -> None:
        standing = self.query_one(Standing)
        try:
            standing.show(
                self.book,
                self._progress,
                self._clock(),
                running=bool(self.writer),
                starting=self.is_starting,
            )
        except NovelcraftError as error:
            self._fault = str(error)


def _seconds(entry: Entry) -> float:
    """When an event was logged; 0 for what is not logged."""
    return datetime.fromisoformat(entry.at).timestamp() if entry.at else 0.0
