"""The book's reader: prose with one of its paragraphs pointed at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from novelcraft.tui.origins import Span, spans
from novelcraft.tui.widgets.prose import Mark, ProseView

PART = 2
"""A paragraph that is out of view is scrolled to by this part of the view."""


class Reader(ProseView):
    """Prose in which a sign in the margin points at a paragraph."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "point(-1)", "Paragraph before", show=False),
        Binding("down,j", "point(1)", "Next paragraph", show=False),
        Binding("enter", "ask", "Where it is from", key_display="enter"),
    ]

    class Asked(Message):
        """Where the paragraph is from is to be shown."""

    def __init__(self, sign: str, *, id: str) -> None:
        """Make it.

        Args:
            sign: Stands in the margin beside the paragraph, one cell wide.
            id: The widget's name.
        """
        super().__init__(id=id)
        self.paragraphs: list[Span] = []
        self.at = 0
        """Number of the paragraph, from 0."""
        self._sign = sign

    def show(self, text: str, marks: Sequence[Mark] = ()) -> None:
        """Show a text from its beginning."""
        self.paragraphs, self.at = spans(text), 0
        super().show(text, marks)

    def go_to(self, quote: str) -> bool:
        """Bring a quote into view, and point at its paragraph; whether it is there."""
        found = super().go_to(quote)
        if found:
            self.at = self._paragraph(self.text.find(quote))
            self.refresh()
        return found

    def sign(self, row: int) -> str:
        """What stands in the margin right before a row."""
        if not self.paragraphs:
            return " "
        begin, end = self.paragraphs[self.at]
        return self._sign if begin <= self.rows[row].begin < end else " "

    def action_point(self, by: int) -> None:
        """Point at the next paragraph, or the one before; first read to the end of this one."""
        if not self.paragraphs:
            return
        top = self.scroll_offset.y
        height = self.size.height
        first, last = self._rows(self.at)
        if by > 0 and last >= top + height:
            self.scroll_to(y=min(last - height + 1, top + height // PART), animate=False)
            return
        if by < 0 and first < top:
            self.scroll_to(y=max(first, top - height // PART), animate=False)
            return
        self._point(min(max(0, self.at + by), len(self.paragraphs) - 1))

    def _point(self, number: int) -> None:
        self.at = number
        first, last = self._rows(number)
        top, height = self.scroll_offset.y, self.size.height
        if first < top or first >= top + height or last - first >= height:
            self.scroll_to(y=max(0, first - 1), animate=False)
        elif last >= top + height:
            self.scroll_to(y=last - height + 1, animate=False)
        self.refresh()

    def action_ask(self) -> None:
        """Ask where the paragraph is from."""
        self.post_message(self.Asked())

    def on_click(self, event: Click) -> None:
        """Point at the paragraph under the mouse."""
        offset = event.get_content_offset(self)
        row = (offset.y if offset else 0) + self.scroll_offset.y
        if row < len(self.rows) and self.paragraphs:
            self.at = self._paragraph(self.rows[row].begin)
            self.refresh()

    def _paragraph(self, character: int) -> int:
        """Number of the paragraph with a character of the text, or of the one before it."""
        return max(0, bisect_right(self.paragraphs, (character, len(self.text))) - 1)

    def _rows(self, number: int) -> tuple[int, int]:
        """First and last row of a paragraph."""
        begin, end = self.paragraphs[number]
        return self.row_at(begin), self.row_at(max(begin, end - 1))
