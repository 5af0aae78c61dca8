"""A run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from novelcraft.graphs.steering import waiting_at
from novelcraft.state.acts import ActRecord
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.store import ManuscriptStore

PREMISE = "A lighthouse keeper finds that the sea answers letters"


class Writing:
    """`novelcraft write` in its own process, and the novel that it writes."""

    def __init__(self, folder: Path, *options: object) -> None:
        self.folder = folder
        target = ["n"] if folder.exists() else [PREMISE, "--pages", "4", "--out", "n"]
        command = [sys.executable, "-c", "from novelcraft.cli import main; main()", "write"]
        log = folder.with_suffix(".log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [*command, *target, *map(str, options)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder.parent,
            )
        self.until(lambda: (folder / "novel.db").exists())
        self.store = ManuscriptStore.open(folder / "novel.db")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.store.close()

    def until(self, done: Callable[[], object], seconds: float = 120) -> None:
        ends = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < ends
            time.sleep(0.02)

    @property
    def plan(self) -> Plan:
        return self.store.plan(self.store.branch("main").plan_version or 0)

    @property
    def chain(self) -> list[SceneCommit]:
        return self.store.chain(self.store.branch("main").head)

    def waits(self, gate: str) -> None:
        self.until(lambda: (w := waiting_at(self.store, "main")) is not None and w.gate == gate)

    def settled(self, act_id: int) -> ActRecord:
        self.until(lambda: self.store.act(act_id).status != "pending")
        return self.store.act(act_id)


Start = Callable[..., Writing]
