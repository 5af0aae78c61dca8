"""The loss of rows under a model: for a run's validation, and for an evaluation."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from novelcraft.finetune.data.rows import TrainRow
from novelcraft.finetune.training.batches import ROWS, Collator, Item, record
from novelcraft.state.train_events import ChapterLoss

RowLoss = tuple[float, int]
"""Of a row: the loss, summed over the tokens that are to be learnt, and their number."""
LogProbs = Callable[[dict[str, Any]], torch.Tensor]
"""From a batch to the log-probability of each token given those before it, on the processor:
(lines, tokens - 1), 0 where nothing is to be learnt."""


def row_losses(
    rows: Sequence[TrainRow],
    made: Sequence[Item],
    collate: Collator,
    size: int,
    log_probs: LogProbs,
) -> dict[int, RowLoss]:
    """The loss of each row, by its number in `rows`.

    Args:
        rows: All rows that items may name.
        made: Rows, or packs of rows, to read.
        collate: Makes batches of them.
        size: Items of a batch.
        log_probs: The model.
    """
    found: dict[int, RowLoss] = {}
    for start in range(0, len(made), size):
        chosen = made[start : start + size]
        batch = collate([record(item) for item in chosen])
        batch.pop(ROWS)
        for item, line in zip(chosen, log_probs(batch), strict=True):
            found.update(_by_row(item, line, rows))
    return found


def chapter_losses(rows: Sequence[TrainRow], losses: Sequence[RowLoss]) -> tuple[ChapterLoss, ...]:
    """The losses by chapter, in the order in which the rows name them."""
    found: dict[str, list[RowLoss]] = defaultdict(list)
    for row, loss in zip(rows, losses, strict=True):
        found[row.chapter].append(loss)
    return tuple(_chapter(name, its) for name, its in found.items())


def mean_loss(losses: Iterable[RowLoss]) -> float:
    """The mean over all tokens, in nats, every token weighing the same."""
    sums, tokens = zip(*losses, strict=True)
    return float(sum(sums) / sum(tokens))


def perplexity(loss: float) -> float:
    """Of a mean loss; finite, however large."""
    return math.exp(min(loss, 700.0))


def _by_row(item: Item, line: torch.Tensor, rows: Sequence[TrainRow]) -> dict[int, RowLoss]:
    """Share a line of log-probabilities out among its rows.

    The probability at a place is that of the token after it.
    """
    found: dict[int, RowLoss] = {}
    start = 0
    for number in item.rows:
        length = len(rows[number].tokens)
        inside = line[start : start + length - 1]
        found[number] = (-inside.double().sum().item(), rows[number].learnt)
        start += length
    return found


def _chapter(name: str, found: Sequence[RowLoss]) -> ChapterLoss:
    loss = mean_loss(found)
    return ChapterLoss(
        chapter=name,
        tokens=sum(tokens for _, tokens in found),
        loss=loss,
        perplexity=perplexity(loss),
    )
