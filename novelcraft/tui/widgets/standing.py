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
GO_ON = "press w to write on"
GO_ON_SHORT = "press w"


class Standing(Static):
    """A bar and the counters beside it."""

    DEFAULT_CSS = "Standing { height: 1; padding: 0 1; background: $boost; }"

    def __init__(self, marks: Marks) -> None:
        super().__init__("", id="standing")
        self._marks = marks
        self._share = 0.0
        self._parts: list[str] = []

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
            self._parts = []
            self.update(Content(progress.line(now) if running else still), layout=False)
            return
        is_new = progress.position > len(book.chain)  # and takes no written scene's place
        words = book.words + (progress.draft_words if running and is_new else 0)
        self._share = words / book.plan.target_words
        scenes = len(book.plan.scenes)
        pages = f"{words / book.words_per_page:.1f} of "
        pages += f"{number(round(book.plan.target_words / book.words_per_page))} pages"
        if running:
            left = progress.time_left(now)
            state = "" if left is None else f"{span(left)} left"
        else:
            state = self._still(done=len(book.chain) == scenes, starting=starting)
        self._parts = [
            pages,
            f"{number(words)} words",
            f"scene {min(len(book.chain) + running, scenes)} of {scenes}",
            state,
            f"{number(book.tokens)} tokens",
            f"cost {book.cost:.2f}" if book.cost else "",
        ]
        self.on_resize()

    def on_resize(self) -> None:
        """Draw the counters for the width that there is now."""
        if not self._parts:
            return
        share = f"{self._share:.0%}"
        if self.size.width >= NARROW:
            bar = Content.styled(f"{self._marks.bar(self._share, BAR)} ", "$accent")
            content = bar.append(self._line(share, self._parts))
        else:
            content = Content(self._narrow_line(share))
        self.update(content, layout=False)

    @staticmethod
    def _still(*, done: bool, starting: bool) -> str:
        """What is said of a novel that nobody writes."""
        if starting:
            return "starting"
        return "finished" if done else GO_ON

    def _line(self, share: str, parts: list[str]) -> str:
        between = f" {self._marks.between} "
        return f"{share}  {between.join(filter(None, parts))}"

    def _narrow_line(self, share: str) -> str:
        """The counters, without tokens and words where there is no room for all."""
        parts = [GO_ON_SHORT if part == GO_ON else part for part in self._parts]
        for left_out in (4, 1):
            if cell_len(self._line(share, parts)) > self.size.width:
                parts[left_out] = ""
        return self._line(share, parts)
