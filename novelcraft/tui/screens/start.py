"""The start of a novel: a premise, and as much more as the author has."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, TypeVar, get_args

from pydantic import ValidationError
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from novelcraft.config.root import Settings
from novelcraft.config.settings import GateName
from novelcraft.errors import InputError, NovelcraftError
from novelcraft.graphs.folder import is_novel, make_folder
from novelcraft.tools.authored import (
    CAST,
    OUTLINE,
    WORLD,
    named_files,
    parse_authored,
    read_authored,
)
from novelcraft.tools.storage.files import storage_errors, write_atomic
from novelcraft.tools.text import folder_name
from novelcraft.tui.screens.form import TYPED_AHEAD

PREMISE = "What happens? A sentence will do, a page is welcome."
QUESTIONS = {
    CAST: ("people", "Who is in it? ## Mara Quint, or just what you know"),
    WORLD: ("world", "Where and when, and what holds true there?"),
    OUTLINE: ("must", "What must happen? ## The Tide, or without chapters"),
}
"""What is asked for each of the author's files, which an answer becomes."""
FILES = (
    "Every other question can be left: the planner fills in what you leave. cast.md, world.md and "
    "outline.md in its folder are taken up when they are there."
)
PAGES = "10"
GATES = "Wait for you where? plan, chapter, scene, or nowhere"


Field = TypeVar("Field", TextArea, Input)


class StartScreen(ModalScreen[Path | None]):
    """Asks for a premise, and gives the folder of the novel that is to be written; None for none.

    Any question but the premise can be left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("ctrl+s", "write", "Write it", priority=True),
        *TYPED_AHEAD,
    ]
    AUTO_FOCUS = "#premise"
    DEFAULT_CSS = """
    StartScreen { align: center middle; }
    StartScreen > Vertical {
        width: 80%; max-width: 90; height: 95%; max-height: 56; padding: 0 1; background: $panel;
        border: round $primary;
    }
    StartScreen VerticalScroll { height: 1fr; }
    StartScreen TextArea { height: 7; }
    StartScreen TextArea.short { height: 4; }
    StartScreen Input, StartScreen TextArea {
        border: round $foreground 40%; border-title-color: $foreground; background: $surface;
    }
    StartScreen Input:focus, StartScreen TextArea:focus { border: round $accent; }
    StartScreen Horizontal { height: auto; }
    StartScreen Button { margin-right: 2; }
    StartScreen #problem { color: $text-error; height: auto; }
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self._warned = False

    def compose(self) -> ComposeResult:
        """Put the screen together."""
        with Vertical():
            with VerticalScroll(can_focus=False):
                yield from self._questions()
            yield Static("", id="problem", markup=False)
            with Horizontal():
                yield Button("Write it (^s)", variant="primary", id="write")
                yield Button("Back (esc)", id="cancel")

    def _questions(self) -> ComposeResult:
        yield _asking(TextArea(id="premise", tab_behavior="focus"), PREMISE)
        yield Static(FILES, id="found", markup=False)
        for name, question in QUESTIONS.values():
            answer = TextArea(id=name, tab_behavior="focus", classes="short")
            yield _asking(answer, question)
        yield _asking(Input(id="ending"), "How does it end?")
        yield _asking(Input(id="style"), "What kind of story, and how is it told?")
        yield _asking(Input(id="title"), "A title, if there is one")
        yield _asking(Input(PAGES, type="integer", id="pages"), "How many pages?")
        folder = Input(placeholder="made of the premise", id="folder")
        yield _asking(folder, "A folder for it")
        yield _asking(Input(id="attend"), GATES)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Leave without a novel; what was typed is thrown away only when it is asked for twice."""
        if self._is_begun and not self._warned:
            self._warned = True
            self._say("Leave once more to throw away what you typed.")
            return
        self.dismiss(None)

    @property
    def _is_begun(self) -> bool:
        """Whether anything was answered."""
        given = [text.text for text in self.query(TextArea)]
        given += [line.value for line in self.query(Input) if line.id != "pages"]
        return any(map(str.strip, given)) or self._value("pages") != PAGES

    @on(Button.Pressed, "#write")
    def action_write(self) -> None:
        """Make the novel's folder and begin to write.

        The key goes past the field in focus: what was typed into that before comes first.
        """
        (self.focused or self).call_later(self._write)

    def _write(self) -> None:
        if not self.is_current:
            return  # The key was pressed twice, and the first one did it.
        try:
            settings = Settings.model_validate(
                {"novel": self._book(), "write": {"attend": self._gates()}}
            )
            folder = self.root / self._folder_name()
            if is_novel(folder):
                raise InputError(f"{folder} holds a novel already.", fix="Choose another folder.")
            self._put_down(folder)
            make_folder(folder, settings)
        except ValidationError as error:
            first = error.errors()[0]
            self._say(f"{first['loc'][-1]}: {first['msg']}.")
        except NovelcraftError as error:
            self._say(str(error))
        else:
            self.dismiss(folder)

    def _book(self) -> dict[str, str]:
        """Values of `[novel]`, word for word as the author says them."""
        premise = self._text("premise")
        if not premise:
            raise InputError("Without a premise there is no book.", fix="Say what happens.")
        if not self._value("pages"):
            raise InputError("How long it shall be is not said.", fix=f"Say it: {PAGES} pages.")
        values = {name: self._value(name) for name in ("ending", "style", "title", "pages")}
        given = {name: value for name, value in values.items() if value}
        return {**given, "premise": premise}

    def _gates(self) -> list[str]:
        """Where the run is to wait."""
        gates = [word for word in self._value("attend").replace(",", " ").split() if word]
        for gate in gates:
            if gate not in get_args(GateName):
                raise InputError(
                    f"A run cannot wait at {gate!r}.", fix="Give plan, chapter or scene."
                )
        return gates

    def _put_down(self, folder: Path) -> None:
        """Write what the author says of people, world and outline into their files."""
        said = {file: text for file, (name, _) in QUESTIONS.items() if (text := self._text(name))}
        read_authored(folder)
        for file, text in said.items():
            path = folder / file
            parse_authored(file, text, path)
            if path.exists() and path.read_text("utf-8-sig").strip() != text:
                raise InputError(
                    f"{path} is there already, and is taken up.",
                    fix="Leave that question empty, or put your answer into the file.",
                )
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for file, text in said.items():
                write_atomic(folder / file, f"{text}\n".encode())

    @on(Input.Changed, "#folder")
    @on(TextArea.Changed, "#premise")
    def _look_for_files(self) -> None:
        """Say what the folder holds of the author's."""
        told = FILES
        try:
            if found := named_files(read_authored(self.root / self._folder_name())):
                told = f"Taken up, and kept word for word: {', '.join(found)}."
        except NovelcraftError as error:
            told = str(error)
        self.query_one("#found", Static).update(told)

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
