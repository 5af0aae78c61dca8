"""The book as a whole: complete, on its length, and no copy of itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.checks.base import Flaw, Rule, evidence, quote
from novelcraft.tools.metrics import Prose, cross_copying, words

LENGTH = 0.05
"""By how much of its target a finished book may miss it."""

GOOD_COPYING = 0.01
"""Share of 5-grams from earlier chapters up to which a book is good."""

PARAGRAPH_WORDS = 8
"""Words of a paragraph that should stand in one scene only."""

OPENING_WORDS = 4
OPENING_SCENES = 3
"""So many scenes that begin with the same words are too many."""


def check_book(chain: Sequence[SceneCommit], plan: Plan) -> tuple[Finding, ...]:
    """Look at a whole book.

    Args:
        chain: The scene commits, in reading order.
        plan: The plan that the book ends with.

    Returns:
        Findings in the order of the checks. `book.copying` is always there where the book has two
        chapters, because its number is worth knowing.
    """
    book = _Book(tuple(chain), plan)
    return tuple(finding for check in BOOK_CHECKS for finding in check(book))


@dataclass(frozen=True)
class _Book:
    chain: tuple[SceneCommit, ...]
    plan: Plan

    @cached_property
    def copying(self) -> float | None:
        """The share of 5-grams that stand in an earlier chapter; None for a single chapter."""
        chapters: defaultdict[str, list[str]] = defaultdict(list)
        for commit in self.chain:
            chapters[commit.chapter_id].append(commit.prose)
        if len(chapters) < 2:
            return None
        return cross_copying(
            [w for prose in proses for w in words(prose)] for proses in chapters.values()
        )


def _flaw(message: str, quotes: Sequence[str] = (), about: str = "book") -> Flaw:
    return Flaw(message, evidence=tuple(quotes), about=about)


def _length(book: _Book) -> Iterator[Flaw]:
    total = sum(c.words for c in book.chain)
    off = total / book.plan.target_words - 1
    if abs(off) > LENGTH:
        yield _flaw(
            f"The book has {total} words, {off:+.1%} off its target of {book.plan.target_words}.",
        )


def _unwritten(book: _Book) -> Iterator[Flaw]:
    written = {c.scene_id for c in book.chain}
    missing = [s.id for s in book.plan.scenes if s.id not in written]
    if missing:
        yield _flaw(f"{len(missing)} planned scenes are not written.", missing)


def _unwritten_chapters(book: _Book) -> Iterator[Flaw]:
    chapters = {c.chapter_id for c in book.chain}
    empty = [c.id for c in book.plan.chapters if c.id not in chapters]
    if empty:
        yield _flaw(
            f"The book has {len(chapters)} of {len(book.plan.chapters)} planned chapters.",
            empty,
        )


def _wordless(book: _Book) -> Iterator[Flaw]:
    words = Counter[str]()
    for commit in book.chain:
        words[commit.chapter_id] += commit.words
    empty = [chapter for chapter, count in words.items() if not count]
    if empty:
        yield _flaw(f"{len(empty)} chapters hold no words.", empty)


def _hooks(book: _Book) -> Iterator[Flaw]:
    written = {c.scene_id for c in book.chain}
    for hook in book.plan.hooks:
        if hook.plant_scene not in written:
            what = f"never planted: {hook.plant_scene} is not written"
        elif hook.payoff_scene not in written:
            what = f"never paid off: {hook.payoff_scene} is not written"
        else:
            continue
        yield _flaw(f"The hook {hook.id} is {what}.", (hook.text,), hook.id)


def _at_cap(book: _Book) -> Iterator[Flaw]:
    capped = [c for c in book.chain if c.accepted_by == "cap"]
    if capped:
        yield _flaw(
            f"{len(capped)} of {len(book.chain)} scenes were kept at the cap on attempts.",
            [c.scene_id for c in capped],
        )


def _stale(book: _Book) -> Iterator[Flaw]:
    stale = [c for c in book.chain if c.stale]
    if stale:
        yield _flaw(
            f"{len(stale)} scenes may no longer fit what was edited before them.",
            [c.scene_id for c in stale],
        )


def _copied(book: _Book) -> Iterator[Flaw]:
    if book.copying is not None and book.copying > GOOD_COPYING:
        yield _copying_flaw(book.copying)


def _copied_little(book: _Book) -> Iterator[Flaw]:
    """No flaw; its number is worth knowing all the same."""
    if book.copying is not None and book.copying <= GOOD_COPYING:
        yield _copying_flaw(book.copying)


def _copying_flaw(share: float) -> Flaw:
    return _flaw(
        f"{share:.2%} of the book's 5-grams stand in an earlier chapter. Published novels have "
        f"0.15 to 0.52 %, good is at most {GOOD_COPYING:.0%}."
    )


def _paragraphs(book: _Book) -> Iterator[Flaw]:
    where: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for commit in book.chain:
        for paragraph in Prose(commit.prose).paragraphs:
            found = words(paragraph)
            if len(found) >= PARAGRAPH_WORDS:
                where[" ".join(found)].append((commit.scene_id, paragraph))
    repeated = [
        p for places in where.values() if len({s for s, _ in places}) > 1 for _, p in places
    ]
    if repeated:
        yield _flaw(
            "Paragraphs stand in more than one scene.",
            evidence(repeated),
        )


def _openings(book: _Book) -> Iterator[Flaw]:
    openings = {c.scene_id: words(c.prose[:200])[:OPENING_WORDS] for c in book.chain}
    counts = Counter(" ".join(w) for w in openings.values() if len(w) == OPENING_WORDS)
    common = [opening for opening, count in counts.items() if count >= OPENING_SCENES]
    if common:
        alike = [c for c in book.chain if " ".join(openings[c.scene_id]) in common]
        yield _flaw(
            f"{len(alike)} scenes begin with words that other scenes begin with too.",
            [quote(Prose(c.prose).sentences[0]) for c in alike[:OPENING_SCENES]],
        )


BOOK_CHECKS = (
    Rule("book.length", "warn", _length),
    Rule("book.unwritten", "warn", _unwritten),
    Rule("book.chapters", "warn", _unwritten_chapters),
    Rule("book.empty_chapter", "block", _wordless),
    Rule("book.hook", "warn", _hooks),
    Rule("book.at_cap", "report", _at_cap),
    Rule("book.stale", "warn", _stale),
    Rule("book.copying", "warn", _copied),
    Rule("book.copying", "report", _copied_little),
    Rule("book.duplicate", "warn", _paragraphs),
    Rule("book.openings", "report", _openings),
)
"""In the order in which their findings are listed. Only a chapter without words blocks: the scenes
are accepted already."""
