"""Preparation or training, followed while it goes on in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import (
    DataTable,
    Footer,
    Log,
    OptionList,
    ProgressBar,
    Sparkline,
    Static,
    TabbedContent,
    TabPane,
)

from novelcraft.graphs.follow import follow_run
from novelcraft.state.prep import STAGES
from novelcraft.state.training import PIPELINE_EVENTS
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.commands import Detached
from novelcraft.tui.marks import Marks
from novelcraft.tui.widgets.columns import Column, Columns
from novelcraft.tui.widgets.working import Working
from novelcraft.tui.work import SETTINGS, Work, card_page, kind_of

SURE = 5.0
"""Seconds in which a second press of the key means it."""
EVERY = 0.5
"""Seconds between two looks at what is new."""
NO_SAMPLES = "The narrator has written no samples: `sample_steps` says how often it does."


class WorkScreen(Screen[None], Working):
    """Books by stages, the curves of training, samples side by side, and what was told."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "tab('books')", "Books", show=False),
        Binding("2", "tab('training')", "Training", show=False),
        Binding("3", "tab('samples')", "Samples", show=False),
        Binding("4", "tab('card')", "Card", show=False),
        Binding("5", "tab('told')", "Told", show=False),
        Binding("w", "go_on", "Go on"),
        Binding("c", "cancel", "Cancel"),
        Binding("escape", "dismiss", "Shelf"),
    ]
    DEFAULT_CSS = """
    WorkScreen ProgressBar { width: 1fr; padding: 0 1; }
    WorkScreen ProgressBar Bar { width: 1fr; }
    WorkScreen #line, WorkScreen #figures { height: auto; padding: 0 1; }
    WorkScreen #figures { margin-top: 1; }
    WorkScreen .curve { padding: 1 1 0 1; height: auto; }
    WorkScreen Sparkline { height: 5; margin: 0 1; }
    WorkScreen #briefs { height: auto; max-height: 6; }
    """

    def __init__(self, folder: Path, marks: Marks) -> None:
        """Make it.

        Args:
            folder: The data folder, or the training run's.
            marks: Signs to draw with.
        """
        super().__init__()
        self.folder = folder
        self.sum = Work(folder, marks)
        self._kind = kind_of(folder) or "books"
        self._marks = marks
        self._new = True
        """Whether something came that is not on the screen."""
        self._told = 0
        self._asked = 0.0
        self._run: Detached | None = None

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Static(self.folder.name, id="title", markup=False)
        yield ProgressBar(show_eta=False)
        yield Static("", id="line", markup=False)
        with TabbedContent(initial="training" if self._kind == "training" else "books"):
            with TabPane("1 Books", id="books"):
                yield DataTable(cursor_type="row", id="stages")
            with TabPane("2 Training", id="training"), VerticalScroll():
                yield Static("Loss of the steps", classes="curve")
                yield Sparkline(id="loss", summary_function=_mean)
                yield Static("Loss of the validations", classes="curve")
                yield Sparkline(id="validation", summary_function=_mean)
                yield Static("", id="figures", markup=False)
            with TabPane("3 Samples", id="samples"), Vertical():
                yield OptionList(id="briefs")
                yield Columns(NO_SAMPLES)
            with TabPane("4 Card", id="card"), VerticalScroll(classes="page"):
                yield Static("", id="data-card", markup=False)
            with TabPane("5 Told", id="told"):
                yield Log(id="headlines")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Follow the work."""
        self.query_one("#stages", DataTable).add_columns("Book", *STAGES)
        self._follow()
        self.set_interval(EVERY, self._tick)
        self._tick()

    def commands(self) -> Iterator[SystemCommand]:
        """What can be done here, for the palette."""
        yield SystemCommand("Go on", "In a process of its own.", self.action_go_on)
        yield SystemCommand("Cancel", "Training saves a checkpoint first.", self.action_cancel)

    @work(exclusive=True, group="follow")
    async def _follow(self) -> None:
        async for event, at in follow_run(self.folder, PIPELINE_EVENTS):
            self.sum.take(event, at)
            self._new = True

    def _tick(self) -> None:
        who = holder(self.folder)
        sign, state = (self._marks.live, f"{who}") if who else (" ", "nobody works here")
        what = "training" if self._kind == "training" else "books"
        self.query_one("#title", Static).update(f"{sign} {self.folder.name}   {what}   {state}")
        progress = self.sum.progress
        line = progress.line(time.time()) if who else " ".join(self.sum.outcome[-1:])
        self.query_one("#line", Static).update(line or "Nothing was told of a run yet.")
        self.query_one(ProgressBar).update(total=progress.total or None, progress=progress.done)
        self._look_after_run()
        if self._new:
            self._new = False
            self._show()

    def _look_after_run(self) -> None:
        ended = self._run.ended() if self._run else None
        if ended is not None:
            self._run = None
            if ended.code:
                self.notify(ended.message, title="It has ended", severity="error", timeout=60)

    def _show(self) -> None:
        table = self.query_one("#stages", DataTable)
        at = table.cursor_row
        table.clear()
        for book, cells in sorted(self.sum.cells.items()):
            table.add_row(
                book, *(cells.get(stage, self._marks.scenes["to come"]) for stage in STAGES)
            )
        table.move_cursor(row=at)
        self.query_one("#loss", Sparkline).data = self.sum.losses
        self.query_one("#validation", Sparkline).data = self.sum.validation_losses
        figures = self.sum.figures() or ["No step was done yet."]
        self.query_one("#figures", Static).update("\n".join(figures))
        self.query_one("#data-card", Static).update(card_page(self.folder))
        log = self.query_one("#headlines", Log)
        log.write_lines(self.sum.headlines[self._told :])
        self._told = len(self.sum.headlines)
        self._show_samples()

    def _show_samples(self) -> None:
        samples = self.sum.samples()
        briefs = self.query_one("#briefs", OptionList)
        if briefs.option_count != len(samples):
            briefs.clear_options()
            briefs.add_options(samples)
            briefs.highlighted = 0 if samples else None
        briefs.display = len(samples) > 1
        self._show_rounds()

    def on_option_list_option_highlighted(self) -> None:
        """Show the rounds of the brief under the cursor."""
        self._show_rounds()

    def _show_rounds(self) -> None:
        rounds = list(self.sum.samples().values())
        at = self.query_one("#briefs", OptionList).highlighted or 0
        columns = [Column(head, text) for head, text in rounds[at]] if at < len(rounds) else []
        self.query_one(Columns).show(columns)

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.set_focus(None)
        self.query_one(TabbedContent).active = name

    def action_cancel(self) -> None:
        """Stop the run when the key is pressed twice: training saves a checkpoint first."""
        who = holder(self.folder)
        if who is None or not who.pid or who.host != socket.gethostname():
            where = f" {who} has to be stopped there." if who else ""
            self.notify(f"No run goes on here that could be stopped.{where}")
        elif time.monotonic() - self._asked > SURE:
            self._asked = time.monotonic()
            self.notify("Press c once more to stop it. What is done stays; w goes on.")
        else:
            # SIGINT would not be heard by a run that a shell put in the background.
            os.kill(who.pid, signal.SIGTERM)
            self.notify("It stops after what it is at, and keeps what is done.")

    def action_go_on(self) -> None:
        """Start the work again where it stopped, in a process of its own."""
        if who := holder(self.folder):
            self.notify(f"{who} works here already.")
            return
        command = ["prep", "--out", str(self.folder)]
        if self._kind == "training":
            settings = self.folder / SETTINGS
            if not settings.is_file():
                self.notify(
                    "Its settings are in a file elsewhere: novelcraft train FILE --resume.",
                    severity="warning",
                )
                return
            command = ["train", str(settings), "--resume"]
        self._run = Detached(self.folder, command)
        self.notify("It goes on in a process of its own; you can close this at any time.")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
