"""The shelf: novels, and what they are written with; the way to begin another novel."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Header, Static, TabbedContent, TabPane

from novelcraft.errors import NovelcraftError
from novelcraft.tools.text import clipped
from novelcraft.tui.homes import FolderHome, NovelHome
from novelcraft.tui.shelf import Shelf, ShelfRow, folders
from novelcraft.tui.widgets.said import SaidPage
from novelcraft.tui.work import WorkRow, kind_of, work_row

COLUMNS = ("Title", "State", "Scenes", "Words", "Changed", "Folder")
WORK_COLUMNS = ("Folder", "Kind", "State", "How far")
EMPTY = (
    "No novel is here yet.\n\nPress n to begin one: a sentence is enough, and you can see it being "
    "written."
)


NO_WORK = (
    "No books were prepared here, and no narrator trained.\n\n"
    "novelcraft prep BOOK... makes training rows of books;\n"
    "novelcraft train has a narrator learn them."
)


class ShelfScreen(Screen[None]):
    """All novels of a shelf, and in a folder what they are written with."""

    class Opened(Message):
        """A novel, or work on books or a narrator, is to be opened."""

        def __init__(self, what: NovelHome | Path, *, begin: bool = False) -> None:
            super().__init__()
            self.what = what
            """A novel's home; the folder of other work."""
            self.begin = begin
            """Whether the novel's run is to be started."""

    class Read(Message):
        """The shelf was looked at."""

        def __init__(self, novels: list[ShelfRow], works: list[WorkRow], problem: str = "") -> None:
            super().__init__()
            self.novels = novels
            self.works = works
            self.problem = problem
            """Why it could not be read; empty where it could."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "tab('shelf')", "Novels", show=False),
        Binding("2", "tab('work')", "Books and training", show=False),
        Binding("3", "tab('adapters')", "Adapters", show=False),
        Binding("4", "tab('servers')", "Servers", show=False),
        Binding("n", "new", "New novel"),
        Binding("r", "refresh", "Look again"),
        Binding("q", "app.quit", "Quit"),
    ]
    DEFAULT_CSS = """
    ShelfScreen .empty { width: 100%; height: 1fr; content-align: center middle; }
    ShelfScreen DataTable { height: 1fr; }
    """

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf
        self.rows: list[ShelfRow] = []
        self.work_rows: list[WorkRow] = []

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        yield Header(icon=" ")
        with TabbedContent(initial="shelf"):
            with TabPane("1 Novels", id="shelf"):
                yield DataTable(cursor_type="row", id="novels")
                yield Static(EMPTY, classes="empty")
            if self.shelf.root is not None:
                with TabPane("2 Books and training", id="work"):
                    yield DataTable(cursor_type="row", id="works")
                    yield Static(NO_WORK, classes="empty")
                with TabPane("3 Adapters", id="adapters"):
                    yield SaidPage(["adapter", "list", str(self.shelf.root)], id="said-adapters")
            with TabPane("4 Roles and servers", id="servers"):
                yield SaidPage(["status"], id="said-servers")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Read the shelf, and look again now and then."""
        self.title = "Novelcraft"
        self.sub_title = self.shelf.name
        self.query_one("#novels", DataTable).add_columns(*COLUMNS)
        for works in self.query("#works").results(DataTable):
            works.add_columns(*WORK_COLUMNS)
        self.set_interval(3, self._look_on)

    def on_screen_resume(self) -> None:
        """Look again, unless a novel is opened at once."""
        if self.is_current:
            self.action_refresh()

    def action_refresh(self) -> None:
        """Look again at what is in view."""
        page = self.query_one(TabbedContent).active
        self._look()
        for said in self.query(f"#said-{page}").results(SaidPage):
            said.look()

    def _look_on(self) -> None:
        if self.is_current:
            self._look()

    @work(thread=True, exclusive=True)
    def _look(self) -> None:
        root = self.shelf.root
        try:
            rows = self.shelf.rows()
        except NovelcraftError as error:
            self.post_message(self.Read([], [], str(error)))
            return
        works = [work_row(folder) for folder in folders(root, kind_of)] if root else []
        # A screen that goes takes no message any more, and has its parts while it takes one.
        self.post_message(self.Read(rows, works))

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        if self.query(f"TabPane#{name}"):
            self.set_focus(None)
            self.query_one(TabbedContent).active = name

    @on(TabbedContent.TabActivated)
    def _turned(self, event: TabbedContent.TabActivated) -> None:
        for said in event.pane.query(SaidPage):
            said.look()
        for table in event.pane.query(DataTable):
            table.focus()

    def action_new(self) -> None:
        """Begin another novel."""
        from novelcraft.tui.screens.start import StartScreen

        if self.shelf.root is None:
            self.notify("Ask for it with: novelcraft batch ROWS --database URL")
            return
        self.app.push_screen(StartScreen(self.shelf.root), self._started)

    def _started(self, folder: Path | None) -> None:
        if folder is not None:
            self.post_message(self.Opened(FolderHome(folder), begin=True))

    @on(DataTable.RowSelected)
    def _chosen(self, event: DataTable.RowSelected) -> None:
        if event.data_table.id == "works":
            self.post_message(self.Opened(self.work_rows[event.cursor_row].folder))
            return
        place = self.rows[event.cursor_row].place
        try:
            self.post_message(self.Opened(self.shelf.home(place)))
        except NovelcraftError as error:
            self.notify(str(error), severity="error", timeout=30)

    @on(Read)
    def _show(self, read: Read) -> None:
        self.sub_title = "   ".join(filter(None, (self.shelf.name, read.problem)))
        if read.problem:
            return
        rows, works = read.novels, read.works
        if rows != self.rows or not rows:
            self.rows = rows
            self._fill("shelf", [_cells(row) for row in rows])
        root = self.shelf.root
        if root is not None and (works != self.work_rows or not works):
            self.work_rows = works
            self._fill("work", [_work_cells(row, root) for row in works])

    def _fill(self, pane: str, rows: list[tuple[str, ...]]) -> None:
        """Put rows into a pane's table; without any the pane says what could be there."""
        table = self.query_one(f"#{pane} DataTable", DataTable)
        at = table.cursor_row
        table.clear()
        for row in rows:
            table.add_row(*row)
        table.move_cursor(row=min(at, max(0, len(rows) - 1)))
        table.display = bool(rows)
        self.query_one(f"#{pane} .empty").display = not rows
        if rows and self.focused is None:
            table.focus()


def _cells(row: ShelfRow) -> tuple[str, ...]:
    of = f" of {row.planned}" if row.planned else ""
    words = f"{row.words:,}" + (f" of {row.target_words:,}" if row.target_words else "")
    changed = row.changed.strftime("%d %b %H:%M") if row.changed else ""
    state = row.problem.splitlines()[0] if row.problem else row.state
    return clipped(row.title, 36), state, f"{row.scenes}{of}", words, changed, row.place


def _work_cells(row: WorkRow, root: Path) -> tuple[str, ...]:
    kind = "training" if row.kind == "training" else "books"
    place = str(row.folder.relative_to(root)) if row.folder != root else root.name
    return place, kind, "at work" if row.runs else "", row.detail
