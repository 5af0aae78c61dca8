"""The book as a whole: complete, on its length, and no copy of itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from novelcraft.state.findings import Finding, Severity
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.checks.base import evidence, quote
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
    """Look at a whole book. Only a chapter without words blocks: the scenes are accepted already.

    Args:
        chain: The scene commits, in reading order.
        plan: The plan that the book ends with.

    Returns:
        Findings in a stable order. `book.copying` is always there where the book has two
        chapters, because its number is worth knowing.
    """
    parts = (
        _length(chain, plan),
        _unwritten(chain, plan),
        _wordless(chain),
        _hooks(chain, plan),
        _at_cap(chain),
        _stale(chain),
        _copying(chain),
        _paragraphs(chain),
        _openings(chain),
    )
    return tuple(finding for part in parts for finding in part)


def _finding(
    check: str, severity: Severity, message: str, quotes: Sequence[str] = (), about: str = ""
) -> Finding:
    return Finding(
        check=f"book.{check}",
        severity=severity,
        message=message,
        evidence=tuple(quotes),
        about=about or "book",
    )


def _length(chain: Sequence[SceneCommit], plan: Plan) -> Iterator[Finding]:
    total = sum(c.words for c in chain)
    off = total / plan.target_words - 1
    if abs(off) > LENGTH:
        yield _finding(
            "length",
            "warn",
            f"The book has {total} words, {off:+.1%} off its target of {plan.target_words}.",
        )


def _unwritten(chain: Sequence[SceneCommit], plan: Plan) -> Iterator[Finding]:
    written = {c.scene_id for c in chain}
    missing = [s.id for s in plan.scenes if s.id not in written]
    if missing:
        yield _finding(
            "unwritten", "warn", f"{len(missing)} planned scenes are not written.", missing
        )
    chapters = {c.chapter_id for c in chain}
    empty = [c.id for c in plan.chapters if c.id not in chapters]
    if empty:
        yield _finding(
            "chapters",
            "warn",
            f"The book has {len(chapters)} of {len(plan.chapters)} planned chapters.",
            empty,
        )


def _wordless(chain: Sequence[SceneCommit]) -> Iterator[Finding]:
    words = Counter[str]()
    for commit in chain:
        words[commit.chapter_id] += commit.words
    empty = [chapter for chapter, count in words.items() if not count]
    if empty:
        yield _finding("empty_chapter", "block", f"{len(empty)} chapters hold no words.", empty)


def _hooks(chain: Sequence[SceneCommit], plan: Plan) -> Iterator[Finding]:
    written = {c.scene_id for c in chain}
    for hook in plan.hooks:
        if hook.plant_scene not in written:
            what = f"never planted: {hook.plant_scene} is not written"
        elif hook.payoff_scene not in written:
            what = f"never paid off: {hook.payoff_scene} is not written"
        else:
            continue
        yield _finding("hook", "warn", f"The hook {hook.id} is {what}.", (hook.text,), hook.id)


def _at_cap(chain: Sequence[SceneCommit]) -> Iterator[Finding]:
    capped = [c for c in chain if c.accepted_by == "cap"]
    if capped:
        yield _finding(
            "at_cap",
            "report",
            f"{len(capped)} of {len(chain)} scenes were kept at the cap on attempts.",
            [c.scene_id for c in capped],
        )


def _stale(chain: Sequence[SceneCommit]) -> Iterator[Finding]:
    stale = [c for c in chain if c.stale]
    if stale:
        yield _finding(
            "stale",
            "warn",
            f"{len(stale)} scenes may no longer fit what was edited before them.",
            [c.scene_id for c in stale],
        )


def _copying(chain: Sequence[SceneCommit]) -> Iterator[Finding]:
    chapters: defaultdict[str, list[str]] = defaultdict(list)
    for commit in chain:
        chapters[commit.chapter_id].append(commit.prose)
    if len(chapters) < 2:
        return
    share = cross_copying(
        [w for prose in proses for w in words(prose)] for proses in chapters.values()
    )
    yield _finding(
        "copying",
        "warn" if share > GOOD_COPYING else "report",
        f"{share:.2%} of the book's 5-grams stand in an earlier chapter. Published novels have "
        f"0.15 to 0.52 %, good is at most {GOOD_COPYING:.0%}.",
    )


def _paragraphs(chain: Sequence[SceneCommit]) -> Iterator[Finding]:
    where: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for commit in chain:
        for paragraph in Prose(commit.prose).paragraphs:
            found = words(paragraph)
            if len(found) >= PARAGRAPH_WORDS:
                where[" ".join(found)].append((commit.scene_id, paragraph))
    repeated = [
        p for places in where.values() if len({s for s, _ in places}) > 1 for _, p in places
    ]
    if repeated:
        yield _finding(
            "duplicate",
            "warn",
            "Paragraphs stand in more than one scene.",
            evidence(repeated),
        )


def _openings(chain: Sequence[SceneCommit]) -> Iterator[Finding]:
    openings = {c.scene_id: words(c.prose[:200])[:OPENING_WORDS] for c in chain}
    counts = Counter(" ".join(w) for w in openings.values() if len(w) == OPENING_WORDS)
    common = [opening for opening, count in counts.items() if count >= OPENING_SCENES]
    if common:
        alike = [c for c in chain if " ".join(openings[c.scene_id]) in common]
        yield _finding(
            "openings",
            "report",
            f"{len(alike)} scenes begin with words that other scenes begin with too.",
            [quote(Prose(c.prose).sentences[0]) for c in alike[:OPENING_SCENES]],
        )
