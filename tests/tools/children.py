"""What the tests run in processes of their own: writers to be killed, users without rights.

One process loads what the work needs and forks at a word from the tests, so that a child is
there in milliseconds. The children of `multiprocessing` would need sockets, which tests have not.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, event

from novelcraft.errors import NovelcraftError
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.files import write_atomic
from novelcraft.tools.storage.folders import scratch_folder
from novelcraft.tools.storage.lock import ProjectLock
from tests import factories

NOBODY = 65534

Work = Callable[..., None]


def write_scenes(path: str, acknowledged: str, scenes: int, die_at: int) -> None:
    """Commit scenes, and die by SIGKILL before the statement of that number (0: never)."""
    seen = [0]

    def count(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    with ManuscriptStore.open(path) as store, Path(acknowledged).open("a") as done:
        written = len(store.commit_ids(store.branch("main").head))
        # A resumed run commits the scene again that it cannot know to be written.
        for commit in factories.chain(scenes)[max(0, written - 1) :]:
            store.commit("main", commit)
            os.write(done.fileno(), b".")


def open_store(path: str) -> None:
    _without_rights()
    ManuscriptStore.open(path).close()


def create_store(path: str) -> None:
    _without_rights()
    ManuscriptStore.create(path).close()


def lock_folder(folder: str) -> None:
    _without_rights()
    with ProjectLock(Path(folder)):
        pass


def stop_while_writing(folder: str) -> None:
    """Hold a folder, and never come to the end of the file that is written there."""

    def wait(_: object) -> None:
        (Path(folder) / "writing").touch()
        while True:
            time.sleep(60)

    with ProjectLock(Path(folder)):
        os.fsync = wait  # type: ignore[assignment]
        write_atomic(Path(folder) / "exports" / "book.md", b"half of it")


def hold_lock(folder: str) -> None:
    """Hold a folder's lock until killed."""
    with ProjectLock(Path(folder)):
        (Path(folder) / "held").touch()
        signal.pause()


def hold_scratch(folder: str) -> None:
    """Have a scratch folder until killed, and say in `held` where it is."""
    with scratch_folder() as scratch:
        note = Path(folder) / "note"
        note.write_text(str(scratch), encoding="utf-8")
        note.rename(Path(folder) / "held")
        signal.pause()


def _without_rights() -> None:
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


class Child:
    """A running child."""

    def __init__(self, pid: int, server: subprocess.Popen[str]) -> None:
        self.pid = pid
        self._server = server

    def kill(self) -> None:
        """Send SIGKILL, if it has not ended by itself."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, negative for a signal."""
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


class Children:
    """Starts children, one at a time."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, work: Work, *arguments: object) -> Child:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        order = [work.__name__, *(str(a) if isinstance(a, Path) else a for a in arguments)]
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return Child(int(self._server.stdout.readline()), self._server)

    def exit_code(self, work: Work, *arguments: object) -> int:
        """Run something to its end."""
        return self.start(work, *arguments).wait()

    @classmethod
    @contextmanager
    def ready(cls) -> Iterator[Self]:
        """Start the process that forks."""
        command = [sys.executable, "-m", __name__]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server:
            yield cls(server)


def serve() -> None:
    """Fork for each order on standard input: tell the child's number, then its exit code."""
    _warm_up()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(globals()[name], arguments)
        _tell(child)
        _, status = os.waitpid(child, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _warm_up() -> None:
    """Load what is loaded late: a child without rights may not read it any more."""
    with tempfile.TemporaryDirectory() as folder:
        ManuscriptStore.create(Path(folder) / "novel.db").close()


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _run(work: Work, arguments: list[Any]) -> None:
    try:
        work(*arguments)
        os._exit(0)
    except NovelcraftError as error:
        os._exit(error.exit_code)
    except BaseException as error:
        sys.stderr.write(f"{work.__name__}: {error!r}\n")
        sys.stderr.flush()
        os._exit(99)


if __name__ == "__main__":
    serve()
