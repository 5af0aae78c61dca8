"""A base model for the tests that train, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pretrained Llama."""
    from tests.finetune.tiny import make_base

    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def tiny_adapter(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that was trained on it, with all its linear layers."""
    from tests.finetune.runs import rows, settings, train

    folder = rows(tmp_path_factory.mktemp("adapter"))
    train(settings(folder, tiny_base, max_steps=12, use_rslora=True))
    return folder / "run" / "adapter"
