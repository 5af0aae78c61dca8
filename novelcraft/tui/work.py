"""Preparation and training as the screen shows them: where they are, found and summed up. Pure of
Textual.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from novelcraft.finetune.training.metrics import read_curve
from novelcraft.present.pipeline import PipelineProgress, verdict_lines
from novelcraft.state.card import DataCard
from novelcraft.state.prep import (
    STAGES,
    BookFailed,
    PrepFinished,
    PrepStarted,
    Stage,
    StageDone,
    StageProgress,
)
from novelcraft.state.train_events import (
    EvalFinished,
    TrainFailed,
    TrainStarted,
    TrainStep,
    TrainStopped,
    Validated,
)
from novelcraft.state.training import AdapterJudged, PipelineEvent, PipelinePlanned
from novelcraft.tools.books.card.card_text import card_text
from novelcraft.tools.books.folder import PrepFolder
from novelcraft.tools.storage.lock import holder
from novelcraft.tools.text import counted
from novelcraft.tui.marks import Marks

SETTINGS = "train.yaml"
"""In the folder of a training run that was given no file of its own."""
_RUN = (SETTINGS, "run.json", "checkpoints")
_LINES = 200
"""Headlines that are kept."""

Kind = Literal["books", "training"]


@dataclass(frozen=True)
class WorkRow:
    """A folder in which books are prepared, or a narrator is trained."""

    folder: Path
    kind: Kind
    runs: bool
    """Whether a process works there now."""
    detail: str


def kind_of(folder: Path) -> Kind | None:
    """What is done in a folder; None where that is neither."""
    if any((folder / name).exists() for name in _RUN):
        return "training"
    if (folder / "md_raw").is_dir():
        return "books"
    return "books" if (folder / "prep.toml").is_file() else None


def work_row(folder: Path) -> WorkRow:
    """How far the work in a folder is."""
    kind = kind_of(folder) or "books"
    detail = _trained(folder) if kind == "training" else _prepared(folder)
    return WorkRow(folder, kind, holder(folder) is not None, detail)


def _prepared(folder: Path) -> str:
    books = counted(len(PrepFolder(folder).book_ids()), "book")
    card = read_card(folder)
    return f"{books}, {counted(card.rows.total, 'row')}" if card and card.rows.total else books


def _trained(folder: Path) -> str:
    curve = read_curve(folder)
    if not curve.steps:
        return "no step yet"
    last = curve.steps[-1]
    best = min((v.perplexity for v in curve.validations), default=None)
    told = f"step {last.step} of {last.steps}, loss {last.loss:.3f}"
    return told if best is None else f"{told}, best perplexity {best:.2f}"


def read_card(folder: Path) -> DataCard | None:
    """The data card that lies in a folder; None where there is none that can be read."""
    try:
        return DataCard.model_validate_json((folder / "card.json").read_bytes())
    except (OSError, ValidationError):
        return None


def card_page(folder: Path) -> str:
    """The data card for a person."""
    card = read_card(folder)
    return card_text(card, width=76) if card else "The data card comes with the end of a run."


class Work:
    """The sum of a run's events: of books by stages, of a narrator by steps."""

    def __init__(self, folder: Path, marks: Marks) -> None:
        """Begin with what lies in the folder.

        Args:
            folder: The data folder, or the training run's.
            marks: Signs to draw with.
        """
        self.folder = folder
        self._marks = marks
        self.progress = PipelineProgress()
        self.headlines: list[str] = []
        self.cells: dict[str, dict[Stage, str]] = {}
        """What stands of each stage of each book."""
        self._parts: defaultdict[tuple[str, Stage], set[int]] = defaultdict(set)
        curve = read_curve(folder)
        self.steps = {step.step: step for step in curve.steps}
        self.validations = {each.step: each for each in curve.validations}
        self.outcome: list[str] = []
        """What came of the run, for a person, a line for each of its parts that has ended."""
        self._recorded()

    def _recorded(self) -> None:
        """What the build manifests say of books, for a folder whose last run told nothing."""
        data = PrepFolder(self.folder)
        for book in data.book_ids():
            stages = data.build_manifest(book).stages
            self.cells[book] = dict.fromkeys(stages, self._marks.scenes["written"])
        self._count_rows()

    def _count_rows(self) -> None:
        """Put the number of each book's rows into its cell: rows are laid out for all at once."""
        card = read_card(self.folder)
        for book in card.books if card else ():
            if book.rows:
                self._cell(book.book_id, "rows", f"{book.rows:,}")

    def take(self, event: PipelineEvent, at: float) -> None:
        """Take in an event, which came at that second."""
        self.progress.update(event, at)
        if line := self.progress.headline(event):
            self.headlines = [*self.headlines, line][-_LINES:]
        match event:
            case PrepStarted() | PipelinePlanned():
                self.outcome = []
            case TrainStarted():
                self.outcome = []
                self._forget_after(event.resumed_at)
            case StageProgress():
                parts = self._parts[event.book_id, event.stage]
                parts.add(event.part)
                share = f"{len(parts) / event.total:.0%}" if event.total else "0%"
                self._cell(event.book_id, event.stage, share)
            case StageDone():
                self._cell(event.book_id, event.stage, self._marks.scenes["written"])
            case BookFailed():
                self._failed(event.book_id)
            case TrainStep():
                self.steps[event.step] = event
            case Validated():
                self.validations[event.step] = event
            case _:
                self.outcome += _ended(event)
        if isinstance(event, PrepFinished):
            self._count_rows()

    def _cell(self, book: str, stage: Stage, text: str) -> None:
        self.cells.setdefault(book, {})[stage] = text

    def _failed(self, book: str) -> None:
        """Put a mark at the stage that a book came to nothing in."""
        done = self._marks.scenes["written"]
        cells = self.cells.get(book, {})
        at = next((stage for stage in STAGES if cells.get(stage) != done), STAGES[-1])
        self._cell(book, at, "failed")

    def _forget_after(self, step: int) -> None:
        """Drop the steps that a run that goes on does again."""
        self.steps = {n: each for n, each in self.steps.items() if n <= step}
        self.validations = {n: each for n, each in self.validations.items() if n <= step}

    @property
    def losses(self) -> list[float]:
        """Of the steps, in order."""
        return [self.steps[number].loss for number in sorted(self.steps)]

    @property
    def validation_losses(self) -> list[float]:
        """Of the validations, in order."""
        return [self.validations[number].loss for number in sorted(self.validations)]

    def figures(self) -> list[str]:
        """What a person wants to know of training, a line each."""
        lines = []
        if self.steps:
            last = self.steps[max(self.steps)]
            lines.append(
                f"Step {last.step} of {last.steps}: loss {last.loss:.3f}, gradient "
                f"{last.gradient_norm:.2f}, rate {last.learning_rate:.2e}"
            )
            lines.append(
                f"Memory {last.memory_bytes / 1e9:.1f} GB at the most, "
                f"{last.tokens_per_second:,.0f} tokens a second"
            )
        lines += [
            f"Validation at step {v.step}: perplexity {v.perplexity:.2f}, loss {v.loss:.3f} "
            f"against {v.train_loss:.3f} in training{', the best so far' if v.best else ''}"
            for v in [self.validations[n] for n in sorted(self.validations)][-3:]
        ]
        return [*lines, *self.outcome]

    def samples(self) -> dict[str, list[tuple[str, str]]]:
        """What the narrator wrote to each brief: round and text, in order."""
        found: dict[str, list[tuple[str, str]]] = {}
        for file in sorted((self.folder / "samples").glob("*/step-*.txt")):
            step = int(file.stem.partition("-")[2]) if file.stem[5:].isdigit() else 0
            text = file.read_text("utf-8", errors="replace")
            found.setdefault(file.parent.name, []).append((f"After step {step}", text))
        return found


def _ended(event: PipelineEvent) -> list[str]:
    match event:
        case PrepFinished():
            failed = f", {event.failed} failed" if event.failed else ""
            books, rows = counted(event.books, "book"), counted(event.rows, "row")
            return [f"Preparation is done: {books}, {rows}{failed}."]
        case TrainStopped():
            after = f"Training has ended after step {event.step}: {event.reason}."
            return [f"{after} {event.detail}".rstrip()]
        case TrainFailed():
            return [f"{event.error} {event.fix}".rstrip()]
        case EvalFinished():
            tuned = f"{event.perplexity_tuned:.2f} after"
            return [f"Perplexity {event.perplexity_base:.2f} before, {tuned}."]
        case AdapterJudged():
            return [verdict_lines(event.verdict, event.reasons)]
        case _:
            return []
