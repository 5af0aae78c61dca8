"""Prose in a readable column, drawn row by row: what is out of view costs nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from novelcraft.state.findings import Finding
from novelcraft.tui.rows import Row, wrap

COLUMN = 72
"""Columns of the text: what an eye reads in one go."""
LEAST_NOTE = 18
"""Columns right of it that a note needs."""
MARGIN = 4
"""Columns left of it, for the numbers of findings."""


class Mark(NamedTuple):
    """A quote that something is said about."""

    quote: str
    label: str
    """Stands in the margin left of it."""
    note: str = ""
    """Stands right of it, where there is room."""


def marks_of(findings: Sequence[Finding]) -> list[Mark]:
    """The quotes of findings, each with the number of its finding, from 1."""
    return [
        Mark(quote, str(n), f"{f.severity}: {f.message}")
        for n, f in enumerate(findings, 1)
        for quote in f.evidence
    ]


class ProseView(ScrollView, can_focus=True):
    """Shows a text, keeps its end in view while it grows, and marks quotes in it.

    A text that grows is wrapped on from its last row, so that a frame costs what is new.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("space", "page_down", "Page down", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"prose--mark", "prose--label", "prose--note"}
    DEFAULT_CSS = """
    ProseView { overflow-x: hidden; overflow-y: auto; scrollbar-gutter: stable; padding: 1 0; }
    ProseView > .prose--mark { text-style: underline; color: $text-warning; }
    ProseView > .prose--label { text-style: bold; color: $text-warning; }
    ProseView > .prose--note { text-style: italic; color: $text-warning; }
    """
    ALLOW_SELECT = True

    def __init__(
        self, text: str = "", marks: Sequence[Mark] = (), *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.text = text
        self.rows: list[Row] = []
        self._marks: list[tuple[int, int, Mark]] = []
        self._notes: dict[int, str] = {}
        self.mark(marks)

    @property
    def column(self) -> int:
        """Columns of the text as the widget is wide now."""
        return max(10, min(COLUMN, self.size.width - 2 * MARGIN))

    @property
    def _left(self) -> int:
        """Columns left of the text."""
        return (self.size.width - self.column) // 2

    def show(self, text: str, marks: Sequence[Mark] = ()) -> None:
        """Show a text from its beginning."""
        self.text = text
        self._wrap()
        self.mark(marks)
        # At once: put off, it would take a text that grows meanwhile back from its end.
        self.scroll_to(y=0, animate=False, immediate=True)

    def grow(self, at: int, text: str) -> None:
        """The text is now what it was up to a character, and what follows.

        Its end stays in view where it was in view.
        """
        follows = self.scroll_offset.y >= self.max_scroll_y - 1
        self.take_in(at, text, self.column)
        self._fit_rows()
        self.refresh()
        if follows:
            # Nothing scrolls that has no bar yet: then once it has one.
            self.scroll_end(animate=False, immediate=self.show_vertical_scrollbar)

    def take_in(self, at: int, text: str, column: int) -> None:
        """Put a text in the place of what follows a character, and wrap what is new."""
        self.text = self.text[:at] + text
        while self.rows and self.rows[-1].end >= at:
            self.rows.pop()
        if self.rows:
            self.rows.pop()
        self._marks = [m for m in self._marks if m[1] <= at]
        self.rows += wrap(self.text, self._next_begin(), column)

    def mark(self, marks: Sequence[Mark]) -> None:
        """Underline quotes, each with its label in the margin."""
        found = [
            (at, at + len(m.quote), m)
            for m in marks
            if m.quote and (at := self.text.find(m.quote)) >= 0
        ]
        self._marks = sorted(found)
        self._lay_notes()
        self.refresh()

    def _lay_notes(self) -> None:
        """Give each note rows from its quote on, below the note before."""
        self._notes, free = {}, 0
        width = self.size.width - self._left - self.column - 3
        if width < LEAST_NOTE:
            return
        for begin, _end, mark in self._marks:
            row = max(free, bisect_right(self.rows, (begin, len(self.text))) - 1)
            note = f"{mark.label} {mark.note}" if mark.note else ""
            lines = [note[a:b] for a, b in wrap(note, 0, width)] if note else []
            self._notes |= dict(enumerate(lines, row))
            free = row + len(lines)

    def go_to(self, quote: str) -> bool:
        """Bring a quote into view; whether it is there."""
        at = self.text.find(quote)
        if at < 0:
            return False
        # Behind the layout of a text that has only been shown.
        self.call_after_refresh(self.scroll_to, y=max(0, self.row_at(at) - 3), animate=False)
        return True

    def row_at(self, character: int) -> int:
        """Number of the row with a character of the text."""
        return max(0, bisect_right(self.rows, (character, len(self.text))) - 1)

    def sign(self, row: int) -> str:
        """What stands in the margin before a row: one cell."""
        del row
        return " "

    def offset_at_top(self) -> int:
        """The character at the top of what is in view."""
        row = min(self.scroll_offset.y, len(self.rows) - 1)
        return self.rows[row].begin if self.rows else 0

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        base = self.rich_style
        width, number = self.size.width, y + self.scroll_offset.y
        if number >= len(self.rows):
            return Strip.blank(width, base)
        row = self.rows[number]
        left = self._left
        labels = sorted({m[2].label for m in self._marks if row.begin <= m[0] < row.end})
        label = ",".join(labels)
        if len(label) >= left - 1:
            label = f"{labels[0]}+"
        margin = Text(f"{label.rjust(left - 2)}{self.sign(number)} ", end="")
        margin.stylize(base + self.get_component_rich_style("prose--label", partial=True))
        prose = self._strip(self._row(row, number, base)).apply_offsets(0, number)
        strips = [self._strip(margin), prose]
        if note := self._notes.get(number):
            strips[1] = prose.adjust_cell_length(self.column + 2, base)
            beside = Text(note, end="", style=base)
            beside.stylize(self.get_component_rich_style("prose--note", partial=True))
            strips.append(self._strip(beside))
        return Strip.join(strips).adjust_cell_length(width, base)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is selected, for the clipboard."""
        return selection.extract("\n".join(self.text[a:b] for a, b in self.rows)), "\n"

    def selection_updated(self, _selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()

    def on_resize(self) -> None:
        """Wrap anew, with the same place in view."""
        at = self.offset_at_top()
        follows = self.scroll_offset.y >= self.max_scroll_y - 1 and self.max_scroll_y > 0
        self._wrap()
        if follows:
            self.scroll_end(animate=False, immediate=True)
        else:
            self.scroll_to(y=max(0, bisect_right(self.rows, (at, at)) - 1), animate=False)

    def _wrap(self) -> None:
        self.rows = wrap(self.text, 0, self.column) if self.size.width else []
        self._fit_rows()
        self._lay_notes()
        self.refresh()

    def _fit_rows(self) -> None:
        """Let the scrolling know how many rows there are.

        While the bar stays where it is, nothing else on the screen has another place for it, and to
        lay all of that out anew would take longer than to draw the prose.
        """
        size = Size(self.column, len(self.rows))
        if self.show_vertical_scrollbar and size.height > self.size.height > 0:
            self.set_reactive(ProseView.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
        else:
            self.virtual_size = size

    def _next_begin(self) -> int:
        """Where the row after the last one begins: behind a line feed, or at the next word."""
        if not self.rows:
            return 0
        end = self.rows[-1].end
        if self.text[end : end + 1] == "\n":
            return end + 1
        while self.text[end : end + 1] == " ":
            end += 1
        return end + 1 if self.text[end : end + 1] == "\n" else end

    def _row(self, row: Row, number: int, base: Style) -> Text:
        text = Text(self.text[row.begin : row.end], no_wrap=True, end="")
        text.stylize(base)
        style = self.get_component_rich_style("prose--mark", partial=True)
        for begin, end, _label in self._marks:
            if begin < row.end and end > row.begin:
                text.stylize(style, max(0, begin - row.begin), end - row.begin)
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(number)) is not None:
            begin, end = span
            chosen = self.screen.get_component_rich_style("screen--selection")
            text.stylize(chosen, begin, len(text) if end == -1 else end)
        return text

    def _strip(self, text: Text) -> Strip:
        return Strip(text.render(self.app.console), cell_len(text.plain))
