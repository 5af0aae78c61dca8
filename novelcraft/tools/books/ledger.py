"""The ledger: what a book's stages made of what, so that only what is missing is done.

A stage asks about each unit of its product (a file, a chapter, a scene): is it there, was it
made from the same input, did a person change it since? What a person changed is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from novelcraft.state.prep import LedgerFile, Stage, StageRecord, UnitRecord, Verdict
from novelcraft.tools.storage.files import write_atomic

_REMEMBERED = 8
"""Earlier outputs of a unit that are still known for ours."""


@dataclass(frozen=True)
class Unit:
    """A unit of a product as it is made, or about to be."""

    inputs: str
    """Hash of what it is made from."""
    output: str
    """Hash of itself."""


class Ledger:
    """The ledger of one book, in a file of its own. A file that cannot be read counts as empty:
    then everything that is there is taken for a person's work, and kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _read(path)

    def verdict(self, stage: Stage, unit: str, inputs: str, found: str | None) -> Verdict:
        """What is to be done about a unit.

        Args:
            stage: The stage.
            unit: Its name within the stage.
            inputs: Hash of what it would be made from now.
            found: Hash of what is there; None when nothing is.
        """
        record = self.of(stage).units.get(unit)
        if found is None:
            return "missing"
        if record is None or found not in (record.output, *record.was):
            return "edited"
        fresh = found == record.output and inputs == record.inputs
        return "fresh" if fresh else "stale"

    def is_outdated(self, stage: Stage, unit: str, inputs: str) -> bool:
        """Whether a unit was made, or kept, of something else than what it would be made of now."""
        record = self.of(stage).units.get(unit)
        return record is not None and record.inputs != inputs

    def record(
        self,
        stage: Stage,
        units: Mapping[str, Unit],
        *,
        keep: bool = False,
        notices: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> None:
        """Note what a stage is about to put in its place. Called before the product is written.

        Args:
            stage: The stage.
            units: What it makes.
            keep: Keep the records of units that are not among those, and add to the time.
            notices: What a person should know of it, in place of what was noted before.
            seconds: Time it took.
        """
        before = self.of(stage).units
        made = {name: _renewed(unit, before.get(name)) for name, unit in units.items()}
        record = StageRecord(
            units={**before, **made} if keep else made,
            notices=notices,
            seconds=self.of(stage).seconds + seconds if keep else seconds,
        )
        self._file = LedgerFile(stages={**self._file.stages, stage: record})
        write_atomic(self._path, self._file.model_dump_json(indent=1).encode("utf-8"))

    def forget(self, stages: tuple[Stage, ...]) -> None:
        """Have those stages done again, hand-made corrections of their products aside."""
        kept = {}
        for stage, record in self._file.stages.items():
            units = record.units
            if stage in stages:
                units = {n: u.model_copy(update={"inputs": ""}) for n, u in units.items()}
            kept[stage] = record.model_copy(update={"units": units})
        self._file = LedgerFile(stages=kept)
        write_atomic(self._path, self._file.model_dump_json(indent=1).encode("utf-8"))

    @property
    def file(self) -> LedgerFile:
        """All that is known of the book."""
        return self._file

    def of(self, stage: Stage) -> StageRecord:
        """What is known of a stage."""
        return self._file.stages.get(stage, StageRecord())


def _renewed(unit: Unit, before: UnitRecord | None) -> UnitRecord:
    earlier = (before.output, *before.was) if before is not None else ()
    was = tuple(dict.fromkeys(hash_ for hash_ in earlier if hash_ != unit.output))
    return UnitRecord(inputs=unit.inputs, output=unit.output, was=was[:_REMEMBERED])


def _read(path: Path) -> LedgerFile:
    try:
        return LedgerFile.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return LedgerFile()
