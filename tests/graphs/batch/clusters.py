"""Ray clusters on this machine, by `ray start`, and the batch command that writes on them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self
from uuid import uuid4

from novelcraft.state.batch import BatchRow
from tests.fakes.process import ROOT
from tests.graphs.batch.watching import wait


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Machine:
    """Where the batch command is run, with a Ray that nobody started yet.

    Args:
        folder: For the logs, and for what a user sets.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        user = folder / "config.toml"
        user.write_text("", encoding="utf-8")
        self.environ = {
            **os.environ,
            "NOVELCRAFT_CONFIG": str(user),
            "PYTHONPATH": str(ROOT),
            "RAY_USAGE_STATS_ENABLED": "0",
            # Ray's workers are nice, and would wait for all else on a busy machine.
            "RAY_worker_niceness": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": uuid4().hex,
        }
        # Not in the test's folder: a path of Ray's sockets must be short.
        self._sessions = Path(tempfile.mkdtemp(prefix="ray-"))
        self.environ["RAY_TMPDIR"] = str(self._sessions)
        self._all: list[subprocess.Popen[bytes]] = []

    def batch(self, database: str, rows: list[BatchRow], *more: str) -> subprocess.Popen[bytes]:
        """The command."""
        file = self._folder / "premises.jsonl"
        asked = [{"name": row.name, **row.settings["novel"], **row.settings} for row in rows]
        for row in asked:
            del row["novel"]
        file.write_text("".join(f"{json.dumps(row)}\n" for row in asked), encoding="utf-8")
        words = [sys.executable, "-m", "novelcraft", "batch", str(file), "--database", database]
        return self._run([*words, "--engine", "ray", *more], "batch")

    def logs(self) -> str:
        return "\n".join(path.read_text("utf-8") for path in sorted(self._folder.glob("*.log")))

    def _run(self, words: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}{len(self._all)}.log").open("wb") as log:
            process = subprocess.Popen(
                words,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                env=self.environ,
                start_new_session=True,
            )
        self._all.append(process)
        return process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._all):
            kill(process)
            process.wait()
        shutil.rmtree(self._sessions, ignore_errors=True)


class Cluster(Machine):
    """A head and nodes, each with its processes in a group of its own, so that all of it can die.

    Args:
        folder: For the logs, and for what a user sets.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.address = f"127.0.0.1:{free_port()}"
        self.head = self._start(
            "--head",
            f"--port={self.address.rpartition(':')[2]}",
            f"--temp-dir={self._sessions}",
            "--include-dashboard=false",
        )

    def add_node(self) -> subprocess.Popen[bytes]:
        return self._start(f"--address={self.address}")

    def batch(self, database: str, rows: list[BatchRow], *more: str) -> subprocess.Popen[bytes]:
        """The command, on this cluster unless another address is given."""
        return super().batch(database, rows, "--address", self.address, *more)

    def _start(self, *options: str) -> subprocess.Popen[bytes]:
        ray = Path(sys.executable).with_name("ray")
        common = ["--num-cpus=2", "--node-ip-address=127.0.0.1", "--block"]
        common.append(f"--object-store-memory={100 << 20}")
        node = self._run([str(ray), "start", *options, *common], "node")
        log = self._folder / f"node{len(self._all) - 1}.log"
        wait(lambda: "Ray runtime started" in log.read_text("utf-8"), self.logs)
        return node


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a node, or a command, as a power cut does: with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
