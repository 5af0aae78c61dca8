"""Evaluations in tests, in this process."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelcraft.state.evaluation import EvalSettings, Evaluation
from novelcraft.state.train_events import TrainEvent

SHORT: dict[str, Any] = {
    "words": 200,
    "scene_tokens": 60,
    "trained_prompts": 3,
    "other_worlds": 2,
    "training_rows": 6,
    "probes": False,
}
"""Settings under which an evaluation takes a second."""


@dataclass(frozen=True)
class Trained:
    """A run in a test."""

    adapter: Path
    data: Path
    told: list[TrainEvent]


def evaluated(trained: Trained, **changed: Any) -> tuple[Evaluation, list[TrainEvent]]:
    """Evaluate an adapter."""
    from novelcraft.finetune.evaluation.evaluator import evaluate
    from novelcraft.finetune.evaluation.material import load_material

    told: list[TrainEvent] = []
    material = load_material(trained.adapter, trained.data)
    found = evaluate(material, EvalSettings(**SHORT | changed), told.append)
    return found, told


def copied(trained: Trained, folder: Path) -> Trained:
    """The same adapter without an evaluation, to do harm to."""
    shutil.copytree(trained.adapter, folder)
    (folder / "evaluation.json").unlink(missing_ok=True)
    return Trained(folder, trained.data, trained.told)
