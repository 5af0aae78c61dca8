"""The program as a process of its own: interrupted, asked at a terminal, with odd streams."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.errors import DiskFullError, InputError, UnknownTargetError
from tests.cli.conftest import Run
from tests.fakes.script import Script, hold, prose
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"
PROGRAM = [sys.executable, "-m", "novelcraft"]
WRITE = [*PROGRAM, "write", PREMISE, "--pages", "6", "--out", "n"]

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


def test_sigterm_stops_a_run_in_the_background_as_ctrl_c_does(
    run: Run, served: Callable[..., FakeServer], here: Path
) -> None:
    never = threading.Event()
    script = Script()
    script.on(prose, hold(never), after=1, count=1)
    served(script=script)
    with subprocess.Popen(
        WRITE, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_no_ctrl_c
    ) as process:
        assert process.stderr is not None
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        for line in process.stderr:
            if "scene 1 of " in line and "passed" in line:
                break
        process.terminate()
        told = process.stderr.read()
        watchdog.cancel()
    never.set()
    assert process.returncode == 130, told
    assert told.rstrip().endswith("Go on with: novelcraft write n")
    assert "Traceback" not in told
    assert run("write", "n").code == 0


@pytest.mark.parametrize(
    ("keys", "last"),
    [
        (b"\x03", "Go on with: novelcraft write n --attend plan"),
        (b"r\nMore sea.\ns\n", "Go on with: novelcraft write n --attend plan"),
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


def _hear_no_ctrl_c() -> None:
    """As a shell starts what ends in `&`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["--help"], ["--version"], ["model", "list"], ["show", "n"]])
def test_output_that_cannot_be_written_is_an_error(
    run: Run, here: Path, command: list[str]
) -> None:
    assert run("new", "n").code == 0
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr.startswith("Error: No space left to write the output.")
    assert "Traceback" not in done.stderr
    assert done.returncode == DiskFullError.exit_code


def test_a_reader_that_leaves_early_hears_no_complaint(run: Run, here: Path) -> None:
    assert run("new", "n").code == 0
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*PROGRAM, "show", "n"], stdout=theirs, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(theirs)
    assert done.stderr == ""
    assert done.returncode == 1


@pytest.mark.parametrize(
    "command",
    [
        [b"write", b"A caf\xe9 at the end of the pier"],
        [b"new", b"n", b"--premise", b"A caf\xe9 at the end"],
        [b"show", b"caf\xe9"],
        [b"exempt", b"n", b"prose.loop:x", b"--reason", b"caf\xe9"],
    ],
)
def test_words_that_are_no_utf_8_are_refused(here: Path, command: list[bytes]) -> None:
    done = subprocess.run([*PROGRAM, *command], capture_output=True, text=True, check=False)
    assert done.returncode == InputError.exit_code, done.stderr
    assert "is not UTF-8 text" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(here.iterdir())


def test_a_terminal_without_the_letters_shows_question_marks(run: Run, here: Path) -> None:
    assert run("new", "n").code == 0
    done = subprocess.run(
        [*PROGRAM, "show", "n", "--branch", "müller"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert "m?ller" in done.stderr
    assert done.returncode == UnknownTargetError.exit_code


HEAPS = """
import ctypes, sys, threading
from novelcraft.cli import main
try:
    main(["--version"])
except SystemExit:
    pass
together = threading.Barrier(6)
def work():
    together.wait()
    kept = bytearray(5_000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, told)
libc.fclose(told)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have one heap")
def test_threads_share_their_heaps(tmp_path: Path) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", HEAPS, str(told)], check=True)
    assert told.read_text().count("<heap nr=") <= 2
