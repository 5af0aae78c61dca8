"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from tests.fakes.server import FakeServer

# How long an example takes depends on what else the machine does, and is no property of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    """Starts fake servers; takes the arguments of `FakeServer`, stops them at the test's end."""
    with ExitStack() as running:
        yield lambda **options: running.enter_context(FakeServer(**options))


@pytest.fixture
def fake_server(serve: Callable[..., FakeServer]) -> FakeServer:
    """A fake llama.cpp server with one model, `fake-model`, and 8,192 tokens of context."""
    return serve()
