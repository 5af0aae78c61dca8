"""The registry of adapters: each adapter's folder holds the card that says what it is.

There is no list beside the folders that could differ from them. A card stands for the weights
that it was written for; beside other weights it stands for nothing. Nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters.evaluation_file import read_evaluation
from novelcraft.finetune.adapters.fingerprint import known_weights
from novelcraft.finetune.adapters.folder import CONFIG_FILE, WEIGHTS_FILE, read_adapter
from novelcraft.finetune.adapters.origin import ORIGIN_FILE, MergedOrigin
from novelcraft.finetune.adapters.trained import TrainedRecord, read_training, trained_rows
from novelcraft.finetune.registry.gate import gate_result, standing_result
from novelcraft.finetune.registry.modelcard import base_licence as licence_of
from novelcraft.finetune.registry.modelcard import model_card
from novelcraft.finetune.training.publishing import ADAPTER
from novelcraft.state.evaluation import AdapterCard, Evaluation, GateResult, GateVerdict
from novelcraft.state.layout import Layout
from novelcraft.tools.storage.files import write_atomic

CARD_FILE, README_FILE = "card.json", "README.md"
REGISTRY = "adapters"
"""The folder that adapters are looked for in, where no other is named."""
DEPTH = 4
"""Folders deep that adapters are looked for: `adapters/mine/adapter` is two."""
_RUN_FOLDERS = ("checkpoints", "samples")

Status = Literal["registered", "unregistered", "changed", "damaged", "merged"]
"""`changed`: the weights are others than those that the card was written for. `merged`: a model
with the adapter in it, whose card is not at hand."""


@dataclass(frozen=True)
class FoundAdapter:
    """An adapter's folder, and what is known of it."""

    folder: Path
    status: Status
    card: AdapterCard | None = None
    """None where there is no card, or none that can be read."""
    problem: str = ""
    """For a person, where there is one."""
    merged: MergedOrigin | None = None
    """What a merged model says of its adapter."""

    @property
    def name(self) -> str:
        """The name that it was registered under, or one made of its folder's."""
        if self.merged:
            return self.merged.name
        return self.card.name if self.card else default_name(self.folder)

    @property
    def verdict(self) -> GateVerdict:
        """The gate's, of these weights."""
        if self.merged:
            return self.merged.verdict
        trusted = self.card is not None and self.status == "registered"
        return self.card.gate.verdict if self.card and trusted else "not_evaluated"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it did not pass, or was not evaluated."""
        if self.card and self.status == "registered":
            return self.card.gate.reasons
        return (self.problem,)


def register(
    adapter: Path,
    *,
    name: str = "",
    evaluation: Evaluation | None = None,
    base_licence: str = "",
    books_licence: str = "",
    data: Path | None = None,
) -> AdapterCard:
    """Write an adapter's card, for programs and for people, into its folder.

    What is not given is taken from the card that is there, if it stands for these weights, or
    from the run's settings. An adapter that fails the gate is registered as failed, and stays so
    until it passes in as many words.

    Args:
        adapter: The adapter's folder, as a training run leaves it.
        name: The name that it is to be known by; empty for one made of its folder's.
        evaluation: What was found; None for the evaluation in the folder, if there is one. One of
            other weights, or against other rows than the run's, counts as none.
        base_licence: Of the base, as given; empty for what the base's own card says.
        books_licence: Of the books, as given by the person.
        data: The data folder, where it has moved; None for the one that the run names.

    Raises:
        AdapterError: The folder holds no adapter of a training run, or its evaluation is damaged.
        DiskFullError, ReadOnlyError, ExportError: It cannot be written.
    """
    read = read_adapter(adapter)
    training = read_training(adapter)
    config = training.config
    weights = known_weights(adapter)
    old = _own_card(adapter)
    found = evaluation or read_evaluation(adapter)
    now = _gate(found, weights, training)
    trusted = found if now.verdict != "not_evaluated" else None
    rows = trained_rows(data or Path(config["data"]), training.data_hash)
    card = AdapterCard(
        name=name or (old.name if old else default_name(adapter)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        base_model=read.base_model,
        base_licence=base_licence
        or (old.base_licence if old else "")
        or config.get("base_licence", "")
        or licence_of(read.base_model),
        books_licence=books_licence
        or (old.books_licence if old else "")
        or config.get("books_licence", ""),
        adapter_sha256=weights,
        data_hash=training.data_hash,
        manifest_hash=rows.manifest_hash,
        books=rows.books,
        layout=rows.layout or (old.layout if old else None),
        config=config,
        step=training.step,
        versions=training.versions,
        gate=standing_result(old.gate, now) if old else now,
        **_figures(trusted),
    )
    # The card is what counts, so it comes last.
    write_atomic(adapter / README_FILE, model_card(card, trusted).encode("utf-8"))
    write_atomic(adapter / CARD_FILE, card.model_dump_json(indent=2).encode("utf-8"))
    return card


def stored_gate_result(adapter: Path) -> GateResult:
    """The release gate's verdict on an adapter, by the evaluation in its folder and by its card.

    Raises:
        AdapterError: The folder holds no adapter of a training run, or its evaluation is damaged.
    """
    training = read_training(adapter)
    now = _gate(read_evaluation(adapter), known_weights(adapter), training)
    old = _own_card(adapter)
    return standing_result(old.gate, now) if old else now


def find_adapters(root: Path) -> list[FoundAdapter]:
    """The adapters below a folder, those without a card and with a damaged one too, by path.

    Checkpoints of runs, and adapters that were converted from others, are left out.
    """
    return [found for folder in _folders(root, DEPTH) if (found := find_adapter(folder))]


def find_adapter(folder: Path) -> FoundAdapter | None:
    """What is known of the adapter in a folder; None where there is none."""
    if not any((folder / name).is_file() for name in (CARD_FILE, CONFIG_FILE)):
        return None
    try:
        card = read_card(folder)
        weights = known_weights(folder)
    except AdapterError as error:
        return FoundAdapter(folder, "damaged", problem=error.message)
    if card is None:
        return FoundAdapter(folder, "unregistered", problem="It is not registered.")
    if card.adapter_sha256 != weights:
        problem = f"{folder / WEIGHTS_FILE} is not the file that its card was written for."
        return FoundAdapter(folder, "changed", card, problem)
    return FoundAdapter(folder, "registered", card)


def layout_of_card(card: AdapterCard) -> Layout | None:
    """The layout that an adapter was trained on; None where nothing says so.

    A card of before there were layouts names none; its rows do, while they are there.
    """
    data = card.config.get("data")
    if card.layout or not isinstance(data, str):
        return card.layout
    return trained_rows(Path(data).expanduser(), card.data_hash).layout


def read_card(folder: Path) -> AdapterCard | None:
    """The card in an adapter's folder, whatever weights lie beside it; None where there is none.

    Raises:
        AdapterError: It cannot be read.
    """
    file = folder / CARD_FILE
    if not file.is_file():
        return None
    try:
        return AdapterCard.model_validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise AdapterError(
            f"{file} cannot be read: {str(error).splitlines()[0]}.",
            fix="Register the adapter again: novelcraft adapter eval.",
        ) from error


def default_name(folder: Path) -> str:
    """A name for an adapter: that of its run's output folder."""
    whole = folder.absolute()
    return whole.parent.name if whole.name == ADAPTER and whole.parent.name else whole.name


def _own_card(adapter: Path) -> AdapterCard | None:
    """The card that stands for the weights in a folder; None where there is none."""
    found = find_adapter(adapter)
    return found.card if found and found.status == "registered" else None


def _folders(root: Path, depth: int) -> Iterator[Path]:
    if not root.is_dir():
        return
    if (root / CARD_FILE).is_file() or (root / CONFIG_FILE).is_file():
        if not (root / ORIGIN_FILE).is_file():
            yield root
        return
    if not depth:
        return
    try:
        inside = sorted(path for path in root.iterdir() if path.is_dir())
    except OSError:
        return
    for path in inside:
        if not path.name.startswith(".") and path.name not in _RUN_FOLDERS:
            yield from _folders(path, depth - 1)


def _gate(evaluation: Evaluation | None, weights: str, training: TrainedRecord) -> GateResult:
    return gate_result(
        evaluation,
        weights=weights,
        rows=training.data_hash,
        earlier_rows=training.earlier_rows,
    )


def _figures(evaluation: Evaluation | None) -> dict[str, float | None]:
    if evaluation is None:
        return {}
    style = evaluation.style
    return {
        "perplexity_base": evaluation.perplexity.base,
        "perplexity_tuned": evaluation.perplexity.tuned,
        "style_base": style.base.score.overall.score if style.base.score else None,
        "style_tuned": style.tuned.score.overall.score if style.tuned.score else None,
    }
