"""TRL's trainer for rows, with its data and its validation in our hands.

What TRL is kept for: the loss is computed in tiles from the last hidden states, and the logits,
which would be the largest tensor of a run by far, never exist as a whole; and the loop knows
several accelerators. What it is not asked for: it tokenises, masks, cuts and packs nothing, since
it cuts off scenes without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from novelcraft.finetune.data.rows import TrainingData, TrainRow
from novelcraft.finetune.training.arguments import Parts
from novelcraft.finetune.training.batches import Collator, items, record
from novelcraft.finetune.training.losses import chapter_losses, mean_loss, perplexity
from novelcraft.finetune.training.tuning import Tuning, Validation


class NarratorTrainer(Tuning, SFTTrainer):
    """Trains an adapter on rows."""

    def __init__(self, *, validation: Sequence[TrainRow], **given: Any) -> None:
        super().__init__(**given)
        self._validation = sorted(validation, key=lambda row: (len(row.tokens), row.row_id))

    def validation(self) -> Validation:
        """The loss by chapter, all tokens weighing the same."""
        sums = self.losses(self._validation)
        loss = mean_loss(sums)
        return Validation(loss, perplexity(loss), chapter_losses(self._validation, sums))


def make_row_trainer(parts: Parts, data: TrainingData) -> NarratorTrainer:
    """The trainer of a run on rows."""
    config = parts.config
    made = items(data.train, packing=config.packing, room=config.max_length)
    records = [record(item) for item in made]
    columns = {key: [one[key] for one in records] for key in records[0]}
    return NarratorTrainer(
        args=SFTConfig(
            **parts.arguments(len(records)),
            dataset_kwargs={"skip_prepare_dataset": True},
            packing=False,
        ),
        train_dataset=Dataset.from_dict(columns),
        data_collator=Collator(parts.tokenizer.pad_token_id, config.packing),
        validation=data.validation,
        **parts.given([row.row_id for row in data.train], [len(row.tokens) for row in data.train]),
    )
