"""The build manifest of a book: what its stages made of what, so that only what is missing is done.

A stage asks about each target (a file, a chapter, a scene): is it there, was it made from the same
input, did a person change it since? What a person changed is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from novelcraft.state.prep import BuildRecord, Freshness, Stage, StageRecord, TargetRecord
from novelcraft.tools.storage.files import write_atomic

_REMEMBERED = 8
"""Earlier outputs of a target that are still known for ours."""


@dataclass(frozen=True)
class Target:
    """A part of a stage's product as it is made, or about to be."""

    inputs: str
    """Hash of what it is made from."""
    output: str
    """Hash of itself."""


class BuildManifest:
    """The build manifest of one book, in a file of its own.

    A file that cannot be read counts as empty: then everything that is there is taken for a
    person's work, and kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._record = _read(path)

    def freshness(self, stage: Stage, target: str, inputs: str, present: str | None) -> Freshness:
        """How what is there stands to what would be made now.

        Args:
            stage: The stage.
            target: Its name within the stage.
            inputs: Hash of what it would be made from now.
            present: Hash of what is there; None when nothing is.
        """
        record = self.of(stage).targets.get(target)
        if present is None:
            return "missing"
        if record is None or present not in (record.output, *record.earlier):
            return "edited"
        fresh = present == record.output and inputs == record.inputs
        return "fresh" if fresh else "stale"

    def is_due(self, stage: Stage, target: str, inputs: str, present: str | None) -> bool:
        """Whether a target is to be made: it is missing or stale. See `freshness`."""
        return self.freshness(stage, target, inputs, present) in ("missing", "stale")

    def is_outdated(self, stage: Stage, target: str, inputs: str) -> bool:
        """Whether a target was made, or kept, of something else than it would be made of now."""
        record = self.of(stage).targets.get(target)
        return record is not None and record.inputs != inputs

    def record(
        self,
        stage: Stage,
        targets: Mapping[str, Target],
        *,
        keep: bool = False,
        notices: tuple[str, ...] = (),
        seconds: float = 0.0,
    ) -> None:
        """Note what a stage is about to put in its place. Called before the product is written.

        Args:
            stage: The stage.
            targets: What it makes.
            keep: Keep the records of targets that are not among those, and add to the time.
            notices: What a person should know of it, in place of what was noted before.
            seconds: Time it took.
        """
        before = self.of(stage).targets
        renewed = {name: _renewed(target, before.get(name)) for name, target in targets.items()}
        record = StageRecord(
            targets={**before, **renewed} if keep else renewed,
            notices=notices,
            seconds=self.of(stage).seconds + seconds if keep else seconds,
        )
        self._write(BuildRecord(stages={**self._record.stages, stage: record}))

    def forget(self, stage: Stage) -> None:
        """Have a stage done again, hand-made corrections of its product aside."""
        if (record := self._record.stages.get(stage)) is None:
            return
        stale = {n: t.model_copy(update={"inputs": ""}) for n, t in record.targets.items()}
        forgotten = record.model_copy(update={"targets": stale})
        self._write(BuildRecord(stages={**self._record.stages, stage: forgotten}))

    @property
    def stages(self) -> Mapping[Stage, StageRecord]:
        """All that is known of the book, by stage."""
        return self._record.stages

    def of(self, stage: Stage) -> StageRecord:
        """What is known of a stage."""
        return self._record.stages.get(stage, StageRecord())

    def _write(self, record: BuildRecord) -> None:
        self._record = record
        write_atomic(self._path, record.model_dump_json(indent=1).encode("utf-8"))


def _renewed(target: Target, before: TargetRecord | None) -> TargetRecord:
    known = (before.output, *before.earlier) if before is not None else ()
    earlier = tuple(dict.fromkeys(output for output in known if output != target.output))
    return TargetRecord(inputs=target.inputs, output=target.output, earlier=earlier[:_REMEMBERED])


def _read(path: Path) -> BuildRecord:
    try:
        return BuildRecord.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return BuildRecord()
