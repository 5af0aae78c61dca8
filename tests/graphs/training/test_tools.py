"""What the nodes have done for them, as far as it starts no process."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.graphs.training.tools import evaluation_settings, why_not_evaluated
from novelcraft.state.evaluation import EvalSettings
from tests.finetune.cards import evaluation, keep, trained
from tests.finetune.rows import config, row, write_rows

SETTINGS = EvalSettings()


@pytest.mark.parametrize(("probes", "runs"), [("auto", False), ("always", True), ("never", False)])
def test_probes_are_left_out_on_a_processor(tmp_path: Path, probes: str, runs: bool) -> None:
    given = config(tmp_path, device="cpu", evaluation_probes=probes, evaluation_words=700, seed=5)
    found = evaluation_settings(given)
    assert (found.probes, found.words, found.seed) == (runs, 700, 5)


def rows(folder: Path, held: int, **given: object) -> TrainConfig:
    validation = [row(100 + k).model_copy(update={"tokens": 10 * (k + 1)}) for k in range(held)]
    return config(write_rows(folder / "data", [row(1)], validation), **given)


def test_too_few_validation_rows_are_a_reason(tmp_path: Path) -> None:
    said = why_not_evaluated(tmp_path, rows(tmp_path, 1), SETTINGS)
    assert "has 1 rows, and an evaluation needs 2" in said
    assert why_not_evaluated(tmp_path, rows(tmp_path, 2), SETTINGS) == ""


def test_rows_that_are_left_out_for_their_length_do_not_count(tmp_path: Path) -> None:
    kept = rows(tmp_path, 2, max_length=15)
    assert why_not_evaluated(tmp_path, kept, SETTINGS) == ""
    dropped = rows(tmp_path, 2, max_length=15, over_long="drop")
    assert "has 1 rows" in why_not_evaluated(tmp_path, dropped, SETTINGS)


def test_a_damaged_evaluation_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("{", encoding="utf-8")
    assert why_not_evaluated(tmp_path, rows(tmp_path, 2), SETTINGS) == ""


@pytest.mark.parametrize(
    ("words", "probes", "again"),
    [(700, False, False), (600, False, False), (701, False, True), (700, True, True)],
)
def test_an_adapter_is_evaluated_again_where_a_run_asks_for_more(
    tmp_path: Path, words: int, probes: bool, again: bool
) -> None:
    adapter = trained(tmp_path)
    keep(adapter, evaluation(adapter, settings=EvalSettings(words=700, probes=False)))
    # What the settings of the run say is of no account: the evaluation would not go by them.
    run = config(tmp_path / "data", evaluation_words=600, evaluation_probes="never")
    said = why_not_evaluated(adapter, run, EvalSettings(words=words, probes=probes))
    assert ("evaluated already" in said) is not again
