"""The start of a novel: a premise, and as much more as the author has."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import ValidationError
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from novelcraft.config.root import Settings
from novelcraft.errors import InputError, NovelcraftError
from novelcraft.graphs.folder import is_novel, make_folder
from novelcraft.tools.text import folder_name
from novelcraft.tui.commands import start_writing

PREMISE = "What happens? A sentence will do, a page is welcome."
QUESTIONS = {
    "people": "Who is in it?",
    "world": "Where and when, and what holds true there?",
    "must": "What must happen?",
    "ending": "How does it end?",
}
HEADINGS = {"people": "People", "world": "World", "must": "What must happen", "ending": "Ending"}
"""Under which an answer stands in the premise."""


Field = TypeVar("Field", TextArea, Input)


class StartScreen(ModalScreen[Path | None]):
    """Asks for a premise and begins to write. Any question but the premise can be left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("ctrl+s", "write", "Write it", priority=True),
    ]
    AUTO_FOCUS = "#premise"
    DEFAULT_CSS = """
    StartScreen { align: center middle; }
    StartScreen > VerticalScroll {
        width: 80%; max-width: 90; height: auto; max-height: 95%; padding: 0 1; background: $panel;
        border: round $primary;
    }
    StartScreen TextArea { height: 7; }
    StartScreen TextArea.short { height: 4; }
    StartScreen Input, StartScreen TextArea {
        border: round $foreground 40%; border-title-color: $foreground; background: $surface;
    }
    StartScreen Input:focus, StartScreen TextArea:focus { border: round $accent; }
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
            yield _asking(TextArea(id="premise", tab_behavior="focus"), PREMISE)
            yield Static("Every other question can be left: the planner fills in what you leave.")
            for name, question in QUESTIONS.items():
                answer = TextArea(id=name, tab_behavior="focus", classes="short")
                yield _asking(answer, question)
            yield _asking(Input(id="style"), "What kind of story, and how is it told?")
            yield _asking(Input(id="title"), "A title, if there is one")
            yield _asking(Input("10", type="integer", id="pages"), "How many pages?")
            folder = Input(placeholder="made of the premise", id="folder")
            yield _asking(folder, "A folder for it")
            yield Static("", id="problem", markup=False)
            with Horizontal():
                yield Button("Write it (^s)", variant="primary", id="write")
                yield Button("Back (esc)", id="cancel")

    def action_cancel(self) -> None:
        """Leave without a novel."""
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _back(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#write")
    def action_write(self) -> None:
        """Make the novel's folder and begin to write."""
        try:
            settings = Settings.model_validate({"novel": self._book()})
            folder = self.root / self._folder_name()
            if is_novel(folder):
                raise InputError(f"{folder} holds a novel already.", fix="Choose another folder.")
            make_folder(folder, settings)
        except ValidationError as error:
            first = error.errors()[0]
            self._say(f"{first['loc'][-1]}: {first['msg']}.")
        except NovelcraftError as error:
            self._say(str(error))
        else:
            start_writing(folder, "main")
            self.dismiss(folder)

    def _book(self) -> dict[str, str]:
        """Values of `[novel]`; what the author says stands in the premise, word for word."""
        premise = self._text("premise")
        if not premise:
            raise InputError("Without a premise there is no book.", fix="Say what happens.")
        said = [
            f"{label}:\n{text}" for name, label in HEADINGS.items() if (text := self._text(name))
        ]
        values = {name: self._value(name) for name in ("style", "title", "pages")}
        given = {name: value for name, value in values.items() if value}
        return {**given, "premise": "\n\n".join([premise, *said])}

    def _folder_name(self) -> str:
        """The folder's name: one inside the shelf."""
        name = self._value("folder") or folder_name(self._text("premise"))
        if name != Path(name).name or name.startswith("."):
            raise InputError(f"{name!r} cannot be a folder here.", fix="Give a plain name.")
        return name

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", TextArea).text.strip()

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(text)


def _asking(field: Field, question: str) -> Field:
    """A field with its question on its border."""
    field.border_title = question
    return field
