"""What a scene should know about what came before: facts first, then passages alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from novelcraft.state.canon import CanonNote, Passage
from novelcraft.state.manuscript import Fact
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.canon.index import PassageIndex, StaleIndexError
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.metrics.text import words

PASSAGE_SHARE = 4
"""One note in so many is kept for a passage, however many facts there are."""


def recall(
    store: ManuscriptStore,
    index: PassageIndex,
    head: str | None,
    brief: SceneBrief,
    plan: Plan,
    k: int,
) -> list[CanonNote]:
    """The notes for a scene, as of a commit, the most useful first.

    First facts about who is present and the place, then facts about what else the brief
    names, the recent ones before the old; a fact that was said twice comes once. Then the
    passages most like the brief. The scene right before is left out of those, because its end
    is in the prompt anyway. The same chain gives the same notes.

    Args:
        store: Holds the chain.
        index: Holds its passages; brought up to date here when it is not.
        head: The commit that the scene follows; None for the first scene, which has no notes.
        brief: The scene.
        plan: Its plan, for the names.
        k: The most notes to return.
    """
    if head is None or k < 1:
        return []
    ancestors = store.commit_ids(head)
    for_passages = max(1, k // PASSAGE_SHARE)
    facts = _facts(store.facts_as_of(head), brief, plan)[: k - for_passages]
    found = _passages(store, index, ancestors, _question(brief, plan), for_passages)
    return [
        *(
            CanonNote(
                kind="fact",
                text=f"{fact.subject}: {fact.statement}",
                commit=ancestors[position - 1],
                position=position,
            )
            for position, fact in facts
        ),
        *(
            CanonNote(
                kind="passage",
                text=passage.text,
                commit=passage.commit,
                position=passage.position,
            )
            for passage in found
        ),
    ]


class _Ranked(NamedTuple):
    """Sorts facts: about those present, then recent, then in the order they were said."""

    named_only: bool
    age: int
    number: int


def _facts(
    known: Sequence[tuple[int, Fact]], brief: SceneBrief, plan: Plan
) -> list[tuple[int, Fact]]:
    here = [_words(name) for name in (*plan.names(brief.present), brief.place)]
    named = _words(" ".join((brief.goal, *brief.beats, brief.turn, brief.outcome)))
    ranked: list[tuple[_Ranked, int, Fact]] = []
    for number, (position, fact) in enumerate(known):
        subject = _words(fact.subject)
        if not subject:
            continue
        present = any(subject <= name or name <= subject for name in here if name)
        if present or subject <= named:
            ranked.append((_Ranked(not present, -position, number), position, fact))
    latest: dict[tuple[tuple[str, ...], ...], tuple[int, Fact]] = {}
    for _, position, fact in sorted(ranked, key=lambda entry: entry[0]):
        said = (tuple(words(fact.subject)), tuple(words(fact.statement)))
        latest.setdefault(said, (position, fact))
    return list(latest.values())


def _question(brief: SceneBrief, plan: Plan) -> str:
    return " ".join((*plan.names(brief.present), brief.place, brief.goal, *brief.beats, brief.turn))


def _passages(
    store: ManuscriptStore, index: PassageIndex, ancestors: Sequence[str], question: str, k: int
) -> list[Passage]:
    earlier = ancestors[:-1]
    try:
        return index.query(question, earlier, k)
    except StaleIndexError:
        index.sync(store.chain(ancestors[-1]))
        return index.query(question, earlier, k)


def _words(text: str) -> frozenset[str]:
    return frozenset(words(text))
