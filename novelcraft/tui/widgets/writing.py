"""The draft that is being written, and what is said about it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from novelcraft.state.events import DraftChecked, Drafting, SceneStarted, WriteEvent
from novelcraft.state.findings import Finding
from novelcraft.tui.book import Book
from novelcraft.tui.widgets.prose import ProseView, marks_of
from novelcraft.tui.widgets.side import Side


class WritingPane(Container):
    """Prose that grows, its findings, and the story so far; between two drafts the last scene."""

    def compose(self) -> ComposeResult:
        """Put the pane together."""
        yield ProseView(id="draft")
        yield Side()

    @property
    def prose(self) -> ProseView:
        """The draft."""
        return self.query_one("#draft", ProseView)

    def take(self, event: WriteEvent, book: Book | None) -> None:
        """Take in an event."""
        if isinstance(event, Drafting):
            self.prose.grow(event.at, event.text)
            return
        self.query_one(Side).take(event, book.plan if book else None)
        if isinstance(event, SceneStarted):
            self.prose.show("")
            self.query_one(Side).found(None)
        elif isinstance(event, DraftChecked):
            draft = book.draft_of(event.scene_id, event.attempt) if book else None
            self._found(draft.all_findings if draft else ())

    def show(self, book: Book) -> None:
        """Show what is new of the book."""
        if not book.chain:
            return
        last = book.chain[-1]
        if not self.prose.text:
            self.prose.show(last.prose)
        if self.prose.text == last.prose:
            self._found(last.findings)
        self.query_one(Side).story(last.summary)

    def say(self, text: str) -> None:
        """Show a text in the place of prose."""
        self.prose.show(text)

    def _found(self, findings: tuple[Finding, ...]) -> None:
        self.query_one(Side).found(findings)
        self.prose.mark(marks_of(findings))
