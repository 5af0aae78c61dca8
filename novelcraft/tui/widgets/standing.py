"""Where the book stands, as one line: pages, words, time left, tokens."""

from __future__ import annotations

from rich.cells import cell_len
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
        self,
        book: Book | None,
        progress: WritingProgress,
        now: float,
        *,
        running: bool,
        starting: bool,
    ) -> None:
        """Show the counters as they are now."""
        if book is None or book.plan is None:
            still = "Starting." if starting else "Not planned yet. Press w to begin."
            self.update(Content(progress.line(now) if running else still), layout=False)
            return
        is_new = progress.position > len(book.chain)  # and takes no written scene's place
        words = book.words + (progress.draft_words if running and is_new else 0)
        share = words / book.plan.target_words
        scenes = len(book.plan.scenes)
        pages = f"{words / book.words_per_page:.1f} of "
        pages += f"{number(round(book.plan.target_words / book.words_per_page))} pages"
        if running:
            left = progress.time_left(now)
            state = "" if left is None else f"{span(left)} left"
        else:
            state = self._still(done=len(book.chain) == scenes, starting=starting)
        parts = [
            pages,
            f"{number(words)} words",
            f"scene {min(len(book.chain) + running, scenes)} of {scenes}",
            state,
            f"{number(book.tokens)} tokens",
            f"cost {book.cost:.2f}" if book.cost else "",
        ]
        bar = Content.styled(f"{self._marks.bar(share, BAR)} " if self._is_wide else "", "$accent")
        self.update(bar.append(self._line(f"{share:.0%}", parts)), layout=False)

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= NARROW

    def _still(self, *, done: bool, starting: bool) -> str:
        """What is said of a novel that nobody writes."""
        if starting:
            return "starting"
        if done:
            return "finished"
        return "press w to write on" if self._is_wide else "press w"

    def _line(self, share: str, parts: list[str]) -> str:
        """The counters, without tokens and words where there is no room for all."""
        between = f" {self._marks.between} "
        line = f"{share}  {between.join(filter(None, parts))}"
        for left_out in (4, 1):
            if self._is_wide or cell_len(line) <= self.size.width:
                break
            parts[left_out] = ""
            line = f"{share}  {between.join(filter(None, parts))}"
        return line
