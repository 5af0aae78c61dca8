"""Questions to the book, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from novelcraft.tui.commands import run_command


class AskPane(Vertical):
    """Asks the novel in a process of its own, so that no model is loaded here."""

    def __init__(self, folder: Path, branch: str) -> None:
        super().__init__(id="asking")
        self._folder = folder
        self._branch = branch

    def compose(self) -> ComposeResult:
        """Put the pane together."""
        yield Input(placeholder="Who knows about the letter?", id="question")
        with VerticalScroll(classes="page"):
            yield Static(
                "Ask the book. It answers from its own sentences.", id="answer", markup=False
            )

    @on(Input.Submitted, "#question")
    def _asked(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._ask(event.value)

    @work(exclusive=True)
    async def _ask(self, question: str) -> None:
        self._say("It is looking…")
        given = {"question": question, "branch": self._branch}
        command = ["agent", "ask", "--novel", str(self._folder)]
        ended = await run_command(command, json.dumps(given))
        if ended.code:
            self._say(ended.message)
            return
        answer = json.loads(ended.output)
        cited = [f"scene {s['scene']}: {s['text']}" for s in answer["cited"]]
        self._say("\n\n".join([answer["answer"], *cited]))

    def _say(self, text: str) -> None:
        self.query_one("#answer", Static).update(text)
