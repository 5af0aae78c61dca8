"""Data sets of short pairs: the better scene keeps to one manner, the other to none."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.load import train_config
from novelcraft.prompts.loader import load_template
from novelcraft.prompts.narrator import TEMPLATE
from novelcraft.state.calls import Message
from novelcraft.state.preferences import PreferencePair
from novelcraft.tools.pairs.files import write_preferences
from tests.finetune.rows import DID, WHEN, WHO, story


def muddle(number: int, sentences: int = 4) -> str:
    """Phrases of the same words in no order."""
    lot = random.Random(number)
    phrases = [lot.choice((*WHO, *DID, *WHEN)) for _ in range(3 * sentences)]
    return f"{' '.join(phrases)}."


def prompt(number: int) -> tuple[Message, ...]:
    return (
        Message(role="system", content="You write a novel."),
        Message(role="user", content=f"Write scene {number} of the book."),
    )


def pair(number: int, **given: Any) -> PreferencePair:
    values: dict[str, Any] = {
        "pair_id": f"b/s{number:03}",
        "source": "person",
        "work": "b",
        "group": f"b/{number // 4}",
        "scene": f"s{number}",
        "held_out": number >= 100,
        "messages": prompt(number),
        "template_hash": load_template(TEMPLATE).hash,
        "chosen": story(number, 4),
        "rejected": muddle(number),
        "chosen_by": "person",
        "rejected_by": "fake",
    }
    return PreferencePair(**values | given)


def write(folder: Path, pairs: Sequence[PreferencePair]) -> Path:
    write_preferences(folder / "pairs", pairs, think="empty")
    return folder


def data(folder: Path, train: int = 24, held: int = 8) -> Path:
    """Pairs to train on and pairs held out, of other prompts."""
    return write(folder, [pair(k) for k in (*range(train), *range(100, 100 + held))])


def settings(folder: Path, base: Path, **given: Any) -> TrainConfig:
    """Settings of a short run on the pairs of `folder`."""
    values: dict[str, Any] = {
        "base_model": str(base),
        "data": str(folder),
        "output": str(folder / "run"),
        "method": "dpo",
        "max_length": 512,
        "lora_r": 16,
        "lora_alpha": 32.0,
        "learning_rate": 2e-3,
        "per_device_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "max_steps": 18,
        "eval_steps": 6,
        "save_steps": 6,
        "sample_steps": 0,
        "early_stopping": False,
    }
    return train_config(values | given)


def near_miss(number: int) -> PreferencePair:
    """A pair whose other scene is the better one with its sentences in another order."""
    whole = story(number, 4).split(". ")
    other = ". ".join([*whole[2:], *whole[:2]]).replace("..", ".")
    return pair(number, rejected=other)
