"""What is told of preferences before they are trained on. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.finetune.data.preference_folder import Folder
from novelcraft.finetune.data.rows import listed
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer


def run_notices(
    folder: Folder,
    config: TrainConfig,
    base: BaseTokenizer,
    train: Sequence[object],
    held: Sequence[object],
) -> list[str]:
    """What a person should know of a run on preferences."""
    told = []
    if not config.start_adapter:
        told.append(
            "There is no start_adapter: preferences are learnt by a bare base, which has not "
            "learnt from rows."
        )
    if base.template is None:
        told.append(f"{config.base_model} brings no chat template: ChatML is taken.")
    if not held:
        told.append("No pair is held out: no early stopping, and no best checkpoint.")
    if len(train) < config.rows_per_step:
        told.append(
            f"{len(train)} are fewer than the {config.rows_per_step} of a step: each pass is a "
            "single step."
        )
    if not folder.has_rows:
        told.append(
            "There are no rows beside these pairs: to evaluate the adapter, give the data folder "
            "that the narrator was trained on."
        )
    return told


def stranger_notices(strangers: Sequence[str]) -> list[str]:
    """That the gate will not know the books' scenes that stand in no row, if there are any."""
    if not strangers:
        return []
    return [
        f"{len(strangers)} scenes of books stand in no row that the narrator was trained on: "
        f"{listed(strangers)}. Nothing is compared with those, so the gate will call the adapter "
        "not evaluated. Collect pairs from the rows that it is evaluated on."
    ]


def balance_notices(config: TrainConfig, good: int, bad: int) -> list[str]:
    """What the method's authors ask of its weights: one to 1.33 times as much for the good."""
    ratio = (config.desirable_weight * good) / (config.undesirable_weight * bad)
    if 0.75 <= ratio <= 1.34:
        return []
    return [
        f"There are {good} good and {bad} bad scenes: together the good ones weigh {ratio:.2f} "
        f"times as much. desirable_weight: {config.undesirable_weight * bad / good:.2g} would "
        "make them even."
    ]
