"""The room of one novel: writing, book and questions."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widgets import Footer, Input, Static, TabbedContent, TabPane, Tabs

from novelcraft.tui.book import Place, Scene
from novelcraft.tui.homes import NovelHome
from novelcraft.tui.marks import Marks
from novelcraft.tui.place import LeftAt, keep_place, read_place
from novelcraft.tui.screens.following import FollowingScreen
from novelcraft.tui.widgets.acts import ActsTable
from novelcraft.tui.widgets.asking import AskPane
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.standing import Standing
from novelcraft.tui.widgets.writing import WritingPane

NARROW = 110
"""Columns below which the side column gives way to the prose."""
WIDE = 160
"""Columns from which it is wider."""

FOCUS = {"writing": "#draft", "book": "#outline", "ask": "#question", "steering": "#acts"}
"""What has the focus in each tab."""


class NovelScreen(FollowingScreen):
    """The tabs of a novel's room, and the ways between them."""

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

    def __init__(
        self,
        home: NovelHome,
        branch: str,
        marks: Marks,
        *,
        with_editor: bool = True,
        begin: bool = False,
    ) -> None:
        """Make it; see `FollowingScreen`.

        Args:
            home: The novel's.
            branch: The branch that is shown.
            marks: Signs to draw with.
            with_editor: Whether a person may start $EDITOR here.
            begin: Whether to start the run that writes it.
        """
        super().__init__(home, branch, marks, with_editor=with_editor)
        self._begins = begin
        self._left_at = LeftAt()

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
    def place(self) -> Place | None:
        """The scene or chapter under the outline's cursor."""
        return self.query_one(BookPages).place

    def on_mount(self) -> None:
        """Open the book and follow its run."""
        self.follow()
        if scenes := self._changed_by_hand():
            self.notify(f"You changed {scenes} in the manuscript. Key s offers to take it.")
        self.prose.focus()
        self._reopen()
        if self._begins:
            self.action_write()

    def _reopen(self) -> None:
        """Go to where the room was left last."""
        place = read_place(self.home.folder) if self.home.folder else LeftAt()
        if self.book and 0 < place.scene <= len(self.book.scenes()):
            self.query_one(BookPages).open(place.scene, "")
        if place.tab in FOCUS and place.tab != self._left_at.tab:
            self.action_tab(place.tab)

    def on_unmount(self) -> None:
        """Close the database: nothing here reads it any more."""
        if self.home.folder is not None and self.book is not None:
            keep_place(self.home.folder, self._left_at)
        if self.book is not None:
            self.book.close()
            self.book = None

    @on(Resize)
    def _fit(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")
        self.set_class(event.size.width >= WIDE, "wide")

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
        self._left_at = LeftAt(tab=event.pane.id or "writing", scene=self._left_at.scene)

    @on(BookPages.Moved)
    def _moved(self) -> None:
        self.query_one(AskPane).as_of(self.scene)
        number = self.scene.number if self.scene else 0
        self._left_at = LeftAt(tab=self._left_at.tab, scene=number)

    @on(AskPane.Opened)
    def _open_sentence(self, event: AskPane.Opened) -> None:
        self.action_tab("book")
        self.query_one(BookPages).open(event.scene, event.text)
