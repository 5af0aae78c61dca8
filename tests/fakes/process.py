"""The fake as a process of its own, for tests that kill the program and for benchmarks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def fake_process(*arguments: str) -> Iterator[str]:
    """Run `python -m tests.fakes.server` with these arguments; gives its base URL."""
    command = [sys.executable, "-m", "tests.fakes.server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            base_url = server.stdout.readline().strip()
            assert base_url, "the fake server did not start; its message is above"
            yield base_url
        finally:
            server.terminate()
