"""A trained adapter and its evaluation, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.state.evaluation import Evaluation
from novelcraft.state.train_events import TrainEvent
from tests.finetune.evaluation.evaluated import Trained, evaluated


@pytest.fixture(scope="session")
def trained(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A short run, and what it told."""
    from tests.finetune.runs import rows, settings, train

    folder = rows(tmp_path_factory.mktemp("trained"))
    told = train(settings(folder, tiny_base, max_steps=12))
    return Trained(folder / "run" / "adapter", folder, told)


@pytest.fixture(scope="session")
def evaluation(trained: Trained) -> tuple[Evaluation, list[TrainEvent]]:
    """Its evaluation, and what that told."""
    return evaluated(trained)
