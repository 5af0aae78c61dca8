"""The room of one novel: writing, book and questions."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static, TabbedContent, TabPane

from novelcraft.errors import NovelcraftError
from novelcraft.graphs.follow import follow
from novelcraft.graphs.steering import needs_process, taken_at
from novelcraft.present.writing import WritingProgress
from novelcraft.state.acts import Act, Pause, Resume
from novelcraft.state.events import (
    ActSettled,
    DraftChecked,
    Drafting,
    PlanReady,
    RunFinished,
    RunStopped,
    SceneCommitted,
    SceneStarted,
    Waiting,
    WriteEvent,
)
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.book import Book
from novelcraft.tui.commands import Detached, run_command, start_writing
from novelcraft.tui.forms import Form, forms, next_note
from novelcraft.tui.marks import Marks
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.widgets.acts import ActsTable
from novelcraft.tui.widgets.asking import AskPane
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.prose import ProseView, marks_of
from novelcraft.tui.widgets.side import Side
from novelcraft.tui.widgets.standing import Standing

NARROW = 110
"""Columns below which the side column gives way to the prose."""

FOCUS = {"writing": "#draft", "book": "#outline", "ask": "#question", "steering": "#acts"}
"""What has the focus in each tab."""


class NovelScreen(Screen[None]):
    """Follows a novel's run, and shows the book."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1,f2", "tab('writing')", "Writing"),
        Binding("2,f3", "tab('book')", "Book"),
        Binding("3,f4", "tab('ask')", "Ask"),
        Binding("4,f5", "tab('steering')", "Steering"),
        Binding("s", "steer", "Steer"),
        Binding("n", "note", "Note"),
        Binding("p", "pause", "Pause"),
        Binding("w", "write", "Write on"),
        Binding("x", "export", "Export"),
        Binding("escape", "leave", "Shelf"),
    ]

    class Happened(Message):
        """Something happened in the run that is followed."""

        def __init__(self, event: WriteEvent, *, live: bool) -> None:
            super().__init__()
            self.event = event
            self.live = live
            """Whether it happened since the screen was opened."""

    def __init__(
        self,
        folder: Path,
        branch: str,
        marks: Marks,
        *,
        with_editor: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make it.

        Args:
            folder: The novel's.
            branch: The branch that is shown.
            marks: Signs to draw with.
            with_editor: Whether a person may start $EDITOR here.
            clock: Seconds, by which time gone and time left are told.
        """
        super().__init__()
        self.folder = folder
        self.branch = branch
        self.book: Book | None = None
        self._marks = marks
        self._with_editor = with_editor
        self._clock = clock
        self._progress = WritingProgress()
        self._run: Detached | None = None

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Static(self.folder.name, id="title", markup=False)
        yield LoopStrip(self._marks, clock=self._clock)
        with TabbedContent(initial="writing", id="room"):
            with TabPane("Writing", id="writing"), Horizontal():
                yield ProseView(id="draft")
                yield Side()
            with TabPane("Book", id="book"):
                yield BookPages(self._marks)
            with TabPane("Ask", id="ask"):
                yield AskPane(self.folder, self.branch)
            with TabPane("Steering", id="steering"):
                yield ActsTable()
        yield Standing(self._marks)
        yield Footer()

    @property
    def prose(self) -> ProseView:
        """The draft that is being written."""
        return self.query_one("#draft", ProseView)

    @property
    def chain(self) -> list[SceneCommit]:
        """The scenes that are written."""
        return self.book.chain if self.book else []

    def on_mount(self) -> None:
        """Open the book and follow its run."""
        self._reread()
        self._follow()
        self.set_interval(1, self._tick)
        self.prose.focus()

    def on_unmount(self) -> None:
        """Close the database."""
        if self.book is not None:
            self.book.close()

    @on(Resize)
    def _fit(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        """Turn the run's events into messages, for as long as the screen is there."""
        old = self.book.last_event if self.book else 0
        try:
            async for entry in follow(self.folder, self.branch):
                self.post_message(self.Happened(entry.event, live=entry.number > old))
        except NovelcraftError as error:
            self.notify(str(error), severity="error", timeout=30)

    @on(Happened)
    def _take(self, message: Happened) -> None:
        event = message.event
        self._progress.update(event, self._clock())
        if isinstance(event, Drafting):
            self.prose.grow(event.at, event.text)
            return
        self._mark_step(event)
        match event:
            case SceneStarted():
                self.prose.show("")
            case DraftChecked():
                self._show_found(self._findings_of_draft(event))
            case PlanReady() | SceneCommitted() | RunFinished():
                self._reread()
            case ActSettled():
                self._reread()
                if event.status == "refused" and message.live:
                    self.notify(event.reason, title="Refused", severity="error", timeout=30)
            case RunStopped() if event.error and message.live and self._run is None:
                self.notify(event.error, title="The run has stopped", severity="error", timeout=60)
            case Waiting() if message.live:
                self.notify(f"The run waits for your word on {event.about}: key s.", timeout=30)
            case _:
                pass
        self._tick()

    def _mark_step(self, event: WriteEvent) -> None:
        self.query_one(LoopStrip).take(event, self.book.tokens if self.book else 0)
        self.query_one(Side).take(event, self.book.plan if self.book else None)

    def _findings_of_draft(self, event: DraftChecked) -> tuple[Finding, ...]:
        draft = self.book.draft_of(event.scene_id, event.attempt) if self.book else None
        return draft.all_findings if draft else ()

    def _show_found(self, findings: tuple[Finding, ...]) -> None:
        self.query_one(Side).found(findings)
        self.prose.mark(marks_of(findings))

    def _reread(self) -> None:
        """Read the book again after something new."""
        try:
            if self.book is None:
                self.book = Book(self.folder, self.branch)
            else:
                self.book.refresh()
        except NovelcraftError as error:
            self.query_one("#title", Static).update(str(error).splitlines()[0])
            return
        self.query_one(BookPages).show(self.book)
        self.query_one(ActsTable).show(self.book)
        self.query_one(LoopStrip).attempts = self.book.settings.write.attempts
        if self.book.chain:
            last = self.book.chain[-1]
            if not self.prose.text:
                self.prose.show(last.prose)
            self._show_found(last.findings)
            self.query_one(Side).story(last.summary)

    def _look_after_run(self) -> None:
        """Tell of a run that was started here and ended badly: not all that ends it is an event."""
        ended = self._run.ended() if self._run else None
        if ended is not None:
            self._run = None
            if ended.code:
                self.notify(ended.message, title="The run has ended", severity="error", timeout=60)

    def _tick(self) -> None:
        self._look_after_run()
        who = holder(self.folder)
        standing = self.query_one(Standing)
        standing.show(self.book, self._progress, self._clock(), running=who is not None)
        sign = self._marks.live if who else " "
        name = self.book.title if self.book else self.folder.name
        branch = "" if self.branch == "main" else f" ({self.branch})"
        state = f"being written by {who}" if who else "nobody is writing"
        self.query_one("#title", Static).update(f"{sign} {name}{branch}   {state}")

    def action_tab(self, name: str) -> None:
        """Show a tab, with what one does there in focus."""
        # A focus left in a pane that goes out of view would bring it back.
        self.set_focus(None)
        self.query_one("#room", TabbedContent).active = name
        self.call_after_refresh(self.query_one(FOCUS[name]).focus)

    def action_leave(self) -> None:
        """Back to the shelf; the run goes on."""
        self.dismiss(None)

    def action_steer(self) -> None:
        """Offer all that can be done, what is about the scene in view first."""
        if self.book is not None:
            offered = forms(self.book, self.query_one(BookPages).scene)
            commands = [(form.title, partial(self.ask_form, form), form.says) for form in offered]
            self.app.search_commands(commands, "What shall be done?")

    def action_note(self) -> None:
        """Tell the narrator something."""
        if self.book is not None:
            self.ask_form(next_note(self.query_one(BookPages).scene))

    def action_pause(self) -> None:
        """Have the run wait, or go on."""
        if self.book is not None:
            self.leave_act(Resume() if self.book.is_paused else Pause())

    def ask_form(self, form: Form) -> None:
        """Put a form on the screen; what it comes to is left for the run."""
        screen = FormScreen(form, with_editor=self._with_editor)
        self.app.push_screen(screen, self.leave_act)

    def leave_act(self, act: Act | None) -> None:
        """Leave an act, and say where it will be taken."""
        if act is None or self.book is None:
            return
        try:
            record = self.book.put(act)
        except NovelcraftError as error:
            self.notify(str(error), severity="error", timeout=30)
            return
        if needs_process(self.folder, record):
            self._run = Detached(self.folder, ["steer", str(self.folder), "apply"])
            self.notify("A process of its own does it now.")
        elif record.status == "refused":
            self.notify(record.reason, title="Refused", severity="error", timeout=30)
        elif record.status == "pending":
            at = taken_at(self.folder, self.book.store, record)
            self.notify(f"It is taken {at}. Until then it can be taken back: key 4.")
        else:
            self.notify("Done.")
        self._reread()

    def action_write(self) -> None:
        """Start the run that writes on, in a process of its own."""
        if who := holder(self.folder):
            self.notify(f"{who} is writing already.")
            return
        self._run = start_writing(self.folder, self.branch)
        self.notify("The run goes on in a process of its own; you can close this at any time.")

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """Write the book's files."""
        ended = await run_command(["export", str(self.folder), "--branch", self.branch])
        self.notify(ended.message, severity="error" if ended.code else "information", timeout=20)
