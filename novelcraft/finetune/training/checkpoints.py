"""The checkpoints of a run: each there as a whole or not at all.

A checkpoint is written beside its place and renamed into it, so that a process that is killed and
a disk that is full leave the ones before as they were.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from novelcraft.errors import CheckpointError
from novelcraft.tools.storage.files import storage_errors
from novelcraft.tools.storage.folders import sync_folder

_NAME = re.compile(r"step-(\d{6,})")
_WRITING = ".writing-"


class Checkpoints:
    """The folder that holds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step is, or would be."""
        return self.folder / f"step-{step:06}"

    def steps(self) -> list[int]:
        """The steps that there are checkpoints of, in order."""
        if not self.folder.is_dir():
            return []
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def latest(self) -> Path | None:
        """The last one; None where there is none."""
        steps = self.steps()
        return self.path(steps[-1]) if steps else None

    def require(self) -> Path:
        """The last one.

        Raises:
            CheckpointError: There is none.
        """
        found = self.latest()
        if found is None:
            raise CheckpointError(
                f"{self.folder} has no checkpoint to go on from.",
                fix="Start the run without --resume.",
            )
        return found

    def save(self, step: int, write: Callable[[Path], None]) -> Path:
        """Write a checkpoint.

        Args:
            step: The step that it is of. One that is there already is replaced.
            write: Fills a folder that it is given.

        Raises:
            DiskFullError, ReadOnlyError, ExportError: It could not be written. All others are
                still there, and nothing of this one.
        """
        partial, whole = self.folder / f"{_WRITING}{step:06}", self.path(step)
        with storage_errors(whole):
            self.discard_partial()
            partial.mkdir(parents=True)
            try:
                write(partial)
                sync_folder(partial)
                if whole.exists():
                    shutil.rmtree(whole)
                partial.rename(whole)
                sync_folder(self.folder)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
        return whole

    def discard_partial(self) -> None:
        """Remove what a killed process left half written."""
        for path in self.folder.glob(f"{_WRITING}*"):
            shutil.rmtree(path, ignore_errors=True)

    def prune(self, keep: int, best: int | None) -> None:
        """Remove all but the last few and the best."""
        for step in self.steps()[:-keep]:
            if step != best:
                shutil.rmtree(self.path(step), ignore_errors=True)
