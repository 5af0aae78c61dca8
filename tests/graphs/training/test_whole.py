"""The real program from a book to a registered adapter, with a small base on a processor."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.finetune.marks import TRAINS
from tests.graphs.training.whole import place, start

pytestmark = TRAINS


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.finetune.tiny import make_base

    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def calm(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run that nothing disturbs: its place, and what it printed."""
    folder = place(tmp_path_factory.mktemp("calm"), base)
    out, told = finished(start(folder))
    headlines = ("24 rows from 1 book", "plan on", "training is done", "evaluated:", "registered")
    places = [told.find(headline) for headline in headlines]
    assert places == sorted(places), told
    assert places[0] > 0, told
    return folder, out.splitlines()


def finished(run: subprocess.Popen[str]) -> tuple[str, str]:
    out, told = run.communicate()
    assert run.returncode == 0, told
    return out, told


def killed_at(run: subprocess.Popen[str], words: str) -> None:
    assert run.stderr is not None
    told = ""
    for line in run.stderr:
        told += line
        if words in line:
            run.kill()
    run.communicate()
    assert run.returncode == -signal.SIGKILL, told


def written(folder: Path, name: str) -> dict[str, Any]:
    """A file of the adapter, without what depends on the clock."""
    read: dict[str, Any] = json.loads((folder / "run/adapter" / name).read_text(encoding="utf-8"))
    return {key: value for key, value in read.items() if key not in ("created", "seconds")}


def test_the_whole_pipeline(calm: tuple[Path, list[str]]) -> None:
    folder, out = calm
    assert out[1:] == [
        "run/adapter",
        "It passed the gate: it does not recite its training books.",
        "run/adapter/report.html",
    ]
    card = written(folder, "card.json")
    assert (card["name"], card["books"], card["step"]) == ("run", ["night"], 12)
    assert card["books_licence"] == "Written for these tests."
    assert card["gate"]["verdict"] == "passed"
    assert card["perplexity_tuned"] < card["perplexity_base"]
    assert (folder / "run/adapter/report.html").is_file()


def test_a_killed_pipeline_ends_with_the_same_card(
    calm: tuple[Path, list[str]], base: Path, tmp_path: Path
) -> None:
    folder = place(tmp_path / "killed", base)
    killed_at(start(folder), "saved run/checkpoints/step-000006")
    killed_at(start(folder, "--resume"), "evaluating beside")
    assert not (folder / "run/adapter/card.json").exists()
    finished(start(folder, "--resume"))
    for name in ("card.json", "evaluation.json"):
        assert written(folder, name) == written(calm[0], name)


def test_a_pipeline_that_is_done_is_not_run_again(calm: tuple[Path, list[str]]) -> None:
    folder, out = calm
    card = written(folder, "card.json")
    evaluation = (folder / "run/adapter/evaluation.json").read_bytes()
    again, told = finished(start(folder, "--resume"))
    assert "It had come to its end before, and nothing was trained." in told
    assert "The adapter has been evaluated already." in told
    assert again.splitlines() == out
    assert written(folder, "card.json") == card
    assert (folder / "run/adapter/evaluation.json").read_bytes() == evaluation


def test_ctrl_c_saves_and_says_how_to_go_on(base: Path, tmp_path: Path) -> None:
    folder = place(tmp_path, base, max_steps=400, evaluate=False)
    run = start(folder)
    assert run.stderr is not None
    told = ""
    for line in run.stderr:
        told += line
        if "saved run/checkpoints/step-000003" in line:
            run.send_signal(signal.SIGINT)
    run.communicate()
    assert run.returncode == 130, told
    assert told.rstrip().endswith(
        "Go on with: novelcraft train run.yaml --resume --books night.md"
    ), told
    assert "Stopped by you after" in told
    assert "Traceback" not in told
