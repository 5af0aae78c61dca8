"""Threads are chosen by the clock. The clock here is one of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.finetune.marks import TRAINS
from tests.finetune.runs import read, rows, settings, written

pytestmark = TRAINS


class Machine:
    """A processor on which work takes so long with so many threads."""

    def __init__(self, seconds: dict[int, float]) -> None:
        self.seconds, self.threads, self.now = seconds, max(seconds), 0.0

    def set(self, count: int) -> None:
        self.threads = count

    def work(self) -> None:
        self.now += self.seconds[self.threads]

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 8.0}, 1),
        ({1: 8.0, 2: 4.2, 4: 2.4, 6: 1.9}, 6),
        # On a busy machine more threads wait for each other.
        ({1: 1.0, 2: 5.0}, 1),
        ({1: 8.0, 2: 4.0, 4: 3.9, 8: 9.0}, 2),
    ],
)
def test_the_fastest_number_is_taken(seconds: dict[int, float], best: int) -> None:
    from novelcraft.finetune.training.threads import fastest_threads

    here = Machine(seconds)
    found = fastest_threads(here.work, max(seconds), set_threads=here.set, clock=here.clock)
    assert found == best == here.threads


def run(file: Path, *options: str, **environment: str) -> list[str]:
    """The notices of a run in a process of its own."""
    given = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-m", "novelcraft.finetune.training.worker", str(file), *options],
        capture_output=True,
        text=True,
        check=True,
        env={**given, **environment},
    )
    events = [read(line) for line in done.stdout.splitlines()]
    return [event.text for event in events if event.kind == "train_notice"]


def test_a_run_goes_on_with_the_number_that_it_began_with(tiny_base: Path, tmp_path: Path) -> None:
    config = settings(rows(tmp_path), tiny_base, max_steps=2, eval_steps=2, save_steps=1)
    file = written(tmp_path, config)
    assert any(text.startswith("Training with ") for text in run(file))
    started = tmp_path / "run/run.json"
    about = json.loads(started.read_text(encoding="utf-8"))
    assert about["threads"] >= 1
    training = json.loads((tmp_path / "run/adapter/training.json").read_text(encoding="utf-8"))
    assert training["threads"] == about["threads"]
    # It is not measured again: 77 is more than any machine of tests has.
    started.write_text(json.dumps({**about, "threads": 77}), encoding="utf-8")
    last = max((tmp_path / "run/checkpoints").iterdir())
    for path in sorted(last.rglob("*"), reverse=True):
        path.unlink()
    last.rmdir()
    assert any(text.startswith("Training with 77 of ") for text in run(file, "--resume"))


def test_a_number_that_a_person_has_set_stays(tiny_base: Path, tmp_path: Path) -> None:
    config = settings(rows(tmp_path), tiny_base, max_steps=1)
    notices = run(written(tmp_path, config), OMP_NUM_THREADS="1")
    assert not any(text.startswith("Training with ") for text in notices)
