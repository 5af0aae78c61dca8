"""What was left for the run: where each act will be taken, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from novelcraft.errors import NovelcraftError
from novelcraft.graphs.steering import taken_at
from novelcraft.state.acts import ActRecord
from novelcraft.tools.text import clipped
from novelcraft.tui.book import Book

COLUMNS = ("No.", "What", "Stands", "By", "Left (UTC)")


class ActsTable(DataTable[str]):
    """The acts of a branch, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("u", "undo", "Take back")]

    def __init__(self) -> None:
        super().__init__(id="acts", cursor_type="row")
        self._book: Book | None = None
        self.records: list[ActRecord] = []

    def on_mount(self) -> None:
        """Name the columns."""
        self.add_columns(*COLUMNS)

    def show(self, book: Book) -> None:
        """Show them as they stand now."""
        self._book = book
        self.records = book.acts()
        at = self.cursor_row
        self.clear()
        for record in self.records:
            self.add_row(*_cells(book, record))
        if not self.records:
            self.add_row("", "Nothing was left for the run yet: key s.", "", "", "")
        self.move_cursor(row=at)

    def action_undo(self) -> None:
        """Take back the act under the cursor, if nobody has taken it."""
        if self._book is None or not self.records:
            return
        try:
            self._book.store.undo_act(self.records[self.cursor_row].id)
        except NovelcraftError as error:
            self.notify(str(error), severity="warning")
        self.show(self._book)


def _cells(book: Book, record: ActRecord) -> tuple[str, ...]:
    stands: str = record.status
    if record.status == "pending":
        running = book.home.takes_acts(record.branch)
        stands = f"pending, {taken_at(book.store, record, running=running)}"
    elif record.reason:
        stands = f"refused: {record.reason}"
    elif record.status == "applied" and record.commit:
        stands = f"applied: commit {record.commit[:12]}"
    elif record.status == "applied" and record.plan_version:
        stands = f"applied: plan {record.plan_version}"
    return str(record.id), told(record), stands, record.by, record.left_at[:16].replace("T", " ")


def told(record: ActRecord) -> str:
    """An act in a line: its kind, and what it says."""
    said = record.act.model_dump(mode="json", exclude={"kind"}, exclude_defaults=True)
    what = ", ".join(f"{key} {value}" for key, value in said.items())
    return clipped(f"{record.act.kind.replace('_', ' ')} {what}".strip(), 60)
