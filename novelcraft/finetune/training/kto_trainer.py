"""TRL's trainer for judged scenes (KTO), with its data, reference and validation in our hands.

How far the narrator has moved altogether is measured on scenes after prompts that are not theirs.
TRL mixes those within a batch, where a scene that is alone in one is its own; we take the scene
before in the order of training, of whatever batch.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from trl import KTOConfig, KTOTrainer
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from novelcraft.finetune.data.preferences import LabelData, LabelRow
from novelcraft.finetune.data.rows import TrainRow, prompt_of
from novelcraft.finetune.training.arguments import Parts
from novelcraft.finetune.training.batches import ROWS
from novelcraft.finetune.training.losses import chapter_losses, mean_loss, perplexity
from novelcraft.finetune.training.preference_losses import Scored, ScoredLabel, label_loss
from novelcraft.finetune.training.reference import drop_copy, mismatched
from novelcraft.finetune.training.tuning import Tuning, Validation


class LabelTrainer(Tuning, KTOTrainer):
    """Trains an adapter on judged scenes."""

    train_dataset: Any

    def __init__(
        self,
        *,
        labels: Sequence[LabelRow],
        others: Sequence[TrainRow],
        held: Sequence[LabelRow],
        **given: Any,
    ) -> None:
        super().__init__(**given)
        drop_copy(self.model)
        self._labels = labels
        self._others = others
        self._held = sorted(held, key=lambda label: (label.longest, label.name))
        self._held_others: Sequence[TrainRow] = ()
        self._held_reference: list[float] = []
        self._held_others_reference: list[float] = []
        if held:
            # Validation may have a single prompt: the scenes of training stand in.
            rows = [label.row for label in (*self._held, *labels)]
            self._held_others = mismatched(rows, self._config.max_length)[: len(held)]

    def settle(self) -> None:
        """Compute the reference's log-probabilities of all scenes."""
        own = self._log_probs_of([label.row for label in self._labels])
        data = self.train_dataset.add_column("ref_logps", own)
        self.train_dataset = data.add_column("ref_KL_logps", self._log_probs_of(self._others))
        self._held_reference = self._log_probs_of([label.row for label in self._held])
        self._held_others_reference = self._log_probs_of(self._held_others)
        self.precompute_ref_logps = True

    def validation(self) -> Validation:
        """The loss on held-out scenes, and how likely the good ones are."""
        rows = [label.row for label in self._held]
        sums = self.losses(rows)
        scored = [
            ScoredLabel(Scored(-loss, before), label.desirable)
            for label, (loss, _), before in zip(self._held, sums, self._held_reference, strict=True)
        ]
        now = self._log_probs_of(self._held_others)
        moved = [Scored(*two) for two in zip(now, self._held_others_reference, strict=True)]
        config = self._config
        loss, score = label_loss(
            scored,
            moved,
            beta=config.beta,
            desirable_weight=config.desirable_weight,
            undesirable_weight=config.undesirable_weight,
        )
        good = [
            (label.row, one) for label, one in zip(self._held, sums, strict=True) if label.desirable
        ]
        shown = good or list(zip(rows, sums, strict=True))
        chapters = chapter_losses([row for row, _ in shown], [one for _, one in shown])
        return Validation(loss, perplexity(mean_loss(one for _, one in shown)), chapters, score)

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset

    def _log_probs_of(self, rows: Sequence[TrainRow]) -> list[float]:
        return [-loss for loss, _ in self.losses(rows)]


def make_label_trainer(parts: Parts, data: LabelData) -> LabelTrainer:
    """The trainer of a run on judged scenes."""
    config = parts.config
    labels = list(data.train)
    # TRL takes them in the order of the data set, the same in every pass.
    random.Random(config.seed).shuffle(labels)
    others = mismatched([label.row for label in labels], config.max_length)
    return LabelTrainer(
        args=KTOConfig(
            **parts.arguments(len(labels)),
            beta=config.beta,
            desirable_weight=config.desirable_weight,
            undesirable_weight=config.undesirable_weight,
        ),
        train_dataset=_dataset(labels, others),
        data_collator=LabelCollator(parts.tokenizer.pad_token_id),
        labels=labels,
        others=others,
        held=data.validation,
        **parts.given([label.name for label in labels], [label.longest for label in labels]),
    )


class LabelCollator(DataCollatorForUnpairedPreference):
    """TRL's, which also tells which scenes a batch holds."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """A batch of the data set's records."""
        batch: dict[str, Any] = super().torch_call(examples)
        batch[ROWS] = torch.tensor([one[ROWS] for one in examples])
        return batch


def _dataset(labels: Sequence[LabelRow], others: Sequence[TrainRow]) -> Dataset:
    prompts = [prompt_of(label.row) for label in labels]
    sizes = [len(prompt) for prompt in prompts]
    scenes = [label.row.tokens[n:] for label, n in zip(labels, sizes, strict=True)]
    elsewhere = [other.tokens[n:] for other, n in zip(others, sizes, strict=True)]
    return Dataset.from_dict(
        {
            "prompt_ids": [list(prompt) for prompt in prompts],
            "completion_ids": [list(scene) for scene in scenes],
            "KL_completion_ids": [list(scene) for scene in elsewhere],
            "label": [label.desirable for label in labels],
            ROWS: list(range(len(labels))),
        }
    )
