"""Whether a run is over, by what its last checkpoint says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import CheckpointError
from novelcraft.finetune.training.ending import Ending, find_ending
from tests.finetune.rows import config


def checkpoint(folder: Path, step: int, best: int | None, *validated: int) -> Path:
    state: dict[str, Any] = {
        "global_step": step,
        "max_steps": 20,
        "best_global_step": best,
        "log_history": [
            *({"step": k, "loss": 2.0} for k in range(1, step + 1)),
            *({"step": k, "eval_loss": 2.0} for k in validated),
        ],
    }
    (folder / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("step", "best", "validated", "ending"),
    [
        (20, 16, (4, 8, 12, 16, 20), Ending("finished", 20, 16)),
        (20, None, (), Ending("finished", 20, 0)),
        (12, 4, (4, 8, 12), Ending("early", 12, 4)),
        (8, 4, (4, 8), None),
        (12, 8, (4, 8, 12), None),
        # Nothing was validated at this step.
        (12, 4, (4, 8), None),
        (13, 4, (4, 8), None),
        (12, None, (), None),
    ],
)
def test_an_end_is_known(
    tmp_path: Path, step: int, best: int | None, validated: tuple[int, ...], ending: Ending | None
) -> None:
    settings = config(tmp_path, eval_steps=4, early_stopping_patience=2)
    assert find_ending(checkpoint(tmp_path, step, best, *validated), settings) == ending


def test_nothing_ends_early_where_that_is_not_wanted(tmp_path: Path) -> None:
    settings = config(tmp_path, eval_steps=4, early_stopping_patience=2, early_stopping=False)
    assert find_ending(checkpoint(tmp_path, 12, 4, 4, 8, 12), settings) is None


@pytest.mark.parametrize("text", ["", "[]", '{"global_step": 3}'])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "trainer_state.json").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"trainer_state\.json cannot be read"):
        find_ending(tmp_path, config(tmp_path))
