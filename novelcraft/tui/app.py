"""The application: the shelf, one novel, or the work on books and a narrator."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme
from textual.widgets import HelpPanel

from novelcraft.tui.homes import NovelHome
from novelcraft.tui.marks import DRAWN, PLAIN, is_plain
from novelcraft.tui.plain import PlainLines
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.screens.shelf import ShelfScreen
from novelcraft.tui.screens.work import WorkScreen
from novelcraft.tui.shelf import Shelf

HIGH_CONTRAST = Theme(
    "high-contrast",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffff00",
    error="#ff8080",
    success="#80ff80",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
)


def spare_imports() -> None:
    """Have the collector of garbage look no more at what the imports made, which stays.

    A look at all of it takes a tenth of a second or two, in which no key is heard.
    """
    gc.freeze()


class NovelcraftApp(App[None]):
    """The writing room."""

    TITLE = "Novelcraft"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "Help"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(
        self,
        shelf: Shelf,
        opened: NovelHome | Path | None = None,
        branch: str = "main",
        *,
        plain: bool | None = None,
    ) -> None:
        """Make it.

        Args:
            shelf: The novels to choose from.
            opened: The novel, or the folder of preparation or training, to open at once; None for
                the shelf.
            branch: The novel's branch.
            plain: Whether to show nothing but ASCII; None to do so where the terminal does.
        """
        super().__init__()
        self._shelf = shelf
        self._first = opened
        self._branch = branch
        self.plain = is_plain() if plain is None else plain
        self.marks = PLAIN if self.plain else DRAWN

    def on_mount(self) -> None:
        """Show the first screen."""
        self.register_theme(HIGH_CONTRAST)
        self.push_screen(ShelfScreen(self._shelf))
        if self._first is not None:
            self._open(self._first, self._branch)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What is done to each line before it is written; see Textual."""
        filters = super().get_line_filters()
        return [*filters, PlainLines()] if self.plain else filters

    def _open(self, what: NovelHome | Path, branch: str = "main", *, begin: bool = False) -> None:
        """Show a novel's room, or the work that goes on in a folder."""
        if isinstance(what, Path):
            self.push_screen(WorkScreen(what, self.marks))
            return
        self.push_screen(self._room(what, branch, begin=begin))

    def _room(self, home: NovelHome, branch: str, *, begin: bool = False) -> NovelScreen:
        return NovelScreen(home, branch, self.marks, with_editor=not self.is_web, begin=begin)

    def action_help(self) -> None:
        """Show the keys that work here, or put them away."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette's commands: what can be done with the novel, and Textual's own."""
        if isinstance(screen, NovelScreen):
            yield from screen.commands()
            yield SystemCommand("Write on", "In a process of its own.", screen.action_write)
            yield SystemCommand("Export", "EPUB and what else is set.", screen.action_export)
        if isinstance(screen, WorkScreen):
            yield from screen.commands()
        yield from super().get_system_commands(screen)

    @on(ShelfScreen.Opened)
    def _opened(self, event: ShelfScreen.Opened) -> None:
        self._open(event.what, begin=event.begin)

    @on(NovelScreen.BranchChosen)
    def _branch_chosen(self, event: NovelScreen.BranchChosen) -> None:
        self.switch_screen(self._room(event.home, event.branch))
