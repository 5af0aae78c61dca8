"""Evaluations in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from novelcraft.finetune.adapters.evaluation_file import read_evaluation
from novelcraft.finetune.evaluation.process import EvaluationProcess
from novelcraft.state.evaluation import EvalSettings
from novelcraft.state.train_events import (
    EvalFinished,
    EvalProgress,
    EvalStarted,
    TrainEvent,
    TrainFailed,
)
from tests.finetune.evaluation.evaluated import SHORT, Trained, copied
from tests.finetune.marks import TRAINS
from tests.finetune.rows import row, write_rows
from tests.finetune.runs import read

pytestmark = TRAINS

LONG = EvalSettings(words=100_000, scene_tokens=60, probes=False)
"""Settings under which writing takes for ever."""


def start(
    trained: Trained, settings: EvalSettings, data: Path | None = None
) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "novelcraft.finetune.evaluation.worker",
        str(trained.adapter),
        "--data",
        str(data or trained.data),
        "--settings",
        settings.model_dump_json(),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


async def test_an_evaluation_is_read_from_outside(trained: Trained, tmp_path: Path) -> None:
    mine = copied(trained, tmp_path / "adapter")
    async with EvaluationProcess(mine.adapter, mine.data, EvalSettings(**SHORT)) as run:
        told = [event async for event in run.events()]
    assert isinstance(told[0], EvalStarted)
    assert isinstance(told[-1], EvalFinished)
    found = read_evaluation(mine.adapter)
    assert found is not None
    assert found.perplexity.tuned == told[-1].perplexity_tuned
    assert found.settings == EvalSettings(**SHORT)


async def test_a_cancelled_evaluation_says_so_and_leaves_nothing(
    trained: Trained, tmp_path: Path
) -> None:
    mine = copied(trained, tmp_path / "adapter")
    before = {path.name for path in mine.adapter.iterdir()}
    told: list[TrainEvent] = []
    async with EvaluationProcess(mine.adapter, mine.data, LONG) as run:
        async for event in run.events():
            told.append(event)
            if isinstance(event, EvalProgress) and event.part == "writing":
                run.cancel()
    assert isinstance(told[-1], TrainFailed)
    assert (told[-1].exit_code, told[-1].error) == (130, "The evaluation was stopped.")
    assert {path.name for path in mine.adapter.iterdir()} == before


def test_a_kill_leaves_the_evaluation_before(trained: Trained, tmp_path: Path) -> None:
    mine = copied(trained, tmp_path / "adapter")
    file = mine.adapter / "evaluation.json"
    file.write_text("as it was", encoding="utf-8")
    before = {path.name for path in mine.adapter.iterdir()}
    with start(mine, LONG) as run:
        assert run.stdout is not None
        for line in run.stdout:
            event = read(line)
            if isinstance(event, EvalProgress) and event.part == "writing":
                run.kill()
    assert file.read_text(encoding="utf-8") == "as it was"
    assert {path.name for path in mine.adapter.iterdir()} == before


def test_other_rows_are_refused_with_an_event(trained: Trained, tmp_path: Path) -> None:
    other = write_rows(tmp_path, [row(k) for k in range(9)], [row(100), row(101)])
    with start(trained, LONG, other) as run:
        assert run.stdout is not None
        told = [read(line) for line in run.stdout]
    assert run.returncode == 62
    assert len(told) == 1
    assert isinstance(told[0], TrainFailed)
    assert "are not those that" in told[0].error


def test_settings_that_cannot_be_are_named(trained: Trained) -> None:
    command = ["-m", "novelcraft.finetune.evaluation.worker", str(trained.adapter), "--data", "x"]
    done = subprocess.run(
        [sys.executable, *command, "--settings", json.dumps({"words": 3})],
        capture_output=True,
        text=True,
        check=False,
    )
    failed = read(done.stdout)
    assert isinstance(failed, TrainFailed)
    assert done.returncode == failed.exit_code == 11
    assert "words" in failed.error
