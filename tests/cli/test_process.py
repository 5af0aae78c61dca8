"""`novelcraft write` as a process of its own, interrupted and asked at a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes.script import Script, hold, prose
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"
WRITE = [sys.executable, "-m", "novelcraft", "write", PREMISE, "--pages", "6", "--out", "n"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def test_ctrl_c_says_how_to_go_on(run: Run, served: Callable[..., FakeServer], here: Path) -> None:
    never = threading.Event()
    script = Script()
    script.on(prose, hold(never), after=1, count=1)
    server = served(script=script)
    with subprocess.Popen(
        WRITE, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_ctrl_c
    ) as process:
        assert process.stderr is not None
        seen = ""
        for line in process.stderr:
            seen += line
            if "scene 1 of " in line and "passed" in line:
                break
        process.send_signal(signal.SIGINT)
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        told = process.stderr.read()
        watchdog.cancel()
    never.set()
    assert process.returncode == 130, seen + told
    assert told.rstrip().endswith("Go on with: novelcraft write n")
    assert "Traceback" not in told
    asked = len(server.requests)
    again = run("write", "n")
    assert again.code == 0, again.err
    assert "going on with branch main: 1 scene, " in again.err
    assert len(server.requests) > asked


@pytest.mark.parametrize(
    ("keys", "last"),
    [
        (b"\x03", "Go on with: novelcraft write n"),
        (b"r\nMore sea.\ns\n", "Go on with: novelcraft write n"),
        (b"a\n", ".epub"),
    ],
)
def test_asked_at_a_terminal(
    served: Callable[..., FakeServer], here: Path, keys: bytes, last: str
) -> None:
    import pty

    served()
    ours, theirs = pty.openpty()
    command = [*WRITE, "--attend", "plan"]
    with subprocess.Popen(
        command,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: _take_terminal(theirs),
    ) as process:
        os.close(theirs)
        shown = _answer(ours, keys)
        assert process.stdout is not None
        out = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0, shown
    assert out.rstrip().endswith(last)


def _hear_ctrl_c() -> None:
    """A shell that runs the tests in the background lets them inherit deafness to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _take_terminal(terminal: int) -> None:
    """Make it the process's own, so that Ctrl-C typed there reaches it."""
    import fcntl
    import termios

    _hear_ctrl_c()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def _answer(terminal: int, keys: bytes) -> str:
    """Read what is shown; at each question type the next answer, up to its line's end."""
    answers = iter(keys.splitlines(keepends=True))
    shown = b""
    asked = 0
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            return shown.decode(errors="replace")
        if not piece:
            return shown.decode(errors="replace")
        shown += piece
        questions = shown.count(b"[s]top? ") + shown.count(b"be different? ")
        while asked < questions:
            asked += 1
            os.write(terminal, next(answers, b"s\n"))
