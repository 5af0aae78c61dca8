"""Run servers: one after the other, watched until they are ended or one of them dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx2

from novelcraft.errors import EngineError
from novelcraft.tools.serving.compose import ServeCommand
from novelcraft.tools.serving.record import RunningServer, ServingRecord
from novelcraft.tools.serving.remedies import find_remedy
from novelcraft.tools.storage.files import storage_errors

POLL = 0.5
"""Seconds between two looks at a server."""
START_TIMEOUT = 3_600.0
"""Seconds until a server must answer: the first start downloads the model."""
STOP_SECONDS = 30.0
"""What a server is given to end in, before it is killed."""
TELL_EVERY = 20.0
LAST_LINES = 12

_LAUNCH = "novelcraft.tools.serving.launch"
_ENDING = (signal.SIGTERM, signal.SIGHUP)

Tell = Callable[[str], None]


class _StopRequestedError(Exception):
    """The process was asked to end."""


@dataclass
class _Server:
    command: ServeCommand
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def title(self) -> str:
        return self.command.plan.title

    def last_line(self) -> str:
        lines = _end_of(self.log, 4_000).splitlines()
        return lines[-1].strip() if lines else ""


class Supervisor:
    """Starts servers, watches them, and ends them all together.

    Args:
        commands: What is to run, in this order: the next is started when the one before it has
            taken its memory and answers.
        executable: The command `vllm`.
        folder: Where logs and the record of what runs are kept.
        tell: Hears what happens.
        environ: What servers inherit.
        start_timeout: Seconds until a server must answer.
    """

    def __init__(
        self,
        commands: Sequence[ServeCommand],
        executable: Path,
        folder: Path,
        tell: Tell,
        *,
        environ: Mapping[str, str] = os.environ,
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        self._commands = commands
        self._executable = executable
        self._folder = folder
        self._tell = tell
        self._environ = environ
        self._start_timeout = start_timeout
        self._record = ServingRecord(folder)
        self._running: list[_Server] = []

    def run(self, on_ready: Callable[[], None]) -> None:
        """Run the servers until the process is asked to end, by Ctrl-C or a signal.

        Args:
            on_ready: Called once, when all of them answer.

        Raises:
            EngineError: A port is in use, a server did not start, or died. The others are ended.
        """
        for command in self._commands:
            self._require_free_port(command)
        with suppress(_StopRequestedError, KeyboardInterrupt), _ending_raises():
            try:
                for command in self._commands:
                    self._start(command)
                on_ready()
                while True:
                    self._require_alive()
                    time.sleep(POLL)
            finally:
                self._stop()

    def _start(self, command: ServeCommand) -> None:
        plan = command.plan
        with storage_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            log = self._folder / f"{plan.port}.log"
            with log.open("wb") as opened:
                # A session of its own: the terminal's Ctrl-C reaches this process alone, and its
                # workers can be ended together with it.
                process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", _LAUNCH, str(self._executable)),
                        *("serve", command.model, *command.arguments),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=opened,
                    stderr=subprocess.STDOUT,
                    env={**self._environ, **command.environment},
                    start_new_session=True,
                )
        server = _Server(command, process, log)
        self._running.append(server)
        self._record.add(_noted(server))
        self._tell(f"Starting {plan.title} at {plan.url}; its log is {log}.")
        self._await_ready(server)

    def _await_ready(self, server: _Server) -> None:
        started = told = time.monotonic()
        while not _healthy(server.command.plan.port):
            self._require_alive()
            now = time.monotonic()
            if now - started > self._start_timeout:
                raise EngineError(
                    f"{server.title} did not answer within {self._start_timeout:.0f} seconds. The "
                    f"last lines of {server.log}:\n{_last_words(server.log)}",
                    fix="See there what it waits for.",
                )
            if now - told > TELL_EVERY:
                told = now
                self._tell(f"  after {now - started:.0f} s: {server.last_line()[:160]}")
            time.sleep(POLL)
        self._tell(f"{server.title} is ready after {time.monotonic() - started:.0f} s.")

    def _require_alive(self) -> None:
        for server in self._running:
            status = server.process.poll()
            if status is not None:
                raise _death(server, status)

    def _require_free_port(self, command: ServeCommand) -> None:
        port = command.plan.port
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                left = self._record.at(port)
                raise EngineError(
                    f"Port {port} of {command.plan.title} is in use"
                    + (f", by a server of ours: process {left.pid}." if left else "."),
                    fix=f"End it: kill {left.pid}"
                    if left
                    else "End what listens there, or give the role another one: flags = "
                    "{ port = … } in your serving.toml.",
                ) from error

    def _stop(self) -> None:
        for server in self._running:
            _signal_group(server.process, signal.SIGTERM, group=False)
        deadline = time.monotonic() + STOP_SECONDS
        for server in self._running:
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(max(0.0, deadline - time.monotonic()))
            # Workers whose parent was killed go on computing for nobody.
            _signal_group(server.process, signal.SIGKILL, group=True)
            server.process.wait()
            self._record.remove(_noted(server))
        self._running.clear()


@contextmanager
def _ending_raises() -> Iterator[None]:
    """Make the signals that end a process end it in order, as Ctrl-C does."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _StopRequestedError

    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _noted(server: _Server) -> RunningServer:
    plan = server.command.plan
    return RunningServer(
        roles=plan.roles,
        url=plan.url,
        model=plan.entry.name,
        adapters=tuple(adapter.name for adapter in plan.adapters),
        pid=server.process.pid,
        log=str(server.log),
    )


def _death(server: _Server, status: int) -> EngineError:
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    remedy = find_remedy(_end_of(server.log, 200_000), status)
    return EngineError(
        f"{server.title} {how}. Its last words, in {server.log}:\n{_last_words(server.log)}",
        fix=f"{remedy.name[0].upper()}{remedy.name[1:]}: {remedy.advice}"
        if remedy
        else "Read its log; novelcraft serve --dry-run prints the command to try by hand.",
    )


def _healthy(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health", timeout=5.0).is_success
    except httpx2.HTTPError:
        return False


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals, *, group: bool) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)


def _end_of(log: Path, most: int) -> str:
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, log.stat().st_size - most))
            return opened.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _last_words(log: Path) -> str:
    lines = [line for line in _end_of(log, 20_000).splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])
