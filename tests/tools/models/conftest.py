"""Fixtures around the real embedded engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.tools.models.embedded.engine import Engine, EngineSpec
from novelcraft.tools.models.embedded.library import ModelLibrary


@pytest.fixture(scope="session")
def weights() -> Path:
    """The embedded model, fetched when this machine does not have it yet."""
    return ModelLibrary().ensure("smollm2-135m").path


@pytest.fixture
def engine(weights: Path) -> Iterator[Engine]:
    """An engine that is not started, and ended with the test."""
    engine = Engine(EngineSpec.of("smollm2-135m", weights))
    yield engine
    engine.stop()
