"""Workers as processes of their own, and rows for them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from novelcraft.state.batch import BatchRow
from tests.fakes.process import ROOT

LEASE = 4.0


def rows(base_url: str, count: int, pages: int = 3) -> list[BatchRow]:
    role = {"model": "openai:fake-model", "base_url": base_url}
    return [
        BatchRow(
            name=f"n{number}",
            settings={
                "novel": {"premise": f"The keeper of mill {number} writes letters", "pages": pages},
                "write": {
                    "preset": "small",
                    "scene_words": 120,
                    "embedding": "hash",
                    "attempts": 2,
                },
                "roles": {"reasoning": role, "narrator": role},
            },
        )
        for number in range(count)
    ]


class Workers:
    """Workers as processes of their own.

    Args:
        folder: For their files and what they say.
        lease: Seconds of silence after which their novels go to others.
    """

    def __init__(self, folder: Path, lease: float = LEASE) -> None:
        self._folder = folder
        self._lease = lease
        user = folder / "config.toml"
        user.write_text("", encoding="utf-8")
        self._environ = {**os.environ, "NOVELCRAFT_CONFIG": str(user)}
        self.all: list[subprocess.Popen[bytes]] = []

    def start(self, url: str, jobs: int = 2, out: Path | None = None) -> subprocess.Popen[bytes]:
        name = f"worker{len(self.all)}"
        command = [sys.executable, "-m", "novelcraft", "worker", "--database", url]
        command += [
            "--out",
            str(out or self._folder / name),
            "--jobs",
            str(jobs),
            "--lease",
            str(self._lease),
        ]
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=self._environ)
        self.all.append(process)
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """What one of them said so far."""
        return (self._folder / f"worker{self.all.index(process)}.log").read_text("utf-8")

    def logs(self) -> str:
        return "\n".join(path.read_text("utf-8") for path in sorted(self._folder.glob("*.log")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.all:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
