"""The folder that preferences lie in, and what must be true of them. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import PreferenceError, TrainingDataError
from novelcraft.finetune.adapters.trained import known_training
from novelcraft.finetune.config import TrainConfig
from novelcraft.finetune.dataset import listed
from novelcraft.finetune.rowfolder import rows_folder, rows_hash
from novelcraft.prompts.loader import load_template
from novelcraft.prompts.narrator import TEMPLATE
from novelcraft.state.preferences import Judged
from novelcraft.tools.books.rowfiles import VALIDATION_FILE, read_rows
from novelcraft.tools.pairs.files import data_hash, pairs_folder, read_manifest


@dataclass(frozen=True)
class Folder:
    """A folder of preferences."""

    path: Path
    think: ThinkMode
    """What stands in a think block."""
    hash: str
    """SHA-256 over its files."""
    rows: Path | None
    """The rows beside it."""
    rows_hash: str
    """Of the rows that the narrator knows, see `PairData.data_hash`."""

    @property
    def has_rows(self) -> bool:
        """Whether it is known which rows the narrator learnt from."""
        return self.rows_hash != self.hash

    def check(self, judged: Sequence[Judged]) -> None:
        """See that preferences can be learnt from.

        Raises:
            PreferenceError: Some were laid out by another prompt, or come from validation rows
                without being held out themselves.
        """
        wanted = load_template(TEMPLATE).hash
        other = [one.scene for one in judged if one.template_hash != wanted]
        if other:
            raise PreferenceError(
                f"{self.path} has prompts that another version of the narrator's prompt laid out: "
                f"{listed(other)}. The narrator would be trained on what it is never asked.",
                fix="Collect the pairs again with `novelcraft pairs`.",
            )
        held = self._validation_rows()
        leaked = [one.scene for one in judged if one.scene in held and not one.held_out]
        if leaked:
            raise PreferenceError(
                f"{self.path} would train on validation rows: {listed(leaked)}. After that no "
                "figure of an evaluation means anything.",
                fix="Set held_out to true for them, or collect the pairs again.",
            )

    def _validation_rows(self) -> set[str]:
        file = self.rows / VALIDATION_FILE if self.rows else None
        return {row.row_id for row in read_rows(file)} if file and file.is_file() else set()


def open_folder(config: TrainConfig) -> Folder:
    """The folder of a run's preferences.

    Raises:
        PreferenceError: There are none, or their manifest is damaged.
    """
    path = pairs_folder(config.data)
    manifest = read_manifest(path)
    rows = _rows_beside(config.data, path)
    known = rows_hash(rows) if rows else _rows_of(config.start_adapter)
    own = data_hash(path)
    return Folder(path, manifest.think if manifest else "empty", own, rows, known or own)


def _rows_beside(data: str, path: Path) -> Path | None:
    for folder in (data, str(path.parent)):
        try:
            return rows_folder(folder)
        except TrainingDataError:
            continue
    return None


def _rows_of(adapter: str) -> str:
    """The hash of the rows that an adapter was trained on; empty where it does not say."""
    found = known_training(Path(adapter).expanduser()) if adapter else None
    return found.data_hash if found else ""
