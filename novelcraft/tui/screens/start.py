"""The start of a novel: a premise, and as much more as the author has."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static, TextArea

from novelcraft.tui.commands import run_command, start_writing


class StartScreen(ModalScreen[Path | None]):
    """Asks for a premise and begins to write. Any question but the premise can be left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Back")]
    DEFAULT_CSS = """
    StartScreen { align: center middle; }
    StartScreen > VerticalScroll {
        width: 80%; max-width: 90; height: auto; max-height: 90%; padding: 1 2; background: $panel;
        border: round $primary;
    }
    StartScreen TextArea { height: 7; }
    StartScreen Horizontal { height: auto; margin-top: 1; }
    StartScreen Button { margin-right: 2; }
    StartScreen #problem { color: $error; }
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        with VerticalScroll():
            yield Label("What happens? A sentence is enough, a page is welcome.")
            yield TextArea(id="premise")
            yield Label("How many pages?")
            yield Input("10", type="integer", id="pages")
            yield Label("A title, if there is one")
            yield Input(id="title")
            yield Label("A folder for it")
            yield Input(placeholder="made of the premise", id="folder")
            yield Static("", id="problem", markup=False)
            with Horizontal():
                yield Button("Write it", variant="primary", id="write")
                yield Button("Back", id="cancel")

    def action_cancel(self) -> None:
        """Leave without a novel."""
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#write")
    async def _begin(self) -> None:
        premise = self.query_one("#premise", TextArea).text.strip()
        if not premise:
            self._say("Say what happens: without a premise there is no book.")
            return
        name = self.query_one("#folder", Input).value.strip()
        folder = self.root / (name or _folder_name(premise))
        made = ["new", str(folder), "--premise", premise, "--pages", self._value("pages") or "10"]
        if title := self._value("title"):
            made += ["--title", title]
        ended = await run_command(made)
        if ended.code:
            self._say(ended.message)
            return
        start_writing(folder, "main")
        self.dismiss(folder)

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(text)


def _folder_name(premise: str) -> str:
    words = ["".join(c for c in word if c.isalnum()) for word in premise.lower().split()]
    return "-".join(filter(None, words[:5])) or "novel"
