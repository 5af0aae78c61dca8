"""Perplexity of both sides, on the validation chapters and on some of the training rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from novelcraft.errors import LossError
from novelcraft.finetune.data.rows import TrainingData, TrainRow
from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.evaluation.variants import Sides
from novelcraft.finetune.training.batches import Collator, items
from novelcraft.finetune.training.losses import (
    RowLoss,
    chapter_losses,
    mean_loss,
    perplexity,
    row_losses,
)
from novelcraft.state.evaluation import ChapterPerplexity, EvalSettings, PerplexityReport


def perplexities(
    sides: Sides,
    data: TrainingData,
    settings: EvalSettings,
    tell: Callable[[int, int], None],
) -> PerplexityReport:
    """Have both sides read the rows.

    Args:
        sides: The model.
        data: The rows.
        settings: How many training rows, and how many at once.
        tell: Told after each batch how many rows are read, and how many there are; may raise.

    Raises:
        LossError: A side's loss is no number.
    """
    held, learnt = _by_length(data.validation), _by_length(_chosen(data.train, settings))
    total = 2 * (len(held) + len(learnt))
    done = 0

    def read(side: Side, rows: Sequence[TrainRow]) -> list[RowLoss]:
        nonlocal done
        found: dict[int, RowLoss] = {}
        made, size = items(rows, packing=False, room=0), settings.batch_size
        for start in range(0, len(made), size):
            batch = made[start : start + size]
            found |= row_losses(rows, batch, _COLLATE, size, lambda b: sides.log_probs(side, b))
            done += len(batch)
            tell(done, total)
        losses = [found[number] for number in range(len(rows))]
        _check(side, rows, losses)
        return losses

    base, tuned = read("base", held), read("tuned", held)
    learnt_base, learnt_tuned = read("base", learnt), read("tuned", learnt)
    chapters = zip(chapter_losses(held, base), chapter_losses(held, tuned), strict=True)
    return PerplexityReport(
        chapters=tuple(
            ChapterPerplexity(
                chapter=before.chapter,
                tokens=before.tokens,
                base=before.perplexity,
                tuned=after.perplexity,
            )
            for before, after in sorted(chapters, key=lambda pair: _place(pair[0].chapter))
        ),
        base=perplexity(mean_loss(base)),
        tuned=perplexity(mean_loss(tuned)),
        training_rows=len(learnt),
        training_base=perplexity(mean_loss(learnt_base)),
        training_tuned=perplexity(mean_loss(learnt_tuned)),
    )


_COLLATE = Collator(pad=0, packing=False)
"""What stands after a row is never looked at, so that any token will do."""


def _check(side: Side, rows: Sequence[TrainRow], losses: Sequence[RowLoss]) -> None:
    lost = [row.row_id for row, (loss, _) in zip(rows, losses, strict=True) if not isfinite(loss)]
    if lost:
        raise LossError(
            f"The loss of the {side} model is no number on {len(lost)} rows, {lost[0]} among them.",
            fix="Evaluate the adapter of an earlier checkpoint."
            if side == "tuned"
            else "Get the base model again.",
        )


def _chosen(rows: Sequence[TrainRow], settings: EvalSettings) -> list[TrainRow]:
    """Some of the rows, evenly spread."""
    count = min(settings.training_rows, len(rows))
    return [rows[number * len(rows) // count] for number in range(count)]


def _by_length(rows: Sequence[TrainRow]) -> list[TrainRow]:
    """Rows of a length beside each other, for the least padding."""
    return sorted(rows, key=lambda row: (len(row.tokens), row.row_id))


def _place(chapter: str) -> tuple[str, int]:
    """Book and number of a chapter."""
    book, _, number = chapter.rpartition("/")
    return book, int(number)
