"""What has workers, and must not be looked at by them once it goes."""

from __future__ import annotations

from textual import on
from textual.messages import Prune
from textual.widget import Widget


class Working(Widget):
    """A base, the last one, of each widget or screen with workers: they end before its parts go.

    Textual takes the parts away before it cancels the workers, so that one which woke in between
    would look for a part that is not there any more.
    """

    @on(Prune)
    def _end_workers(self) -> None:
        self.workers.cancel_node(self)
