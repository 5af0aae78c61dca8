"""What the nodes have done for them, as far as it starts no process."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.finetune.config import TrainConfig
from novelcraft.graphs.training.tools import evaluation_settings, why_not_evaluated
from tests.finetune.rows import config, row, write_rows


@pytest.mark.parametrize(("probes", "runs"), [("auto", False), ("always", True), ("never", False)])
def test_probes_are_left_out_on_a_processor(tmp_path: Path, probes: str, runs: bool) -> None:
    given = config(tmp_path, device="cpu", evaluation_probes=probes, evaluation_words=700, seed=5)
    found = evaluation_settings(given)
    assert (found.probes, found.words, found.seed) == (runs, 700, 5)


def rows(folder: Path, held: int, **given: object) -> TrainConfig:
    validation = [row(100 + k).model_copy(update={"tokens": 10 * (k + 1)}) for k in range(held)]
    return config(write_rows(folder / "data", [row(1)], validation), **given)


def test_too_few_validation_rows_are_a_reason(tmp_path: Path) -> None:
    assert "has 1 rows, and an evaluation needs 2" in why_not_evaluated(tmp_path, rows(tmp_path, 1))
    assert why_not_evaluated(tmp_path, rows(tmp_path, 2)) == ""


def test_rows_that_are_left_out_for_their_length_do_not_count(tmp_path: Path) -> None:
    assert why_not_evaluated(tmp_path, rows(tmp_path, 2, max_length=15)) == ""
    reason = why_not_evaluated(tmp_path, rows(tmp_path, 2, max_length=15, over_long="drop"))
    assert "has 1 rows" in reason


def test_a_damaged_evaluation_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("{", encoding="utf-8")
    assert why_not_evaluated(tmp_path, rows(tmp_path, 2)) == ""
