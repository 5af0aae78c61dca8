"""What a command of the program says, as a page."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from novelcraft.tui.commands import run_command
from novelcraft.tui.widgets.working import Working


class SaidPage(VerticalScroll, Working):
    """Runs a command to its end when it is looked at, and shows what it prints."""

    def __init__(self, arguments: Sequence[str], *, id: str) -> None:
        """Make it.

        Args:
            arguments: The verb and what follows it.
            id: The widget's name.
        """
        super().__init__(id=id, classes="page")
        self._arguments = arguments

    def compose(self) -> ComposeResult:
        """Put the page together."""
        yield Static("Looking…", markup=False)

    @work(exclusive=True)
    async def look(self) -> None:
        """Run the command again."""
        ended = await run_command(self._arguments)
        said = ended.message if ended.code else ended.output.rstrip()
        self.query_one(Static).update(said or "Nothing.")
