"""Fixtures that every part of the suite may use."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from tests import postgres
from tests.fakes.server import FakeServer

# How long an example takes depends on what else the machine does, and is no property of the code.
settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    """Starts fake servers; takes the arguments of `FakeServer`, stops them at the test's end."""
    with ExitStack() as running:
        yield lambda **options: running.enter_context(FakeServer(**options))


@pytest.fixture
def fake_server(serve: Callable[..., FakeServer]) -> FakeServer:
    """A fake llama.cpp server with one model, `fake-model`, and 8,192 tokens of context."""
    return serve()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for little, where the machine lets us make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if not made or made.returncode:
        pytest.skip("this machine does not let the tests mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="the PostgreSQL driver comes with the extra `batch`")
    binaries = postgres.server_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed here")
    with postgres.running(binaries) as url:
        yield url


@pytest.fixture
def database(postgres_url: str) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.new_database(postgres_url, f"batch_{uuid4().hex}")
