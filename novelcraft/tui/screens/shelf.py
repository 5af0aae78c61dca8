"""The shelf: the novels in a folder, and the way to begin another."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Header, Static

from novelcraft.tools.text import clipped
from novelcraft.tui.shelf import ShelfRow, shelf_rows

COLUMNS = ("Title", "State", "Scenes", "Words", "Changed", "Folder")
EMPTY = (
    "No novel is here yet.\n\nPress n to begin one: a sentence is enough, and you can see it being "
    "written."
)


class ShelfScreen(Screen[None]):
    """All novels below a folder."""

    class Opened(Message):
        """A novel is to be opened."""

        def __init__(self, folder: Path) -> None:
            super().__init__()
            self.folder = folder

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New novel"),
        Binding("r", "refresh", "Look again"),
        Binding("q", "app.quit", "Quit"),
    ]
    DEFAULT_CSS = """
    ShelfScreen > #empty { width: 100%; height: 1fr; content-align: center middle; }
    ShelfScreen > DataTable { height: 1fr; }
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self.rows: list[ShelfRow] = []

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header(icon=" ")
        yield DataTable(cursor_type="row", id="novels")
        yield Static(EMPTY, id="empty")
        yield Footer()

    def on_mount(self) -> None:
        """Read the shelf, and look again now and then."""
        self.title = "Novelcraft"
        self.sub_title = str(self.root)
        self.query_one(DataTable).add_columns(*COLUMNS)
        self.action_refresh()
        self.set_interval(3, self.action_refresh)

    @work(thread=True, exclusive=True)
    def action_refresh(self) -> None:
        """Read the novels again."""
        rows = shelf_rows(self.root)
        self.app.call_from_thread(self._show, rows)

    def action_new(self) -> None:
        """Begin another novel."""
        from novelcraft.tui.screens.start import StartScreen

        self.app.push_screen(StartScreen(self.root), self._started)

    def _started(self, folder: Path | None) -> None:
        if folder is not None:
            self._open(folder)

    @on(DataTable.RowSelected)
    def _chosen(self, event: DataTable.RowSelected) -> None:
        self._open(self.rows[event.cursor_row].folder)

    def _open(self, folder: Path) -> None:
        self.post_message(self.Opened(folder))

    def _show(self, rows: list[ShelfRow]) -> None:
        if rows == self.rows and rows:
            return
        self.rows = rows
        table = self.query_one(DataTable)
        at = table.cursor_row
        table.clear()
        for row in rows:
            table.add_row(*_cells(row, self.root))
        table.move_cursor(row=min(at, max(0, len(rows) - 1)))
        table.display = bool(rows)
        self.query_one("#empty").display = not rows
        if rows:
            table.focus()


def _cells(row: ShelfRow, root: Path) -> tuple[str, ...]:
    of = f" of {row.planned}" if row.planned else ""
    words = f"{row.words:,}" + (f" of {row.target_words:,}" if row.target_words else "")
    folder = str(row.folder.relative_to(root)) if row.folder != root else root.name
    changed = row.changed.strftime("%d %b %H:%M") if row.changed else ""
    state = row.problem.splitlines()[0] if row.problem else row.state
    return clipped(row.title, 36), state, f"{row.scenes}{of}", words, changed, folder
