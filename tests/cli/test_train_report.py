"""What is said at the end of `novelcraft train`."""

from __future__ import annotations

from dataclasses import replace

import pytest
import typer

from novelcraft.cli.common import to_be_continued
from novelcraft.cli.train_run import _report
from novelcraft.errors import CheckpointError, TrainingError
from novelcraft.finetune.settings.load import train_config
from novelcraft.graphs.training.pipeline import PipelineOutcome

CONFIG = train_config({"base_model": "owner/name", "data": "d", "output": "o"})
FAILED = PipelineOutcome(
    end="registered",
    adapter="o/adapter",
    step=9,
    best_step=6,
    verdict="failed",
    reasons=("It repeats 31 words.", "It names Ahab."),
    report="o/adapter/report.html",
    error="The adapter did not pass the gate.",
    fix="Train less.",
    exit_code=68,
)


def test_the_reasons_of_the_gate_stand_once_and_as_a_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit):
        _report(FAILED, CONFIG, "again")
    told = capsys.readouterr()
    assert "did not pass the gate.\n  - It repeats 31 words.\n  - It names Ahab.\n" in told.err
    assert f"{told.err}{told.out}".count("It repeats 31 words.") == 1
    unknown = replace(FAILED, verdict="not_evaluated", error="", fix="", exit_code=0)
    _report(unknown, CONFIG, "again")
    assert "nothing to go by.\n  - It repeats 31 words.\n" in capsys.readouterr().out


def test_a_refused_resume_is_not_told_to_resume() -> None:
    with pytest.raises(CheckpointError) as refused, to_be_continued("novelcraft train --resume"):
        raise CheckpointError("It was started otherwise.", fix="Start another.")
    assert refused.value.fix == "Start another."
    with pytest.raises(TrainingError) as broken, to_be_continued("novelcraft train --resume"):
        raise TrainingError("It broke.", fix="Mend it.")
    assert "novelcraft train --resume" in broken.value.fix
