"""What a person does to a novel: commands of the program, each a process of its own.

The room starts them and shows how they end; what they do is the same as in a shell.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROGRAM = (sys.executable, "-m", "novelcraft")


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    output: str
    error: str

    @property
    def message(self) -> str:
        """What it said, for a person; of a failure the last."""
        if not self.code:
            return f"{self.output}\n{self.error}".strip()
        said = (self.error or self.output).strip()
        _, error, told = said.rpartition("Error: ")
        return (told if error else said) or f"It ended with code {self.code}."


class Detached:
    """A command of the program that outlives this process; what it says goes into a file."""

    def __init__(self, folder: Path, arguments: Sequence[str]) -> None:
        """Start it.

        Args:
            folder: It must be there, and gets a file named for the verb, such as `write.log`,
                which the next one begins anew.
            arguments: The verb and what follows it.
        """
        self._log = folder / f"{arguments[0]}.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self.pid = os.posix_spawn(
            PROGRAM[0],
            [*PROGRAM, *arguments],
            _environment(),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._log), flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )

    def ended(self) -> Ended | None:
        """How it ended; None while it goes on. To be asked until it has ended, and then no more."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        said = self._log.read_text("utf-8", errors="replace") if self._log.is_file() else ""
        return Ended(os.waitstatus_to_exitcode(status), "", said)


def start_writing(folder: Path, branch: str) -> Detached:
    """Start the run that writes a branch on."""
    return Detached(folder, ["write", str(folder), "--branch", branch, "--wait"])


def _environment() -> dict[str, str]:
    return {**os.environ, "NO_COLOR": "1"}


async def run_command(arguments: Sequence[str], given: str = "") -> Ended:
    """Run a command of the program to its end."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
    )
    output, error = await process.communicate(given.encode())
    return Ended(process.returncode or 0, output.decode(), error.decode())
