"""Texts side by side, whose paragraphs can be taken one by one."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Label, OptionList

from novelcraft.tui.fields import Source


class Sources(HorizontalScroll):
    """A list of paragraphs for each text."""

    DEFAULT_CSS = """
    Sources { height: auto; max-height: 45vh; }
    Sources > Vertical { width: 1fr; min-width: 34; height: auto; padding: 0 1 0 0; }
    Sources OptionList { height: auto; max-height: 40vh; }
    """

    class Picked(Message):
        """A paragraph was taken."""

        def __init__(self, paragraph: str) -> None:
            super().__init__()
            self.paragraph = paragraph

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__(can_focus=False)
        self._sources = sources

    def compose(self) -> ComposeResult:
        """Put the lists together."""
        for source in self._sources:
            with Vertical():
                yield Label(source.name, markup=False)
                yield OptionList(*map(Content, source.paragraphs))

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        at = list(self.query(OptionList)).index(event.option_list)
        self.post_message(self.Picked(self._sources[at].paragraphs[event.option_index]))
