from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.state.canon import CanonNote
from novelcraft.state.manuscript import Fact, SceneCommit
from novelcraft.tools.canon.embedders import HashEmbedder
from novelcraft.tools.canon.index import PassageIndex
from novelcraft.tools.canon.recall import recall
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories
from tests.tools.canon.conftest import begin

PLAN = factories.plan()
BRIEF = factories.brief(
    9,
    place="the lighthouse",
    present=("c1",),
    goal="Elias looks for the brass key.",
    beats=("He finds a bottle.",),
    turn="The bottle is empty.",
)


@pytest.fixture
def novel(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as store:
        begin(store)
        yield store


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PassageIndex]:
    index = PassageIndex(tmp_path / "canon", HashEmbedder())
    yield index
    index.close()


def write(store: ManuscriptStore, *scenes: tuple[str, tuple[Fact, ...]]) -> list[SceneCommit]:
    chain: list[SceneCommit] = []
    for n, (prose, facts) in enumerate(scenes):
        parent = chain[-1] if chain else None
        chain.append(store.commit("main", factories.commit(n + 1, parent, prose, facts=facts)))
    return chain


def ask(
    store: ManuscriptStore, index: PassageIndex, head: SceneCommit | None, k: int = 12
) -> list[CanonNote]:
    return recall(store, index, head.id if head else None, BRIEF, PLAN, k)


def said(notes: list[CanonNote], kind: str) -> list[str]:
    return [note.text for note in notes if note.kind == kind]


def test_the_first_scene_has_no_notes(novel: ManuscriptStore, index: PassageIndex) -> None:
    assert ask(novel, index, None) == []


def test_facts_about_those_present_come_first_and_the_recent_before_the_old(
    novel: ManuscriptStore, index: PassageIndex
) -> None:
    chain = write(
        novel,
        ("One.", (Fact(subject="Elias Marrow", statement="He is old."),)),
        (
            "Two.",
            (
                Fact(subject="Brass key", statement="It opens the lamp room."),
                Fact(subject="elias", statement="He limps."),
                Fact(subject="Lighthouse", statement="It has 99 steps."),
                Fact(subject="Anna Veil", statement="She is away."),
            ),
        ),
    )
    notes = ask(novel, index, chain[-1])
    assert said(notes, "fact") == [
        "elias: He limps.",
        "Lighthouse: It has 99 steps.",
        "Elias Marrow: He is old.",
        "Brass key: It opens the lamp room.",
    ]
    assert [(n.commit, n.position) for n in notes[1:3]] == [(chain[1].id, 2), (chain[0].id, 1)]


def test_a_fact_said_twice_comes_once_as_it_was_said_last(
    novel: ManuscriptStore, index: PassageIndex
) -> None:
    first = Fact(subject="Elias Marrow", statement="He limps.")
    second = Fact(subject="Elias Marrow", statement="He LIMPS")
    chain = write(novel, ("One.", (first,)), ("Two.", (second,)))
    (fact,) = (n for n in ask(novel, index, chain[-1]) if n.kind == "fact")
    assert (fact.text, fact.position) == ("Elias Marrow: He LIMPS", 2)


def test_passages_are_those_alike_but_never_of_the_scene_before(
    novel: ManuscriptStore, index: PassageIndex
) -> None:
    chain = write(
        novel,
        ("A bottle came in with the tide, empty.", ()),
        ("Anna counted stamps.", ()),
        ("The empty bottle stood in the lighthouse.", ()),
    )
    notes = ask(novel, index, chain[-1], k=4)
    assert said(notes, "passage") == ["A bottle came in with the tide, empty."]
    assert notes[-1].commit == chain[0].id


def test_facts_leave_room_for_passages(novel: ManuscriptStore, index: PassageIndex) -> None:
    facts = tuple(Fact(subject="Elias", statement=f"Fact {n}.") for n in range(30))
    chain = write(novel, ("A bottle.", facts), ("Another bottle.", ()), ("End.", ()))
    notes = ask(novel, index, chain[-1], k=8)
    assert [n.kind for n in notes] == ["fact"] * 6 + ["passage"] * 2
    assert ask(novel, index, chain[-1], k=0) == []


def test_another_branch_is_not_recalled(novel: ManuscriptStore, index: PassageIndex) -> None:
    chain = write(novel, ("Once.", ()), ("Twice.", ()))
    novel.create_branch("other", head=chain[0].id, plan_version=1)
    ghost = Fact(subject="Elias", statement="He died.")
    theirs = factories.commit(2, chain[0], prose="The bottle was empty.", facts=(ghost,))
    theirs = novel.commit("other", theirs)
    last = novel.commit("other", factories.commit(3, theirs, prose="End."))
    assert "The bottle was empty." in said(ask(novel, index, last), "passage")
    notes = ask(novel, index, chain[-1])
    assert said(notes, "passage") == ["Once."]
    assert "Elias: He died." not in said(notes, "fact")


def test_an_index_that_is_gone_changes_nothing(
    novel: ManuscriptStore, index: PassageIndex, tmp_path: Path
) -> None:
    chain = write(novel, *((f"Bottle number {n} of the tide.", ()) for n in range(12)))
    index.sync(chain)
    before = ask(novel, index, chain[-1])
    fresh = PassageIndex(tmp_path / "elsewhere", HashEmbedder())
    assert ask(novel, fresh, chain[-1]) == before
    fresh.close()


def test_a_narrator_of_rows_is_told_facts_alone(
    novel: ManuscriptStore, index: PassageIndex
) -> None:
    facts = tuple(Fact(subject="Elias", statement=f"He has key {n}.", quote="") for n in range(20))
    first, *_, last = write(
        novel,
        ("He found the brass key in a bottle at the lighthouse.", facts),
        ("He rowed home.", ()),
        ("He slept.", ()),
    )
    index.sync(novel.chain(last.id))
    with_passages = recall(novel, index, last.id, BRIEF, PLAN, 12)
    alone = recall(novel, index, last.id, BRIEF, PLAN, 12, passages=False)
    assert "passage" in {note.kind for note in with_passages}
    assert [note.kind for note in alone] == ["fact"] * 12
    assert alone[0].commit == first.id
