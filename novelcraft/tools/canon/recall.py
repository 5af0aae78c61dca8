"""What a scene should know about what came before: facts first, then passages alike."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.state.canon import CanonNote
from novelcraft.state.manuscript import Fact
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.canon.index import Found, PassageIndex, StaleIndexError
from novelcraft.tools.canon.passages import passages as passages_of
from novelcraft.tools.canon.ranking import fact_note, rank_facts
from novelcraft.tools.canon.store import ManuscriptStore

PASSAGE_SHARE = 4
"""One note in so many is kept for a passage, however many facts there are."""


def recall(
    store: ManuscriptStore,
    index: PassageIndex,
    head: str | None,
    brief: SceneBrief,
    plan: Plan,
    k: int,
    *,
    passages: bool = True,
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
        passages: Whether passages are among them.
    """
    if head is None or k < 1:
        return []
    ancestors = store.commit_ids(head)
    for_passages = max(1, k // PASSAGE_SHARE) if passages else 0
    facts = _facts(store.facts_as_of(head), brief, plan)[: k - for_passages]
    found = (
        _passages(store, index, ancestors, _question(brief, plan), for_passages) if passages else []
    )
    return [
        *(
            CanonNote(
                kind="fact",
                text=fact_note(fact),
                commit=ancestors[position - 1],
                position=position,
            )
            for position, fact in facts
        ),
        *(
            CanonNote(
                kind="passage",
                text=passages_of(store.get(one.commit))[one.number].text,
                commit=one.commit,
                position=one.position,
            )
            for one in found
        ),
    ]


def _facts(
    known: Sequence[tuple[int, Fact]], brief: SceneBrief, plan: Plan
) -> list[tuple[int, Fact]]:
    here = (*plan.names(brief.present), brief.place)
    return rank_facts(known, here, " ".join((brief.goal, *brief.beats, brief.turn, brief.outcome)))


def _question(brief: SceneBrief, plan: Plan) -> str:
    return " ".join((*plan.names(brief.present), brief.place, brief.goal, *brief.beats, brief.turn))


def _passages(
    store: ManuscriptStore, index: PassageIndex, ancestors: Sequence[str], question: str, k: int
) -> list[Found]:
    earlier = ancestors[:-1]
    try:
        return index.query(question, earlier, k)
    except StaleIndexError:
        index.sync(store.chain(ancestors[-1]))
        return index.query(question, earlier, k)
