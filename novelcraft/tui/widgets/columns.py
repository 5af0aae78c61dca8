"""Texts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.widgets import Static

from novelcraft.tui.widgets.prose import Mark, ProseView


class Column(NamedTuple):
    """A text, and what stands above it."""

    head: str
    text: str
    marks: Sequence[Mark] = ()


class Columns(HorizontalScroll):
    """A column for each text; those that do not fit are scrolled to."""

    DEFAULT_CSS = """
    Columns > Vertical { width: 1fr; min-width: 46; padding: 0 1; border-left: solid $panel; }
    Columns Static { height: auto; max-height: 40%; }
    Columns ProseView { height: 1fr; }
    """

    def __init__(self, none: str) -> None:
        """Make it.

        Args:
            none: What it says where there is no text.
        """
        super().__init__()
        self._none = none
        self._shown: list[Column] = []

    def show(self, columns: list[Column]) -> None:
        """Show texts; the same ones keep their places in view."""
        if columns != self._shown or not self.children:
            self._shown = columns
            self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        """Put the columns together."""
        if not self._shown:
            yield Static(self._none, classes="page", markup=False)
        for column in self._shown:
            with Vertical():
                yield Static(column.head, markup=False)
                yield ProseView(column.text, column.marks)
