"""Show rows as they are trained: what is given, and what is learnt.

Nothing here looks at a row's messages: the text is decoded from its tokens, and what is shown as
learnt from its labels, so that a fault in either would be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from novelcraft.finetune.data.preferences import PairData, RunData
from novelcraft.finetune.data.rows import IGNORED, TrainRow
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer

if TYPE_CHECKING:
    from rich.text import Text

_GIVEN, _LEARNT, _AVOIDED = "dim", "bold green", "bold red"
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
    avoided: bool = False
    """Whether what is learnt is not to write so."""

    @property
    def tokens(self) -> int:
        """Tokens of the whole row."""
        return sum(span.tokens for span in self.spans)

    @property
    def learnt(self) -> int:
        """Tokens that are learnt."""
        return sum(span.tokens for span in self.spans if span.learnt)


def preview_data(data: RunData, count: int) -> list[PreviewRow]:
    """The first rows or pairs of a run. Of a pair both scenes are shown."""
    base = data.tokenizer
    if isinstance(data, PairData):
        return [
            preview_row(row, base, avoided=row is pair.rejected)
            for pair in data.train[:count]
            for row in (pair.chosen, pair.rejected)
        ]
    return [preview_row(row, base) for row in data.train[:count]]


def preview_row(row: TrainRow, base: BaseTokenizer, *, avoided: bool = False) -> PreviewRow:
    """Decode a row, in stretches that are learnt or not."""
    pairs = zip(row.tokens, row.labels, strict=True)
    runs = groupby(pairs, key=lambda pair: pair[1] != IGNORED)
    spans = tuple(_span(run, learnt, base) for learnt, run in runs)
    return PreviewRow(row.row_id, spans, avoided)


def preview_text(rows: Sequence[PreviewRow]) -> Text:
    """The rows for a terminal: what is given is dim, what is learnt is green, or red where it is
    learnt not to write so.

    A row's text cannot move the cursor or change the terminal: control characters are shown as
    pictures of themselves.
    """
    from rich.text import Text

    text = Text()
    for row in rows:
        how = "to be avoided" if row.avoided else "learnt"
        text.append(f"── {row.row_id}: {row.tokens} tokens, {row.learnt} {how} ──\n", "bold")
        learnt = _AVOIDED if row.avoided else _LEARNT
        for span in row.spans:
            text.append(span.text.translate(_CONTROL), learnt if span.learnt else _GIVEN)
        text.append("\n\n")
    return text


def _span(run: Iterable[tuple[int, int]], learnt: bool, base: BaseTokenizer) -> Span:
    pairs = list(run)
    shown = [label if learnt else token for token, label in pairs]
    text = base.tokenizer.decode(shown, skip_special_tokens=False)
    return Span(text, learnt, len(shown))
