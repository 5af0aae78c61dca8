"""A worker process that dies: what a person is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import TrainingError
from novelcraft.finetune.evaluation.process import EvaluationProcess
from novelcraft.finetune.training.process import TrainingProcess


def stand_in(folder: Path, script: str) -> str:
    """A program that takes the interpreter's place."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return str(file)


async def death(process: TrainingProcess | EvaluationProcess) -> TrainingError:
    async with process as run:
        with pytest.raises(TrainingError) as caught:
            await anext(run.events())
    return caught.value


async def test_a_crash_shows_its_own_error(tmp_path: Path) -> None:
    crash = "echo 'Traceback (most recent call last):' >&2; echo 'KeyError: 7' >&2; exit 1"
    error = await death(TrainingProcess(tmp_path / "t.yaml", python=stand_in(tmp_path, crash)))
    assert error.message.startswith("The training process failed with code 1: KeyError: 7\n")
    assert "memory" not in f"{error.message} {error.fix}"


async def test_a_crash_without_a_word_says_so(tmp_path: Path) -> None:
    error = await death(TrainingProcess(tmp_path / "none.yaml", python="/bin/false"))
    assert "failed with code 1: it said nothing" in error.message


@pytest.mark.parametrize("end", ["kill -9 $$", "exit 137"])
async def test_a_killed_process_is_told_to_take_less_memory(tmp_path: Path, end: str) -> None:
    python = stand_in(tmp_path, end)
    error = await death(EvaluationProcess(tmp_path, tmp_path, python=python))
    assert "The evaluation was killed" in error.message
    assert "batch_size" in error.fix
    error = await death(TrainingProcess(tmp_path / "t.yaml", python=python))
    assert "max_length" in error.fix
