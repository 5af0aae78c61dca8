"""Show rows as they are trained: what is given, and what is learnt.

Nothing here looks at a row's messages: the text is decoded from its tokens, and what is shown as
learnt from its labels, so that a fault in either would be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from novelcraft.finetune.dataset import IGNORED, TrainRow
from novelcraft.tools.books.tokenizers import BaseTokenizer

if TYPE_CHECKING:
    from rich.text import Text

_GIVEN, _LEARNT = "dim", "bold green"
_CONTROL = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}


@dataclass(frozen=True)
class Span:
    """A stretch of a row, all of it learnt or none of it."""

    text: str
    learnt: bool
    tokens: int


@dataclass(frozen=True)
class PreviewRow:
    """A row, decoded."""

    row_id: str
    spans: tuple[Span, ...]

    @property
    def tokens(self) -> int:
        """Tokens of the whole row."""
        return sum(span.tokens for span in self.spans)

    @property
    def learnt(self) -> int:
        """Tokens that are learnt."""
        return sum(span.tokens for span in self.spans if span.learnt)


def preview_row(row: TrainRow, base: BaseTokenizer) -> PreviewRow:
    """Decode a row, in stretches that are learnt or not."""
    pairs = zip(row.tokens, row.labels, strict=True)
    runs = groupby(pairs, key=lambda pair: pair[1] != IGNORED)
    return PreviewRow(row.row_id, tuple(_span(run, learnt, base) for learnt, run in runs))


def preview_text(rows: Sequence[PreviewRow]) -> Text:
    """The rows for a terminal: what is given is dim, what is learnt is green.

    A row's text cannot move the cursor or change the terminal: control characters are shown as
    pictures of themselves.
    """
    from rich.text import Text

    text = Text()
    for row in rows:
        text.append(f"── {row.row_id}: {row.tokens} tokens, {row.learnt} learnt ──\n", "bold")
        for span in row.spans:
            text.append(span.text.translate(_CONTROL), _LEARNT if span.learnt else _GIVEN)
        text.append("\n\n")
    return text


def _span(run: Iterable[tuple[int, int]], learnt: bool, base: BaseTokenizer) -> Span:
    pairs = list(run)
    shown = [label if learnt else token for token, label in pairs]
    text = base.tokenizer.decode(shown, skip_special_tokens=False)
    return Span(text, learnt, len(shown))
