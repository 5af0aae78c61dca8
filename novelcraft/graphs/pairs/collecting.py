"""A folder of preferences: what is collected into it.

This is the face that the command line or another program uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.errors import InputError, PreferenceError
from novelcraft.finetune.adapters.evaluation_file import EVALUATION_FILE
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.pairs.asking import Answered, ask_for_scenes, prompt_of
from novelcraft.graphs.session import ModelsFactory
from novelcraft.prompts.loader import load_template
from novelcraft.prompts.narrator import TEMPLATE
from novelcraft.state.preferences import (
    PairEvent,
    PairManifest,
    PreferencePair,
    ThinkContent,
)
from novelcraft.state.rows import RowManifest, SkippedRow
from novelcraft.state.stream import OnEvent
from novelcraft.tools.books.rows.chat_template import split_plan, with_plan
from novelcraft.tools.canon.call_store import CallStore
from novelcraft.tools.models.opening import open_models
from novelcraft.tools.pairs.draws import writer
from novelcraft.tools.pairs.files import (
    read_pair_manifest,
    read_pairs,
    write_preferences,
)
from novelcraft.tools.pairs.novels import NAME, find_preferences
from novelcraft.tools.pairs.rows import RowsToAsk
from novelcraft.tools.pairs.split import held_out_groups, hold_out
from novelcraft.tools.storage.files import storage_errors
from novelcraft.tools.storage.lock import ProjectLock

CALLS = "calls.db"
"""The log of the calls to the narrator."""


@dataclass(frozen=True)
class Harvest:
    """What one source gave."""

    pairs: tuple[PreferencePair, ...]
    left_out: tuple[SkippedRow, ...]
    think: ThinkContent
    works: frozenset[str]
    """The novels and books that were looked at, with or without a result."""


class Collection:
    """A folder that preferences are collected into.

    Args:
        folder: The folder; made when it is missing. What it holds of other novels and books
            than those that are looked at stays as it is.
        models: Opens the models of the roles.
    """

    def __init__(self, folder: Path, models: ModelsFactory = open_models) -> None:
        self.folder = folder
        self._models = models

    def from_novels(self, novels: Sequence[Novel], *, checks: bool = False) -> Harvest:
        """What a person rejected in novels, each with the scene in its place.

        Args:
            novels: The novels, open.
            checks: Whether to take drafts that the checks sent back, too.
        """
        pairs: list[PreferencePair] = []
        left_out: list[SkippedRow] = []
        for novel in novels:
            found = find_preferences(novel.store, checks=checks)
            pairs += _of_this_prompt(found.pairs, left_out)
            left_out += found.left_out
        texts = [text for pair in pairs for text in (pair.chosen, pair.rejected)]
        return Harvest(
            tuple(pairs),
            tuple(left_out),
            think="beats" if any(split_plan(text)[0] for text in texts) else "empty",
            works=frozenset(novel.store.novel_id[:NAME] for novel in novels),
        )

    async def from_rows(
        self, asked: RowsToAsk, settings: Settings, *, on_event: OnEvent[PairEvent]
    ) -> Harvest:
        """The human's scene of each row against one that the narrator writes to its prompt.

        Args:
            asked: The rows.
            settings: Say who the narrator is.
            on_event: Listens to the run's events.

        Raises:
            PreferenceError: The rows were laid out by another prompt template.
            ProjectBusyError: Another run asks for this folder.
            ModelError: The narrator cannot be used. What it wrote before is kept.
        """
        _require_this_prompt(asked.manifest)
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with ProjectLock(self.folder), CallStore(self.folder / CALLS) as log:
            answers = await ask_for_scenes(
                asked.rows,
                settings,
                log,
                models=self._models,
                template_hash=asked.manifest.prompt_template,
                on_event=on_event,
            )
        made = [_row_pair(answer, asked) for answer in answers]
        return Harvest(
            tuple(one for one in made if isinstance(one, PreferencePair)),
            tuple(one for one in made if isinstance(one, SkippedRow)),
            think="beats" if asked.manifest.think.content == "beats" else "empty",
            works=frozenset(row.book_id for row in asked.rows),
        )

    def write(self, harvests: Sequence[Harvest]) -> PairManifest:
        """Put what was found into the folder, and hold chapters of it out.

        Raises:
            PreferenceError: Nothing was found, or what is there cannot be read, or has other
                think blocks.
            ProjectBusyError: Another run works in the folder.
            DiskFullError, ReadOnlyError, ExportError: The folder cannot be written.
        """
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with ProjectLock(self.folder):
            return self._write(harvests)

    def _write(self, harvests: Sequence[Harvest]) -> PairManifest:
        works = frozenset[str]().union(*(harvest.works for harvest in harvests))
        pairs = [p for p in read_pairs(self.folder) if p.work not in works]
        there = read_pair_manifest(self.folder) if pairs else None
        thinks = {harvest.think for harvest in harvests} | ({there.think} if there else set())
        if len(thinks) > 1:
            raise PreferenceError(
                f"These preferences differ in what stands in a think block: {', '.join(thinks)}.",
                fix="Collect them into folders of their own with --out.",
            )
        for harvest in harvests:
            pairs += harvest.pairs
        left_out = [one for harvest in harvests for one in harvest.left_out]
        if not pairs:
            raise PreferenceError(_nothing(left_out), fix=_HOW)
        groups = held_out_groups(pairs)
        return write_preferences(
            self.folder,
            hold_out(pairs, groups),
            think=thinks.pop(),
            left_out=left_out,
        )


_HOW = (
    'Attend a run with [write] attend = ["scene"], draw a scene again with `novelcraft redraw`, '
    "or compare with human scenes: novelcraft pairs --data DIR."
)


def _nothing(left_out: Sequence[SkippedRow]) -> str:
    why = f" {len(left_out)} were left out: {left_out[0].reason}." if left_out else ""
    return f"No preference was found: nobody rejected a scene.{why}"


def refuse_evaluation(folder: Path) -> None:
    """See that a folder is no evaluated adapter's.

    Raises:
        InputError: It is. The scenes of an evaluation were written to held-out briefs.
    """
    if (folder / EVALUATION_FILE).is_file():
        raise InputError(
            f"{folder} is an adapter with its evaluation, whose scenes answer held-out briefs. "
            "Once they are trained on, no figure of an evaluation means anything.",
            fix="Ask for scenes to training rows: novelcraft pairs --data DIR.",
        )


def _require_this_prompt(manifest: RowManifest) -> None:
    if manifest.prompt_template != load_template(TEMPLATE).hash:
        raise PreferenceError(
            "The rows were laid out by another version of the narrator's prompt.",
            fix="Compile them again: novelcraft prep --redo rows --out DIR.",
        )


def _of_this_prompt(
    found: Sequence[PreferencePair], left_out: list[SkippedRow]
) -> list[PreferencePair]:
    wanted = load_template(TEMPLATE).hash
    reason = "its prompt was laid out by another version of the narrator's prompt"
    left_out += [
        SkippedRow(row_id=f"{one.work}/{one.scene[:NAME]}", reason=reason)
        for one in found
        if one.template_hash != wanted
    ]
    return [one for one in found if one.template_hash == wanted]


def _row_pair(answer: Answered, asked: RowsToAsk) -> PreferencePair | SkippedRow:
    row, provenance = answer.row, answer.narration.provenance
    plan = answer.plan if asked.manifest.think.content == "beats" else ""
    try:
        return PreferencePair(
            pair_id=row.row_id,
            source="human_vs_model",
            work=row.book_id,
            group=f"{row.book_id}/{row.chapter_index}",
            scene=row.row_id,
            held_out=row.row_id in asked.held_out,
            messages=prompt_of(row),
            template_hash=provenance.template_hash,
            chosen=row.messages[-1].content,
            rejected=with_plan(plan, answer.narration.prose),
            chosen_by="person",
            rejected_by=writer(provenance.model, provenance.adapter),
        )
    except ValueError:
        reason = "the narrator wrote nothing, or the human's very words"
        return SkippedRow(row_id=row.row_id, reason=reason)
