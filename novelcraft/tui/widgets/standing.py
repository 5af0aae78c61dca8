"""Where the book stands, as one line: pages, words, time left, tokens."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from novelcraft.present.wording import number, span
from novelcraft.present.writing import WritingProgress
from novelcraft.tui.book import Book
from novelcraft.tui.marks import Marks

NARROW = 100
"""Columns below which the counters have no room for the bar."""
BAR = 20
"""Cells of the bar."""


class Standing(Static):
    """A bar and the counters beside it."""

    DEFAULT_CSS = "Standing { height: 1; padding: 0 1; background: $boost; }"

    def __init__(self, marks: Marks) -> None:
        super().__init__("", id="standing")
        self._marks = marks

    def show(
        self, book: Book | None, progress: WritingProgress, now: float, *, running: bool
    ) -> None:
        """Show the counters as they are now."""
        if book is None or book.plan is None:
            text = progress.line(now) if running else "Not planned yet. Press w to begin."
            self.update(Content(text), layout=False)
            return
        wide = self.size.width >= NARROW
        drafted = progress.draft_words if running else 0
        words = book.words + drafted
        share = words / book.plan.target_words
        scenes = len(book.plan.scenes)
        parts = [
            f"{words / book.words_per_page:.1f} of "
            f"{number(round(book.plan.target_words / book.words_per_page))} pages",
            f"{number(words)} words",
            f"scene {min(len(book.chain) + running, scenes)} of {scenes}",
        ]
        if running and (left := progress.time_left(now)) is not None:
            parts.append(f"{span(left)} left")
        elif not running:
            done = len(book.chain) == scenes
            parts.append("finished" if done else "press w to write on" if wide else "press w")
        parts.append(f"{number(book.tokens)} tokens")
        if cost := book.cost:
            parts.append(f"cost {cost:.2f}")
        between = f" {self._marks.between} "
        bar = Content.styled(f"{self._marks.bar(share, BAR)} " if wide else "", "$accent")
        line = Content.assemble(bar, f"{share:.0%}  ", between.join(parts))
        self.update(line, layout=False)
