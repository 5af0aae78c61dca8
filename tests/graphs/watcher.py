"""A reader of a novel in a process of its own: `python -m tests.graphs.watcher FOLDER [AFTER]`.

It writes a line of JSON for every entry: its number and its event.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from novelcraft.graphs.follow import follow

ROOT = Path(__file__).resolve().parents[2]


async def main(folder: Path, after: int) -> None:
    async for entry in follow(folder, after=after):
        line = {"number": entry.number, **entry.event.model_dump(mode="json")}
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()


class Watcher:
    """Such a process, and what it has heard."""

    def __init__(self, folder: Path, after: int = 0) -> None:
        command = [sys.executable, "-m", "tests.graphs.watcher", str(folder), str(after)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.heard: list[dict[str, Any]] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.heard.append(json.loads(line))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.heard if event["kind"] == kind]

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [event for event in self.heard if event["kind"] not in ("drafting", "step_started")]

    def draft(self, scene_id: str) -> str:
        """The last draft of a scene as it has heard it grow."""
        text = ""
        for event in self.of("drafting"):
            if event["scene_id"] == scene_id:
                text = text[: event["at"]] + event["text"]
        return text

    async def until(self, done: Callable[[Watcher], object], seconds: float = 60.0) -> None:
        """Wait until it has heard what is waited for."""
        ends = time.monotonic() + seconds
        while not done(self):
            assert time.monotonic() < ends, f"it has heard {self.heard[-5:]}"
            assert self._process.poll() is None, "the watcher has died"
            await asyncio.sleep(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reading.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
