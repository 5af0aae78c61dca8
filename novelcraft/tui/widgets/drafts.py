"""The drafts of a scene side by side, each with what was found in it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.widgets import Static

from novelcraft.state.manuscript import Draft
from novelcraft.tui.book import Book, Scene
from novelcraft.tui.widgets.prose import ProseView, marks_of

NONE = "Nothing to hold side by side: drafts of a scene go when the scene after theirs is in."


class DraftsPage(HorizontalScroll):
    """A column for each draft; those that do not fit are scrolled to."""

    DEFAULT_CSS = """
    DraftsPage > Vertical { width: 1fr; min-width: 46; padding: 0 1; border-left: solid $panel; }
    DraftsPage Static { height: auto; max-height: 40%; }
    DraftsPage ProseView { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._drafts: list[Draft] = []
        self._kept = ""

    def show(self, book: Book, scene: Scene | None) -> None:
        """Show the drafts of a scene; the same drafts keep their places in view."""
        drafts = book.drafts(scene) if scene else []
        kept = scene.commit.prose if scene and scene.commit else ""
        if (drafts, kept) != (self._drafts, self._kept) or not self.children:
            self._drafts, self._kept = drafts, kept
            self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        """Put the page together."""
        if not self._drafts:
            yield Static(NONE, classes="page", markup=False)
        for draft in self._drafts:
            findings = draft.all_findings
            kept = ", which is in the book" if draft.prose == self._kept else ""
            lines = [f"{n} {f.severity}: {f.message}" for n, f in enumerate(findings, 1)]
            with Vertical():
                yield Static("\n".join([f"Draft {draft.attempt}{kept}", *lines]), markup=False)
                yield ProseView(draft.prose, marks_of(findings))
