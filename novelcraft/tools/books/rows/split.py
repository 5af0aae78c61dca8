"""Which rows are kept back for validation: whole chapters, or whole books.

Rows of one chapter share their text's style, place and summary, so that a random row is no test
of anything. The choice hangs on names and a seed alone: it is the same on every machine, and a
book that joins the shelf moves no chapter of another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from novelcraft.config.prep import SplitBy
from novelcraft.state.base import content_hash
from novelcraft.state.rows import SplitNote, TrainingRow
from novelcraft.tools.books.rows.chat_template import split_plan

_REPEATED = 0.1
"""Share of a validation row's text that stands in training rows, for it to be no test."""
_PARAGRAPH_END = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class SplitPlan:
    """Which chapters or books are kept back."""

    note: SplitNote
    kept: frozenset[str]

    def keeps(self, group: str) -> bool:
        """Whether rows of that group, see `Tally.add`, are for validation."""
        return group in self.kept


@dataclass
class Tally:
    """Counts rows by what stays together, without holding them."""

    by: SplitBy
    _sizes: dict[str, int] = field(default_factory=dict)
    _shelf: dict[str, list[str]] = field(default_factory=dict)

    def add(self, row: TrainingRow) -> str:
        """Count a row.

        Returns:
            The name of the chapter or book that it stays with.
        """
        group = row.book_id if self.by == "book" else f"{row.book_id}/{row.chapter_index}"
        if group not in self._sizes:
            self._shelf.setdefault("" if self.by == "book" else row.book_id, []).append(group)
        self._sizes[group] = self._sizes.get(group, 0) + row.tokens
        return group

    def plan(self, share: float, seed: int) -> SplitPlan:
        """Keep a share of the tokens counted so far back for validation.

        By chapter, each book gives its own share, as nearly as whole chapters allow; a book of
        few chapters may give none. By book, the whole shelf gives it. Where that leaves
        validation empty although a share was asked for and there are two chapters or books, it
        gets the one that comes nearest to the share.

        Args:
            share: Share of the tokens, 0 to 1.
            seed: Another seed chooses others.
        """
        sizes, whole = self._sizes, sum(self._sizes.values())
        kept: set[str] = set()
        for groups in self._shelf.values():
            kept |= choose_groups({group: sizes[group] for group in groups}, share, seed)
        if share and not kept and len(sizes) > 1:
            kept = {min(sizes, key=lambda g: (abs(sizes[g] - share * whole), _lot(g, seed)))}
        note = SplitNote(
            by=self.by,
            share=share,
            seed=seed,
            validation=tuple(group for group in sizes if group in kept),
            validation_share=round(sum(sizes[g] for g in kept) / whole, 4) if whole else 0.0,
        )
        return SplitPlan(note, frozenset(kept))


def choose_groups(sizes: Mapping[str, int], share: float, seed: int) -> set[str]:
    """Names by lot, each taken when it brings the share nearer.

    Args:
        sizes: How much each name stands for.
        share: The share that is wanted, 0 to 1.
        seed: Another seed chooses others.
    """
    wanted, taken = share * sum(sizes.values()), 0
    kept: set[str] = set()
    for name in sorted(sizes, key=lambda n: _lot(n, seed)):
        if abs(taken + sizes[name] - wanted) < abs(taken - wanted):
            kept.add(name)
            taken += sizes[name]
    return kept


def trained_on(validation: Iterable[TrainingRow], train: Iterable[TrainingRow]) -> list[str]:
    """Validation rows that are no test of training, because they repeat training rows.

    Returns:
        The ids of rows of which a tenth of the text or more stands in training rows, by whole
        paragraphs: equal rows, and windows that overlap. A refrain alone is no such row.
    """
    learnt = {paragraph for row in train for paragraph in _paragraphs(row)}
    return [row.row_id for row in validation if _share(_paragraphs(row), learnt) >= _REPEATED]


def _paragraphs(row: TrainingRow) -> list[str]:
    _, text = split_plan(row.messages[-1].content)
    return [" ".join(paragraph.split()) for paragraph in _PARAGRAPH_END.split(text)]


def _share(paragraphs: Sequence[str], learnt: Collection[str]) -> float:
    whole = sum(map(len, paragraphs))
    return sum(len(p) for p in paragraphs if p in learnt) / whole if whole else 0.0


def _lot(name: str, seed: int) -> str:
    return content_hash(["split", seed, name])
