"""The real program at a terminal of its own: from a premise to an EPUB."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from novelcraft.tools.storage.lock import holder
from tests.cli.conftest import point_roles_at
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"
COMMAND = ["-m", "novelcraft", "tui"]


def room(folder: Path) -> pexpect.spawn[str]:
    environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    return pexpect.spawn(
        sys.executable,
        [*COMMAND, str(folder)],
        env=environment,
        dimensions=(40, 120),
        encoding="utf-8",
        timeout=60,
    )


async def wait_for(done: Callable[[], object], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.05)


async def test_from_a_premise_to_an_epub(
    serve: Callable[..., FakeServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_roles_at(serve(), monkeypatch)
    screen = room(tmp_path)
    screen.expect("No novel is here yet")
    screen.send("n")
    screen.expect("What happens")
    await asyncio.sleep(0.5)  # its first question gets the focus when it is drawn
    screen.send(PREMISE)
    screen.expect("letters")
    screen.send("\x13")  # Ctrl-S
    reader = threading.Thread(target=_drain, args=(screen,), daemon=True)
    reader.start()
    folder = tmp_path / "a-lighthouse-keeper-finds-that-the-sea"
    await wait_for(lambda: list(folder.glob("exports/*.epub")), 120)
    await wait_for(lambda: holder(folder) is None)
    screen.send("\x11")  # Ctrl-Q
    await wait_for(lambda: not screen.isalive())
    assert screen.exitstatus == 0


def _drain(screen: pexpect.spawn[str]) -> None:
    """Read what is drawn, so that the program never waits for its terminal."""
    try:
        while True:
            screen.read_nonblocking(4096, timeout=60)
    except (pexpect.EOF, pexpect.TIMEOUT, OSError, ValueError):
        return
