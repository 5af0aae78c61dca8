"""The folder that preferences lie in, and what must be true of them. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import NovelcraftError, PreferenceError, TrainingDataError
from novelcraft.finetune.adapters.trained import TrainedRecord, known_training
from novelcraft.finetune.data.rows import listed
from novelcraft.finetune.rowfolder import rows_folder, rows_hash
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.prompts.loader import load_template
from novelcraft.prompts.narrator import TEMPLATE
from novelcraft.state.preferences import PreferencePair
from novelcraft.tools.books.rows.chat_template import split_plan
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.pairs.files import data_hash, pairs_folder, read_pair_manifest


@dataclass(frozen=True)
class Folder:
    """A folder of preferences."""

    path: Path
    think: ThinkMode
    """What stands in a think block."""
    hash: str
    """SHA-256 over its files."""
    rows: Path | None
    """The rows that the narrator knows: those beside it, or those of the adapter that the run
    starts from, where they are as they were. None where there are neither."""
    rows_hash: str
    """Of the rows that the narrator knows, see `PairData.data_hash`."""

    @property
    def has_rows(self) -> bool:
        """Whether it is known which rows the narrator learnt from."""
        return self.rows_hash != self.hash

    def check(self, pairs: Sequence[PreferencePair]) -> None:
        """See that preferences can be learnt from.

        Raises:
            PreferenceError: Some were laid out by another prompt, or come from validation rows
                without being held out themselves.
        """
        wanted = load_template(TEMPLATE).hash
        other = [one.scene for one in pairs if one.template_hash != wanted]
        if other:
            raise PreferenceError(
                f"{self.path} has prompts that another version of the narrator's prompt laid out: "
                f"{listed(other)}. The narrator would be trained on what it is never asked.",
                fix="Collect the pairs again with `novelcraft pairs`.",
            )
        held = self._validation_rows()
        leaked = [one.scene for one in pairs if one.scene in held and not one.held_out]
        if leaked:
            raise PreferenceError(
                f"{self.path} would train on validation rows: {listed(leaked)}. After that no "
                "figure of an evaluation means anything.",
                fix="Set held_out to true for them, or collect the pairs again.",
            )

    def strangers(self, pairs: Sequence[PreferencePair]) -> tuple[str, ...]:
        """What is learnt here of a book's own text that stands in no row that the narrator knows.

        The gate searches the rows: what is not in them, it would not find.
        """
        of_books = [one for one in pairs if one.source == "human_vs_model" and not one.held_out]
        if not of_books:
            return ()
        rows = read_rows(self.rows / TRAIN_FILE) if self.rows else ()
        known = {_prose(row.messages[-1].content) for row in rows}
        return tuple(one.scene for one in of_books if _prose(one.chosen) not in known)

    def _validation_rows(self) -> set[str]:
        file = self.rows / VALIDATION_FILE if self.rows else None
        return {row.row_id for row in read_rows(file)} if file and file.is_file() else set()


def open_folder(config: TrainConfig) -> Folder:
    """The folder of a run's preferences.

    Raises:
        PreferenceError: There are none, or their manifest is damaged.
    """
    path = pairs_folder(config.data)
    manifest = read_pair_manifest(path)
    before = config.start_adapter and known_training(Path(config.start_adapter).expanduser())
    beside = _rows_beside(config.data, path)
    own = data_hash(path)
    rows, known = beside, own
    if beside:
        known = rows_hash(beside)
    elif before:
        rows, known = _rows_of(before), before.data_hash
    return Folder(path, manifest.think if manifest else "empty", own, rows, known)


def _rows_beside(data: str, path: Path) -> Path | None:
    for folder in (data, str(path.parent)):
        try:
            return rows_folder(folder)
        except TrainingDataError:
            continue
    return None


def _rows_of(run: TrainedRecord) -> Path | None:
    """The rows that an adapter was trained on; None where they are others now, or gone."""
    with suppress(NovelcraftError, OSError):
        folder = rows_folder(run.config["data"])
        if rows_hash(folder) == run.data_hash:
            return folder
    return None


def _prose(answer: str) -> str:
    """A scene without the plan before it, which other rows of the same scene may not have."""
    return split_plan(answer)[1].strip()
