"""TRL's trainer for pairs (DPO), with its data, reference and validation in our hands.

The reference is the adapter as the run begins with it, or the bare base under a new one: its
log-probabilities are computed once, before the first step, so that neither a second adapter nor a
second pass through the model is needed while training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from trl import DPOConfig, DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from novelcraft.finetune.data.preferences import PairData, PairRow
from novelcraft.finetune.data.rows import prompt_of
from novelcraft.finetune.training.arguments import Parts
from novelcraft.finetune.training.batches import ROWS
from novelcraft.finetune.training.losses import chapter_losses, mean_loss, perplexity
from novelcraft.finetune.training.preference_losses import Scored, ScoredPair, pair_loss
from novelcraft.finetune.training.tuning import Tuning, Validation

_COPY = "ref"
"""The name of the copy that TRL makes of an adapter, to compute a reference with."""


class PairTrainer(Tuning, DPOTrainer):
    """Trains an adapter on pairs."""

    train_dataset: Any

    def __init__(self, *, pairs: Sequence[PairRow], held: Sequence[PairRow], **given: Any) -> None:
        super().__init__(**given)
        if _COPY in self.model.peft_config:
            # The reference is computed before training, and needs no second adapter.
            self.model.delete_adapter(_COPY)
        self._pairs = pairs
        self._held = sorted(held, key=lambda pair: (pair.longest, pair.name))
        self._held_reference: list[tuple[float, float]] = []

    def settle(self) -> None:
        """Compute the reference's log-probabilities of all pairs."""
        found = self._log_probs_of(self._pairs)
        data = self.train_dataset.add_column("ref_chosen_logps", [one for one, _ in found])
        self.train_dataset = data.add_column("ref_rejected_logps", [two for _, two in found])
        self._held_reference = self._log_probs_of(self._held)
        self.precompute_ref_logps = True

    def validation(self) -> Validation:
        """The loss on held-out pairs, and how likely their better scenes are."""
        chosen = [pair.chosen for pair in self._held]
        sums = self.losses(chosen)
        others = self.losses([pair.rejected for pair in self._held])
        scored = [
            ScoredPair(Scored(-loss, before), Scored(-other, other_before), tokens)
            for (loss, tokens), (other, _), (before, other_before) in zip(
                sums, others, self._held_reference, strict=True
            )
        ]
        config = self._config
        loss, score = pair_loss(scored, beta=config.beta, sft_weight=config.sft_weight)
        chapters = chapter_losses(chosen, sums)
        return Validation(loss, perplexity(mean_loss(sums)), chapters, score)

    def _prepare_dataset(self, dataset: Dataset, *_: Any, **__: Any) -> Dataset:
        return dataset

    def _log_probs_of(self, pairs: Sequence[PairRow]) -> list[tuple[float, float]]:
        chosen = self.losses([pair.chosen for pair in pairs])
        rejected = self.losses([pair.rejected for pair in pairs])
        return [(-one, -two) for (one, _), (two, _) in zip(chosen, rejected, strict=True)]


def make_pair_trainer(parts: Parts, data: PairData) -> PairTrainer:
    """The trainer of a run on pairs."""
    config = parts.config
    losses, weights = ["sigmoid"], [1.0]
    if config.sft_weight:
        losses, weights = ["sigmoid", "sft"], [1.0, config.sft_weight]
    return PairTrainer(
        args=DPOConfig(
            **parts.arguments(len(data.train)),
            beta=config.beta,
            loss_type=losses,
            loss_weights=weights,
        ),
        train_dataset=_dataset(data.train),
        data_collator=PairCollator(parts.tokenizer.pad_token_id),
        pairs=data.train,
        held=data.validation,
        **parts.given(
            [pair.name for pair in data.train],
            [len(pair.chosen.tokens) + len(pair.rejected.tokens) for pair in data.train],
        ),
    )


class PairCollator(DataCollatorForPreference):
    """TRL's, which also tells which pairs a batch holds."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """A batch of the data set's records."""
        batch: dict[str, Any] = super().torch_call(examples)
        batch[ROWS] = torch.tensor([one[ROWS] for one in examples])
        return batch


def _dataset(pairs: Sequence[PairRow]) -> Dataset:
    prompts = [prompt_of(pair.chosen) for pair in pairs]
    sizes = [len(prompt) for prompt in prompts]
    return Dataset.from_dict(
        {
            "prompt_ids": [list(prompt) for prompt in prompts],
            "chosen_ids": [
                list(pair.chosen.tokens[n:]) for pair, n in zip(pairs, sizes, strict=True)
            ],
            "rejected_ids": [
                list(pair.rejected.tokens[n:]) for pair, n in zip(pairs, sizes, strict=True)
            ],
            ROWS: list(range(len(pairs))),
        }
    )
