"""Questions to the book, and what it says."""

from __future__ import annotations

import json

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static

from novelcraft.tui.book import Scene
from novelcraft.tui.commands import run_command
from novelcraft.tui.homes import NovelHome
from novelcraft.tui.widgets.working import Working


class AskPane(Vertical, Working):
    """Asks the novel in a process of its own, so that no model is loaded here."""

    DEFAULT_CSS = """
    AskPane VerticalScroll { height: auto; max-height: 50%; }
    AskPane #cited { height: auto; max-height: 1fr; margin: 1 1; display: none; }
    """

    class Opened(Message):
        """A sentence that an answer rests on is to be shown in its place."""

        def __init__(self, scene: int, text: str) -> None:
            super().__init__()
            self.scene = scene
            """Its number in the book."""
            self.text = text

    def __init__(self, home: NovelHome, branch: str) -> None:
        super().__init__(id="asking")
        self._home = home
        self._branch = branch
        self._after = ""
        self._cited: list[AskPane.Opened] = []

    def compose(self) -> ComposeResult:
        """Put the pane together."""
        yield Input(placeholder="Who knows about the letter?", id="question")
        with VerticalScroll(classes="page"):
            yield Static("", id="answer", markup=False)
        yield OptionList(id="cited")

    def on_mount(self) -> None:
        """Say what can be asked."""
        self.as_of(None)
        if self._home.folder is None:
            self.query_one("#question").disabled = True
            self._say("A book in a database cannot be asked from here. Search it: key 2.")
            return
        self._say("Ask the book. It answers from its own sentences, and says where they stand.")

    def as_of(self, scene: Scene | None) -> None:
        """Ask of the book as it stands after a written scene; None for all of it."""
        written = scene if scene and scene.commit else None
        self._after = written.brief.id if written else ""
        self.query_one("#question").border_title = (
            f"The book up to scene {written.number}, which is picked in the outline"
            if written
            else "The whole book; pick a scene in the outline to ask as of it"
        )

    @on(Input.Submitted, "#question")
    def _asked(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._ask(event.value)

    @on(OptionList.OptionSelected, "#cited")
    def _opened(self, event: OptionList.OptionSelected) -> None:
        self.post_message(self._cited[event.option_index])

    @work(exclusive=True)
    async def _ask(self, question: str) -> None:
        self.show_answer("It is looking…", [])
        given = {"question": question, "after": self._after, "branch": self._branch}
        command = ["agent", "ask", "--novel", *self._home.words]
        ended = await run_command(command, json.dumps(given))
        if ended.code:
            self._say(ended.message)
            return
        answer = json.loads(ended.output)
        self.show_answer(
            answer["answer"], [self.Opened(s["scene"], s["text"]) for s in answer["cited"]]
        )

    def show_answer(self, answer: str, cited: list[Opened]) -> None:
        """Show an answer, and the sentences that it rests on."""
        self._cited = cited
        self._say(answer)
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Content(f"scene {each.scene}: {each.text}") for each in cited])
        listed.display = bool(cited)
        if cited:
            listed.border_title = "It rests on these; Enter opens one"
            listed.focus()

    def _say(self, text: str) -> None:
        self.query_one("#answer", Static).update(text)
