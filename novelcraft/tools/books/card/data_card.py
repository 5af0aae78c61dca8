"""The data card, counted from what lies in the folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median_low
from typing import get_args

from novelcraft.config.prep import PrepSettings
from novelcraft.state.books import BookFile, BookScene, CutBy, Drop
from novelcraft.state.card import (
    CardBook,
    DataCard,
    DropLine,
    Histogram,
    PurposeCost,
    RowCounts,
    SceneCounts,
    StageTime,
    TrimLine,
)
from novelcraft.state.duplicates import Duplicate
from novelcraft.state.manuscript import count_words
from novelcraft.state.prep import STAGES, Stage, StageRecord
from novelcraft.state.rows import RowManifest, TrainingRow, Trim
from novelcraft.tools.canon.calls import CallTotals
from novelcraft.tools.text import clipped

_CLASSES = 20
"""Classes that a histogram has at most."""
_EXAMPLE = 120
"""Characters of an example."""


@dataclass(frozen=True)
class CorpusBook:
    """What the folder holds of one book."""

    file: BookFile
    """With its scenes where there are any."""
    drops: Iterable[Drop] = ()
    stages: Mapping[Stage, StageRecord] = field(default_factory=dict)


def data_card(
    corpus: Iterable[CorpusBook],
    settings: PrepSettings,
    *,
    rows: Iterable[TrainingRow] = (),
    manifest: RowManifest | None = None,
    duplicates: Sequence[Duplicate] = (),
    calls: Mapping[str, CallTotals] | None = None,
    models: Iterable[str] = (),
) -> DataCard:
    """Count a corpus.

    Args:
        corpus: The books in their order, each asked for once, so that they can be read one by one.
        settings: The limits of scenes and rows, and whether copies are dropped.
        rows: All rows, of all files.
        manifest: How the rows came about; None before they were made.
        duplicates: As `duplicate_scenes` found them.
        calls: Sums over the log of model calls, by purpose.
        models: Names of the models that were asked.
    """
    written = _Rows(settings.max_row_tokens)
    for row in rows:
        written.add(row)
    read = _Books(settings)
    for book in corpus:
        read.add(book, written)
    return DataCard(
        tokenizer=manifest.tokenizer if manifest else None,
        think=manifest.think if manifest else None,
        models=tuple(models),
        books=tuple(read.books),
        scenes=read.counts(),
        rows=written.counts(),
        scene_tokens=histogram(read.scene_tokens),
        cut_tokens=histogram(read.cut_tokens),
        row_tokens=histogram(written.tokens),
        trims=_trims(manifest.trims) if manifest else (),
        skipped=manifest.skipped if manifest else (),
        drops=read.drop_lines(),
        duplicates=tuple(duplicates),
        duplicates_dropped=settings.drop_duplicates,
        split=manifest.split if manifest else None,
        files=manifest.files if manifest else (),
        strategy=settings.strategy,
        strategies=manifest.costs if manifest else (),
        calls=tuple(
            PurposeCost(purpose=purpose, **totals._asdict())
            for purpose, totals in sorted((calls or {}).items())
        ),
        times=tuple(StageTime(stage=s, seconds=read.seconds[s]) for s in STAGES if read.seconds[s]),
    )


def histogram(values: Sequence[int]) -> Histogram:
    """Lengths in at most 20 classes, whose width is 1, 2 or 5 with zeros (25, 250 too)."""
    if not values:
        return Histogram()
    least, most = min(values), max(values)
    step = next(step for step in _steps() if most // step - least // step < _CLASSES)
    start = least // step * step
    classes = Counter((value - start) // step for value in values)
    return Histogram(
        start=start,
        step=step,
        counts=tuple(classes[n] for n in range((most - start) // step + 1)),
        total=len(values),
        least=least,
        median=median_low(values),
        most=most,
        sum=sum(values),
    )


def _steps() -> Iterable[int]:
    yield from (1, 2, 5)
    power = 10
    while True:
        yield from (power, 2 * power, power * 5 // 2, 5 * power)
        power *= 10


class _Rows:
    """The rows while they are counted."""

    def __init__(self, limit: int) -> None:
        self.tokens: list[int] = []
        self.of_book: Counter[str] = Counter()
        self.tokens_of_book: Counter[str] = Counter()
        self._limit = limit
        self._kinds: Counter[str] = Counter()
        self._prompt = self._completion = self._trimmed = 0

    def add(self, row: TrainingRow) -> None:
        self.tokens.append(row.tokens)
        self.of_book[row.book_id] += 1
        self.tokens_of_book[row.book_id] += row.tokens
        self._kinds[row.kind] += 1
        self._prompt += row.prompt_tokens
        self._completion += row.completion_tokens
        self._trimmed += row.trimmed > 0

    def counts(self) -> RowCounts:
        return RowCounts(
            limit=self._limit,
            total=len(self.tokens),
            by_kind=dict(sorted(self._kinds.items())),
            above=sum(tokens > self._limit for tokens in self.tokens),
            prompt_tokens=self._prompt,
            completion_tokens=self._completion,
            trimmed=self._trimmed,
        )


class _Books:
    """The books while they are counted."""

    def __init__(self, settings: PrepSettings) -> None:
        self.books: list[CardBook] = []
        self.scene_tokens: list[int] = []
        self.cut_tokens: list[int] = []
        self.seconds: defaultdict[Stage, float] = defaultdict(float)
        self._low, self._high = settings.scene_tokens
        self._drops: dict[str, DropLine] = {}
        self._remainders = self._within = self._without_summary = self._without_brief = 0
        self._facts = self._without_facts = 0
        self._begun: Counter[CutBy] = Counter()
        self._repaired: Counter[str] = Counter()

    def add(self, book: CorpusBook, rows: _Rows) -> None:
        meta, scenes = book.file.meta, book.file.scenes
        stages = book.stages
        self.books.append(
            CardBook(
                book_id=meta.book_id,
                title=meta.title,
                author=meta.author,
                language=meta.language,
                words=meta.word_count,
                chapters=meta.total_chapters,
                scenes=len(scenes),
                rows=rows.of_book[meta.book_id],
                row_tokens=rows.tokens_of_book[meta.book_id],
                notices=tuple(n for s in STAGES if s in stages for n in stages[s].notices),
            )
        )
        for stage, record in stages.items():
            self.seconds[stage] += record.seconds
        for drop in book.drops:
            self._drop(drop)
        chapter = 0
        for scene in scenes:
            self._scene(scene, begins_chapter=scene.chapter_index != chapter)
            chapter = scene.chapter_index
        self._without_summary += sum(not scene.recursive_summary for scene in scenes[1:])

    def _scene(self, scene: BookScene, *, begins_chapter: bool) -> None:
        self.scene_tokens.append(scene.tokens)
        self.cut_tokens += scene.cuts
        self._remainders += scene.remainder
        self._within += not scene.remainder and self._low <= scene.tokens <= self._high
        self._without_brief += not scene.instruction
        self._facts += len(scene.facts or ())
        self._without_facts += scene.facts is None
        self._repaired.update(set(scene.repairs))
        if not begins_chapter:
            self._begun[scene.cut_by] += 1

    def _drop(self, drop: Drop) -> None:
        line = self._drops.get(drop.reason)
        example = clipped(drop.text, _EXAMPLE)
        line = line or DropLine(reason=drop.reason, times=0, words=0, example=example)
        words = line.words + count_words(drop.text)
        changed = {"times": line.times + 1, "words": words}
        self._drops[drop.reason] = line.model_copy(update=changed)

    def counts(self) -> SceneCounts:
        return SceneCounts(
            low=self._low,
            high=self._high,
            total=len(self.scene_tokens),
            remainders=self._remainders,
            within=self._within,
            above=sum(tokens > self._high for tokens in self.scene_tokens),
            begun_by={by: self._begun[by] for by in get_args(CutBy) if self._begun[by]},
            without_summary=self._without_summary,
            without_brief=self._without_brief,
            facts=self._facts,
            without_facts=self._without_facts,
            repaired=_ranked(self._repaired),
        )

    def drop_lines(self) -> tuple[DropLine, ...]:
        lines = self._drops.values()
        return tuple(sorted(lines, key=lambda line: (-line.words, line.reason)))


def _ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _trims(trims: Iterable[Trim]) -> tuple[TrimLine, ...]:
    """The trims by section, the largest first; a row may have several of one section."""
    rows: dict[str, set[str]] = {}
    tokens: Counter[str] = Counter()
    for trim in trims:
        rows.setdefault(trim.section, set()).add(trim.row_id)
        tokens[trim.section] += trim.tokens
    return tuple(
        TrimLine(section=section, rows=len(rows[section]), tokens=left_out)
        for section, left_out in _ranked(tokens)
    )
