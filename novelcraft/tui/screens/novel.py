"""The room of one novel: writing, book and questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message
from textual.widgets import Footer, Input, Static, TabbedContent, TabPane, Tabs

from novelcraft.errors import NotAProjectError, NovelcraftError
from novelcraft.present.writing import WritingProgress
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
from novelcraft.tui.book import Book, Scene
from novelcraft.tui.homes import NovelHome
from novelcraft.tui.marks import Marks
from novelcraft.tui.place import LeftAt, keep_place, read_place
from novelcraft.tui.screens.steering import SteeringScreen
from novelcraft.tui.widgets.acts import ActsTable
from novelcraft.tui.widgets.asking import AskPane
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.prose import ProseView
from novelcraft.tui.widgets.standing import Standing
from novelcraft.tui.widgets.writing import WritingPane

NARROW = 110
"""Columns below which the side column gives way to the prose."""
WIDE = 160
"""Columns from which it is wider."""
RECENT = 60
"""Events from before the screen was opened that are shown; of those before, the pace is known."""

FOCUS = {"writing": "#draft", "book": "#outline", "ask": "#question", "steering": "#acts"}
"""What has the focus in each tab."""


class NovelScreen(SteeringScreen):
    """Follows a novel's run, and shows the book."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Without a place in the footer: the tabs say them.
        Binding("1,f2", "tab('writing')", "Writing", show=False),
        Binding("2,f3", "tab('book')", "Book", show=False),
        Binding("3,f4", "tab('ask')", "Ask", show=False),
        Binding("4,f5", "tab('steering')", "Acts", show=False),
        Binding("s", "steer", "Steer"),
        Binding("n", "note", "Note"),
        Binding("p", "pause", "Pause"),
        Binding("w", "write", "Write"),
        Binding("x", "export", "Export"),
        Binding("escape", "leave", "Shelf"),
    ]

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
        self._place = LeftAt()

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Static(self.home.name, id="title", markup=False)
        yield LoopStrip(self._marks)
        with TabbedContent(initial="writing", id="room"):
            with TabPane("1 Writing", id="writing"):
                yield WritingPane()
            with TabPane("2 Book", id="book"):
                yield BookPages(self._marks)
            with TabPane("3 Ask", id="ask"):
                yield AskPane(self.home, self.branch)
            with TabPane("4 Acts", id="steering"):
                yield ActsTable()
        yield Standing(self._marks)
        yield Footer(show_command_palette=False)

    @property
    def scene(self) -> Scene | None:
        """The scene under the outline's cursor."""
        return self.query_one(BookPages).scene

    @property
    def prose(self) -> ProseView:
        """The draft that is being written."""
        return self.query_one(WritingPane).prose

    @property
    def chain(self) -> list[SceneCommit]:
        """The scenes that are written."""
        return self.book.chain if self.book else []

    def on_mount(self) -> None:
        """Open the book and follow its run."""
        self.reread()
        if scenes := self._changed_by_hand():
            self.notify(f"You changed {scenes} in the manuscript. Key s offers to take it.")
        self._follow()
        self._look()
        self.prose.focus()
        self._reopen()

    def _reopen(self) -> None:
        """Go to where the room was left last."""
        place = read_place(self.home.folder) if self.home.folder else LeftAt()
        if self.book and 0 < place.scene <= len(self.book.scenes()):
            self.query_one(BookPages).open(place.scene, "")
        if place.tab in FOCUS and place.tab != self._place.tab:
            self.action_tab(place.tab)

    def on_unmount(self) -> None:
        """Close the database: nothing here reads it any more."""
        if self.home.folder is not None and self.book is not None:
            keep_place(self.home.folder, self._place)
        if self.book is not None:
            self.book.close()
            self.book = None

    @on(Resize)
    def _fit(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")
        self.set_class(event.size.width >= WIDE, "wide")

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
            case Notice():
                self.notify(event.text, timeout=30)
            case Waiting():
                self.notify(f"The run waits for your word on {event.about}: key s.", timeout=30)
            case _:
                pass

    def reread(self) -> None:
        """Read the book again after something new."""
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
        state = f"being written by {self.writer}" if self.writer else "nobody is writing"
        if self._fault:
            state = "cannot be read"
        self.query_one("#title", Static).update(f"{sign} {name}{branch}   {state}")

    def _show_standing(self) -> None:
        standing = self.query_one(Standing)
        try:
            standing.show(self.book, self._progress, self._clock(), running=bool(self.writer))
        except NovelcraftError as error:
            self._fault = str(error)

    def action_tab(self, name: str) -> None:
        """Show a tab, with what one does there in focus."""
        # A focus left in a pane that goes out of view would bring it back.
        self.set_focus(None)
        self.query_one("#room", TabbedContent).active = name
        self.call_after_refresh(self.query_one(FOCUS[name]).focus)

    def action_leave(self) -> None:
        """Out of a field; from there back to the shelf, and the run goes on."""
        if isinstance(self.focused, Input):
            self.query_one(TabbedContent).query_one(Tabs).focus()
        else:
            self.dismiss(None)

    @on(TabbedContent.TabActivated, "#room")
    def _turned(self, event: TabbedContent.TabActivated) -> None:
        self._place = LeftAt(tab=event.pane.id or "writing", scene=self._place.scene)

    @on(BookPages.Moved)
    def _moved(self) -> None:
        self.query_one(AskPane).as_of(self.scene)
        number = self.scene.number if self.scene else 0
        self._place = LeftAt(tab=self._place.tab, scene=number)

    @on(AskPane.Opened)
    def _open_sentence(self, event: AskPane.Opened) -> None:
        self.action_tab("book")
        self.query_one(BookPages).open(event.scene, event.text)


def _seconds(entry: Entry) -> float:
    """When an event was logged; 0 for what is not logged."""
    return datetime.fromisoformat(entry.at).timestamp() if entry.at else 0.0
