"""The embedded engine: a llama.cpp server that is run, watched and restarted for you."""

from __future__ import annotations

import json
import os
import secrets
import select
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from novelcraft.errors import EngineError
from novelcraft.tools.models.embedded.threads import default_threads
from novelcraft.tools.models.embedded.worker import Launch

START_TIMEOUT = 600.0
"""Seconds within which a model must be loaded: large ones come from slow disks."""
MAX_RESTARTS = 5
"""Deaths after which the engine is given up."""
LOG_LINES = 12
"""Last lines of the engine's log that an error shows."""
SLOTS = 2
"""One prefix for the narrator and one for its reviewers stay in memory."""
SMALL_CONTEXT = 4_096
LARGE_CONTEXT = 8_192
SMALL_FILE = 500_000_000
"""Bytes up to which a model counts as small, and gets the shorter context."""
PROMPT_CACHE_MIB = 256

_STOP_SECONDS = 10.0
_WORKER = "novelcraft.tools.models.embedded.worker"


@dataclass(frozen=True)
class EngineSpec:
    """What an engine runs."""

    name: str
    path: Path
    context: int
    """Tokens of context of each slot."""
    slots: int = SLOTS
    adapters: tuple[Path, ...] = ()
    """GGUF files of LoRA adapters for that model."""

    @classmethod
    def of(
        cls, name: str, path: Path, context: int = 0, adapters: tuple[Path, ...] = ()
    ) -> EngineSpec:
        """The spec for a model file; a context of 0 takes what suits the model's size."""
        usual = SMALL_CONTEXT if path.stat().st_size <= SMALL_FILE else LARGE_CONTEXT
        return cls(name, path, context or usual, adapters=adapters)


class Engine:
    """A llama.cpp server in a child process. Safe to use from several threads.

    The child dies with this process, however that ends. Its port is chosen by the system at each
    start, so `url` is valid only until the next `ensure_running`.
    """

    def __init__(self, spec: EngineSpec, *, python: str = sys.executable) -> None:
        self.spec = spec
        self.key = secrets.token_hex(16)
        self.restarts = 0
        """Times it was started again after it died."""
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._url = ""
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Process id of the child; None when it does not run."""
        return self._process.pid if self._process and self.running else None

    def ensure_running(self) -> str:
        """Start the engine unless it runs. Blocks until the model is loaded.

        Returns:
            The URL of its OpenAI endpoint, with `/v1`.

        Raises:
            EngineError: It cannot be started, or died too often.
        """
        with self._lock:
            if not self.running:
                self._start()
            return self._url

    def stop(self) -> None:
        """End the child and wait for it. May be called twice."""
        with self._lock:
            self._discard()

    def _start(self) -> None:
        died = self._process is not None
        if died and self.restarts >= MAX_RESTARTS:
            raise self._failure(f"died {self.restarts + 1} times; it is given up")
        self.restarts += died
        self._discard()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in _discard
        # GOMP_SPINCOUNT: OpenMP threads that spin while they wait starve each other as soon as
        # anything else runs on the machine. It is read once, when the library loads.
        environment = {**os.environ, "GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")}
        self._process = subprocess.Popen(
            [self._python, "-m", _WORKER],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,
        )
        self._url = self._await_url(self._process) + "/v1"

    def _await_url(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        launch = Launch(
            path=str(self.spec.path),
            name=self.spec.name,
            key=self.key,
            context=self.spec.context,
            slots=self.spec.slots,
            threads=default_threads(),
            prompt_cache_mib=PROMPT_CACHE_MIB,
            adapters=tuple(str(path) for path in self.spec.adapters),
        )
        try:
            process.stdin.write(launch.to_json().encode() + b"\n")
        except BrokenPipeError as error:
            raise self._failure("ended before it read what to run") from error
        deadline = time.monotonic() + START_TIMEOUT
        ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
        if not ready:
            raise self._failure(f"did not load the model within {START_TIMEOUT:.0f} seconds")
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise self._failure(f"ended with status {process.returncode} while it started")
        url: str = json.loads(line)["url"]
        return url

    def _failure(self, what: str) -> EngineError:
        log = self._log_tail()
        self._discard()
        adapters = "".join(f" with {path}" for path in self.spec.adapters)
        belong = "whether the adapter was trained on this model, and " if adapters else ""
        return EngineError(
            f"The embedded engine for {self.spec.name} ({self.spec.path}){adapters} {what}."
            + (f"\nThe last lines of its log:\n{log}" if log else ""),
            fix=f"Look {belong}whether there is memory for the model (`novelcraft model list` says "
            "how much), pull the model again, or let a server take the role.",
        )

    def _log_tail(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LOG_LINES:])

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        if self._log is not None:
            self._log.close()
            self._log = None


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
