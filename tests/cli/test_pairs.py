"""`novelcraft pairs`, and `novelcraft train` on what it collected."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.test_train import data
from tests.fakes.server import FakeServer

__all__ = ["data"]

Served = Callable[..., FakeServer]


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_pairs_of_a_novel_with_a_redraw(run: Run, here: Path, served: Served) -> None:
    served()
    assert run("write", "A keeper of a light.", "--out", "n", "--pages", "2", "-q").code == 0
    nothing = run("pairs", "n", "--out", "p")
    assert nothing.code == 69
    assert "nobody rejected a scene" in nothing.err
    assert run("redraw", "n", "1", "--note", "More rain.", "-q").code == 0
    told = run("pairs", "n", "--out", "p")
    assert told.code == 0, told.err
    assert "1 pair; 0 of them" in told.out
    assert "(by you): 1\n" in told.out
    assert told.out.splitlines()[-1] == "p"
    (pair,) = lines(here / "p/pairs.jsonl")
    assert pair["chosen"] != pair["rejected"]


def test_pairs_of_a_data_folder_are_planned_and_shown(
    run: Run, data: Path, here: Path, served: Served
) -> None:
    served()
    told = run("pairs", "--data", "data", "-q")
    assert told.code == 0, told.err
    assert "a human's scene against the narrator's" in told.out
    assert told.out.splitlines()[-1] == "data/pairs"
    pairs = lines(here / "data/pairs/pairs.jsonl")
    trained = [pair for pair in pairs if not pair["held_out"]]
    assert 8 <= len(trained) < len(pairs)
    settings = {"base_model": "base", "data": "data", "output": "out", "method": "dpo"}
    (here / "run.yaml").write_text(json.dumps(settings), encoding="utf-8")
    shown = run("train", "run.yaml", "--preview")
    assert shown.code == 0, shown.err
    assert f"── {trained[0]['pair_id']}: " in shown.out
    assert "learnt ──" in shown.out
    assert "to be avoided ──" in shown.out
    planned = run("train", "run.yaml", "--plan", "--gpu", "RTX 4090")
    assert planned.code == 0, planned.err
    assert f"{len(trained)}\n" in planned.out.partition("  rows")[2]
    assert "both scenes of a pair are computed together" in planned.out


def test_what_cannot_be_collected_is_said(run: Run, here: Path) -> None:
    assert run("pairs").code == 10
    assert "--count has a meaning only with --data" in run("pairs", "n", "--count", "3").err
    assert run("pairs", "nowhere").code == 21
    told = run("pairs", "--data", "nowhere")
    assert (told.code, "has no training rows" in told.err) == (69, True)
    (here / "adapter").mkdir()
    (here / "adapter/evaluation.json").write_text("{}", encoding="utf-8")
    told = run("pairs", "adapter")
    assert (told.code, "answer held-out briefs" in told.err) == (10, True)
