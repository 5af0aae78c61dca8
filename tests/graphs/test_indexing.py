"""The passage index beside the run: nobody waits for it, and nobody sees another book for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from novelcraft.graphs.indexing import background_index
from novelcraft.state.canon import CanonNote
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.embedders import HashEmbedder, Vector
from novelcraft.tools.canon.index import PassageIndex
from novelcraft.tools.canon.recall import recall
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

PLAN = factories.plan()
BRIEF = factories.brief(9, goal="Elias looks for the bottle.")


class GatedEmbedder(HashEmbedder):
    """Embeds when it is let, or fails."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.threads: set[int] = set()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.threads.add(threading.get_ident())
        self.gate.wait(10)
        if self.failure:
            raise self.failure
        return super().embed(texts)


@pytest.fixture
def novel(tmp_path: Path) -> Iterator[ManuscriptStore]:
    with ManuscriptStore.create(tmp_path / "novel.db") as store:
        store.create_branch("main", head=None, plan_version=None)
        store.add_plan("main", PLAN)
        yield store


def written(store: ManuscriptStore, scenes: int) -> list[SceneCommit]:
    chain: list[SceneCommit] = []
    for n in range(1, scenes + 1):
        before = chain[-1] if chain else None
        prose = f"Bottle number {n} came in with the tide."
        chain.append(store.commit("main", factories.commit(n, before, prose)))
    return chain


def at_once(store: ManuscriptStore, folder: Path, head: SceneCommit) -> list[CanonNote]:
    index = PassageIndex(folder, HashEmbedder())
    notes = recall(store, index, head.id, BRIEF, PLAN, 12)
    index.close()
    return notes


async def test_a_sync_waits_for_nobody_and_recall_waits_for_it(
    novel: ManuscriptStore, tmp_path: Path
) -> None:
    chain = written(novel, 4)
    embedder = GatedEmbedder()
    async with background_index(PassageIndex(tmp_path / "canon", embedder)) as index:
        embedder.gate.clear()
        syncing = asyncio.create_task(index.sync(chain[:-1]))
        await asyncio.sleep(0)
        asked = asyncio.create_task(index.recall(novel, chain[-1].id, BRIEF, PLAN, 12))
        await asyncio.sleep(0)  # the loop is free while the index works
        assert not asked.done()
        embedder.gate.set()
        notes = await asked
        await syncing
    assert notes == at_once(novel, tmp_path / "other", chain[-1])
    assert any(note.kind == "passage" for note in notes)
    assert threading.get_ident() not in embedder.threads


async def test_recall_is_the_same_whatever_else_the_index_holds(
    novel: ManuscriptStore, tmp_path: Path
) -> None:
    """Notes are as of a scene's parent, never of its own or later text, early or late."""
    chain = written(novel, 6)
    seen = []
    for ahead in (chain[:3], chain[:4], chain):
        folder = tmp_path / f"canon{len(ahead)}"
        async with background_index(PassageIndex(folder, HashEmbedder())) as index:
            await index.sync(ahead)
            seen.append(await index.recall(novel, chain[3].id, BRIEF, PLAN, 12))
    assert seen[0] == seen[1] == seen[2] == at_once(novel, tmp_path / "o", chain[3])
    passages = {note.position for note in seen[0] if note.kind == "passage"}
    assert passages
    assert passages <= {1, 2, 3}


async def test_a_sync_that_went_wrong_is_made_up_for(
    novel: ManuscriptStore, tmp_path: Path
) -> None:
    chain = written(novel, 3)
    embedder = GatedEmbedder()
    async with background_index(PassageIndex(tmp_path / "canon", embedder)) as index:
        embedder.failure = RuntimeError("the embedder is gone")
        with pytest.raises(RuntimeError, match="the embedder is gone"):
            await index.sync(chain)
        with pytest.raises(RuntimeError, match="the embedder is gone"):
            await index.recall(novel, chain[-1].id, BRIEF, PLAN, 12)
        embedder.failure = None
        notes = await index.recall(novel, chain[-1].id, BRIEF, PLAN, 12)
    assert notes == at_once(novel, tmp_path / "other", chain[-1])


@pytest.mark.parametrize("scenes", [0, 1])
async def test_a_book_that_is_only_begun_opens_no_index(
    novel: ManuscriptStore, tmp_path: Path, scenes: int
) -> None:
    head = [None, *(commit.id for commit in written(novel, scenes))][-1]
    async with background_index(PassageIndex(tmp_path / "canon", HashEmbedder())) as index:
        notes = await index.recall(novel, head, BRIEF, PLAN, 12)
    assert not [note for note in notes if note.kind == "passage"]
    assert not (tmp_path / "canon").exists()
