"""The real program at a terminal of its own: from a premise to an EPUB, and killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import holder
from tests.cli.conftest import point_roles_at
from tests.fakes import script as s
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


def chain_length(folder: Path) -> int:
    if not (folder / "novel.db").is_file():
        return 0
    with ManuscriptStore.open(folder / "novel.db") as store:
        heads = [branch.head for branch in store.branches() if branch.name == "main"]
        return len(store.commit_ids(heads[0])) if heads else 0


async def test_from_a_premise_to_an_epub(
    serve: Callable[..., FakeServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_roles_at(serve(), monkeypatch)
    screen = room(tmp_path)
    screen.expect("No novel is here yet")
    screen.send("n")
    screen.expect("What happens")
    await asyncio.sleep(2)  # its first question gets the focus when it is drawn
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


async def test_neither_the_rooms_death_nor_the_runs_loses_anything(
    serve: Callable[..., FakeServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, script = threading.Event(), s.Script()
    script.on(s.prose, s.hold(go_on, after=5), after=1, count=1)
    point_roles_at(serve(script=script), monkeypatch)
    folder = tmp_path / "novel"
    folder.mkdir()
    (folder / "novel.toml").write_text(f'[novel]\npremise = "{PREMISE}"\npages = 3\n')
    first = room(folder)
    first.expect("Press w to begin")
    first.send("w")
    threading.Thread(target=_drain, args=(first,), daemon=True).start()
    await wait_for(lambda: chain_length(folder) == 1)
    first.kill(signal.SIGKILL)
    first.wait()
    running = holder(folder)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    await wait_for(lambda: holder(folder) is None)
    go_on.set()
    assert chain_length(folder) == 1
    second = room(folder)
    second.expect("nobody is writing")
    second.send("w")
    threading.Thread(target=_drain, args=(second,), daemon=True).start()
    await wait_for(lambda: list(folder.glob("exports/*.epub")), 120)
    await wait_for(lambda: holder(folder) is None)
    second.send("\x11")
    await wait_for(lambda: not second.isalive())


def _drain(screen: pexpect.spawn[str]) -> None:
    """Read what is drawn, so that the program never waits for its terminal."""
    try:
        while True:
            screen.read_nonblocking(4096, timeout=60)
    except (pexpect.EOF, pexpect.TIMEOUT, OSError, ValueError):
        return
