"""The trainer of a run, by what it learns from."""

from __future__ import annotations

from novelcraft.finetune.data.load import RunData
from novelcraft.finetune.data.preferences import LabelData, PairData
from novelcraft.finetune.training.arguments import Parts
from novelcraft.finetune.training.dpo_trainer import make_pair_trainer
from novelcraft.finetune.training.kto_trainer import make_label_trainer
from novelcraft.finetune.training.trainer import make_row_trainer
from novelcraft.finetune.training.tuning import Tuning


def make_trainer(parts: Parts, data: RunData) -> Tuning:
    """A trainer for that data."""
    match data:
        case PairData():
            return make_pair_trainer(parts, data)
        case LabelData():
            return make_label_trainer(parts, data)
        case _:
            return make_row_trainer(parts, data)
