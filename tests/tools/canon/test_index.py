"""The passage index, with the real Chroma."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import chromadb
import pytest
from chromadb.api.client import Client

from novelcraft.errors import DiskFullError
from novelcraft.state.canon import Passage
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.embedders import HashEmbedder, Vector
from novelcraft.tools.canon.index import PassageIndex, StaleIndexError
from novelcraft.tools.canon.passages import passages
from tests import factories

THINGS = ("anchor", "barrel", "candle", "dagger", "engine", "feather", "goblet", "hammer")


def story(length: int = len(THINGS)) -> list[SceneCommit]:
    """Scenes of two passages, each about a thing of its own."""
    chain: list[SceneCommit] = []
    for n in range(length):
        thing = f"{THINGS[n % len(THINGS)]}{n // len(THINGS) or ''}"
        prose = "\n\n".join(f"The {thing} {word} " + "so. " * 120 for word in ("gleamed", "fell"))
        chain.append(factories.commit(n + 1, chain[-1] if chain else None, prose=prose))
    return chain


def ids(commits: Sequence[SceneCommit]) -> list[str]:
    return [c.id for c in commits]


def exactly(commits: Sequence[SceneCommit], text: str, k: int) -> list[str]:
    """The ids that a search through all passages finds."""
    found = [p for c in commits for p in passages(c)]
    (wanted, *vectors) = HashEmbedder().embed([text, *(p.text for p in found)])

    def rank(pair: tuple[Passage, Vector]) -> tuple[float, int, int]:
        passage, vector = pair
        likeness = sum(a * b for a, b in zip(wanted, vector, strict=True))
        return round(1 - likeness, 6), -passage.position, int(passage.id.partition(":")[2])

    return [p.id for p, _ in sorted(zip(found, vectors, strict=True), key=rank)][:k]


def found_by(index: PassageIndex, commits: Sequence[SceneCommit], text: str, k: int) -> list[str]:
    """The ids that the index finds."""
    return [f"{found.commit}:{found.number}" for found in index.query(text, ids(commits), k)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "canon"


@pytest.fixture
def index(folder: Path) -> Iterator[PassageIndex]:
    index = PassageIndex(folder, HashEmbedder())
    yield index
    index.close()


def test_the_likest_passage_comes_first(index: PassageIndex) -> None:
    chain = story()
    assert index.sync(chain) == 16
    first, second = index.query("Candle! The candle fell.", ids(chain), 2)
    assert (first.commit, first.number, first.position) == (chain[2].id, 1, 3)
    assert (second.commit, second.number) == (chain[2].id, 0)
    assert 0 < second.similarity < first.similarity <= 1


def test_search_is_exact(index: PassageIndex) -> None:
    chain = story(60)
    assert index.sync(chain) == 120
    for text in ("The hammer6 fell so.", "candle", "feather5 gleamed"):
        assert found_by(index, chain, text, 20) == exactly(chain, text, 20)


def long_story(scenes: int) -> list[SceneCommit]:
    """Scenes of a hundred passages, the last of each the same as in all others."""
    chain: list[SceneCommit] = []
    for n in range(scenes):
        texts = [f"The {THINGS[n]} number{m} fell. " + "so. " * 120 for m in range(79)]
        texts += ["The same words. " * 50] * 21
        previous = chain[-1] if chain else None
        chain.append(factories.commit(n + 1, previous, prose="\n\n".join(texts)))
    return chain


def collections(folder: Path) -> list[tuple[str, int]]:
    """Names of Chroma's collections, and how many vectors the log of each holds."""
    counted = """
        SELECT name, count(seq_id) FROM collections JOIN embeddings_queue
        ON topic LIKE '%/' || collections.id GROUP BY name ORDER BY name"""
    with closing(sqlite3.connect(_database(folder))) as connection:
        return connection.execute(counted).fetchall()


def test_search_is_exact_over_all_parts(index: PassageIndex, folder: Path) -> None:
    chain = long_story(8)
    assert index.sync(chain[:6]) == 600
    index.close()
    assert index.sync(chain) == 200
    for text in ("The dagger number7 fell.", "The same words.", "hammer"):
        assert found_by(index, chain, text, 20) == exactly(chain, text, 20)
    assert [found.position for found in index.query("The same words.", ids(chain), 1)] == [8]
    assert collections(folder) == [("passages-000000", 500), ("passages-000001", 300)]


def test_a_commit_that_lost_passages_gets_them_back_where_the_others_are(
    index: PassageIndex, folder: Path
) -> None:
    chain = long_story(6)
    index.sync(chain)
    index.close()
    client = chromadb.PersistentClient(_database(folder).parent)
    assert isinstance(client, Client)
    part = client.get_collection("passages-000000", embedding_function=None)
    part.delete([f"{chain[2].id}:1"])
    client.close()
    assert index.missing(chain) == 1
    assert index.sync(chain) == 100
    text = "The candle number7 fell."
    assert found_by(index, chain, text, 30) == exactly(chain, text, 30)


def test_only_the_commits_allowed_are_found(index: PassageIndex) -> None:
    chain = story()
    index.sync(chain)
    found = index.query("The hammer fell.", ids(chain[:3]), 10)
    assert {p.commit for p in found} == set(ids(chain[:3]))
    assert len(found) == 6
    assert index.query("The hammer fell.", [], 10) == []
    assert index.query("The hammer fell.", ids(chain), 0) == []


def test_of_equals_the_later_comes_first(index: PassageIndex) -> None:
    chain = [factories.commit(1, prose="The same words.")]
    for n in (2, 3):
        chain.append(factories.commit(n, chain[-1], prose="The same words."))
    index.sync(chain)
    assert [p.position for p in index.query("same words", ids(chain), 3)] == [3, 2, 1]


def test_the_latest_of_many_equals_is_found(index: PassageIndex) -> None:
    chain = [factories.commit(1, prose="The same words.")]
    for n in range(2, 41):
        chain.append(factories.commit(n, chain[-1], prose="The same words."))
    index.sync(chain)
    assert [p.position for p in index.query("same words", ids(chain), 2)] == [40, 39]


def test_what_is_far_is_found_behind_many_of_another_branch(index: PassageIndex) -> None:
    chain = [factories.commit(1, prose="The sea was quiet.")]
    for n in range(2, 41):
        chain.append(factories.commit(n, chain[-1], prose="The same words."))
    index.sync(chain)
    assert [p.position for p in index.query("same words", ids(chain[:1]), 1)] == [1]


def test_what_is_missing_is_added_and_nothing_twice(index: PassageIndex, folder: Path) -> None:
    chain = story()
    assert index.sync(chain[:3]) == 6
    assert index.sync(chain[:4]) == 2
    assert index.sync(chain[:4]) == 0
    index.close()
    again = PassageIndex(folder, HashEmbedder())
    assert again.sync(chain) == 8
    again.close()


def test_a_commit_that_is_not_in_yet_is_told(index: PassageIndex) -> None:
    chain = story()
    with pytest.raises(StaleIndexError):
        index.query("hammer", ids(chain), 1)
    index.sync(chain[:7])
    with pytest.raises(StaleIndexError):
        index.query("hammer", ids(chain), 1)


def test_a_scene_without_words(index: PassageIndex) -> None:
    empty = factories.commit(prose=" \n ")
    assert index.sync([empty]) == 0
    assert index.query("anything", [empty.id], 3) == []


class OtherEmbedder(HashEmbedder):
    """Counts letters, under a name of its own."""

    name = "letters"

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [[float(text.count(letter)) for letter in "aeiou"] for text in texts]


def test_an_index_of_another_embedder_is_made_anew(index: PassageIndex, folder: Path) -> None:
    chain = story()
    index.sync(chain)
    index.close()
    other = PassageIndex(folder, OtherEmbedder())
    assert other.sync(chain) == 16
    assert other.query("hammer", ids(chain), 1)
    other.close()


class FailingEmbedder(HashEmbedder):
    """Breaks for as long as it is told to."""

    broken = True

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        if self.broken:
            raise RuntimeError("no model")
        return super().embed(texts)


def test_an_embedder_that_fails_is_not_the_index_s_fault(folder: Path) -> None:
    chain, embedder = story(), FailingEmbedder()
    index = PassageIndex(folder, embedder)
    with pytest.raises(RuntimeError, match="no model"):
        index.sync(chain)
    embedder.broken = False
    assert index.sync(chain) == 16
    index.close()


def _database(folder: Path) -> Path:
    return next(folder.glob("*/chroma.sqlite3"))


def close(index: PassageIndex, folder: Path) -> None:
    """Close an index, and wait until Chroma has let go of its files: its threads do so later.

    SQLite leaves its log behind where two of them close at the same time, so that says nothing.
    """
    index.close()
    while not _is_let_go(_database(folder)):
        time.sleep(0.001)


def _is_let_go(database: Path) -> bool:
    """Whether nobody has a database open: else its kind of log cannot be changed."""
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            return False
    return True


def _delete_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def _overwrite(folder: Path) -> None:
    with _database(folder).open("r+b") as file:
        file.seek(4096 * 5)
        file.write(os.urandom(4096 * 10))


def _truncate(folder: Path) -> None:
    os.truncate(_database(folder), _database(folder).stat().st_size // 2)


def _no_database(folder: Path) -> None:
    _database(folder).write_text("Once upon a time")


def _execute(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(_database(folder))) as connection, connection:
        connection.execute(statement)


def _lose_vectors(folder: Path) -> None:
    _execute(folder, "DELETE FROM embeddings_queue")


def _lose_metadata(folder: Path) -> None:
    _execute(folder, "DELETE FROM embedding_metadata")


def _lose_segments(folder: Path) -> None:
    _execute(folder, "DELETE FROM segments")


def _ruin_vector_files(folder: Path) -> None:
    files = [*folder.glob("*/*/*.bin")]
    assert files
    for file in files:
        file.write_bytes(os.urandom(file.stat().st_size or 100))


def _cut_vector_files(folder: Path) -> None:
    for file in folder.glob("*/*/*.bin"):
        os.truncate(file, file.stat().st_size // 2)


def _put_file_there(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")


def _put_things_in(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    "damage",
    [
        _delete_folder,
        _overwrite,
        _truncate,
        _no_database,
        _lose_vectors,
        _lose_metadata,
        _lose_segments,
        _ruin_vector_files,
        _cut_vector_files,
        _put_file_there,
        _put_things_in,
    ],
)
def test_whatever_breaks_is_made_anew(
    index: PassageIndex, folder: Path, damage: Callable[[Path], None]
) -> None:
    chain = story()
    index.sync(chain)
    before = index.query("The engine fell.", ids(chain), 7)
    close(index, folder)
    damage(folder)
    again = PassageIndex(folder, HashEmbedder())
    again.sync(chain)
    assert again.query("The engine fell.", ids(chain), 7) == before
    again.close()


def test_no_memory_of_the_process_is_left_in_chroma_s_files(
    index: PassageIndex, folder: Path
) -> None:
    chain = story()
    index.sync(chain[:4])
    close(index, folder)
    made = [*folder.glob("*/*/data_level0.bin"), *folder.glob("*/*/length.bin")]
    assert len(made) == 2
    for file in made:
        size = file.stat().st_size
        file.write_bytes((b"sk-secret." * size)[:size])  # as Chroma may make it
    index.sync(chain)
    files = {path.name: path.read_bytes() for path in folder.glob("*/*/*.bin")}
    assert not any(files.pop("data_level0.bin"))
    assert not any(files.pop("length.bin"))
    assert b"sk-" not in b"".join(files.values())
    index.close()
    assert index.sync(chain) == 0
    assert found_by(index, chain, "The engine fell.", 7) == exactly(chain, "The engine fell.", 7)


def test_a_full_disk(small_disk: Path) -> None:
    index = PassageIndex(small_disk / "canon", HashEmbedder())
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400_000))
    chain = story(100)
    with pytest.raises(DiskFullError, match="canon"):
        index.sync(chain)
    index.close()
