"""Which rows are kept back for validation: whole chapters, or whole books.

Rows of one chapter share their text's style, place and summary, so that a random row is no test
of anything. The choice hangs on names and a seed alone: it is the same on every machine, and a
book that joins the shelf moves no chapter of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from novelcraft.config.prep import SplitBy
from novelcraft.state.base import content_hash
from novelcraft.state.rows import SplitNote, TrainingRow


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to validate with, each in the order of the data set."""

    train: tuple[TrainingRow, ...]
    validation: tuple[TrainingRow, ...]
    note: SplitNote


def split_rows(rows: Sequence[TrainingRow], *, by: SplitBy, share: float, seed: int) -> Split:
    """Keep a share of the tokens back for validation.

    By chapter, each book gives its own share, as nearly as whole chapters allow; a book of few
    chapters may give none. By book, the whole shelf gives it. Where that leaves validation empty
    although a share was asked for and there are two chapters or books, it gets the one that
    comes nearest to the share.

    Args:
        rows: All rows.
        by: What stays together.
        share: Share of the tokens, 0 to 1.
        seed: Another seed chooses others.
    """
    sizes: dict[str, int] = {}
    shelf: dict[str, list[str]] = {}
    for row in rows:
        name = _group(row, by)
        if name not in sizes:
            shelf.setdefault("" if by == "book" else row.book_id, []).append(name)
        sizes[name] = sizes.get(name, 0) + row.tokens
    kept: set[str] = set()
    for names in shelf.values():
        kept |= _chosen({name: sizes[name] for name in names}, share, seed)
    if share and not kept and len(sizes) > 1:
        wanted = share * sum(sizes.values())
        kept = {min(sizes, key=lambda n: (abs(sizes[n] - wanted), _lot(n, seed)))}
    train = tuple(row for row in rows if _group(row, by) not in kept)
    validation = tuple(row for row in rows if _group(row, by) in kept)
    whole = sum(sizes.values())
    note = SplitNote(
        by=by,
        share=share,
        seed=seed,
        validation=tuple(name for name in sizes if name in kept),
        validation_share=round(sum(sizes[n] for n in kept) / whole, 4) if whole else 0.0,
    )
    return Split(train, validation, note)


def _group(row: TrainingRow, by: SplitBy) -> str:
    return row.book_id if by == "book" else f"{row.book_id}/{row.chapter_index}"


def _chosen(sizes: Mapping[str, int], share: float, seed: int) -> set[str]:
    """Names by lot, each taken when it brings the share nearer."""
    wanted, taken = share * sum(sizes.values()), 0
    kept: set[str] = set()
    for name in sorted(sizes, key=lambda n: _lot(n, seed)):
        if abs(taken + sizes[name] - wanted) < abs(taken - wanted):
            kept.add(name)
            taken += sizes[name]
    return kept


def _lot(name: str, seed: int) -> str:
    return content_hash(["split", seed, name])
