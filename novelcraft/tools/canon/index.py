"""The index of passages: a projection of the chain, in Chroma, found again by likeness.

Nothing here is worth saving: what is missing, stale or broken is made anew from the chain.
Chroma is used with care in four ways:

* It never writes its graph of vectors to disk. Its loader trusts those files, and a damaged
  one takes the whole process down. Vectors stay in its SQLite log instead, and are read back
  from there (0.1 s for 2,500 passages); below a million of them search is exact.
* SQLite looks through that file before Chroma sees it, because there, too, damage can end the
  process. What is made anew gets a folder of another name: a client that failed to open a
  folder is remembered by Chroma, and would be handed out again for the same one.
* Ancestors are picked from the results, not by a filter in the query: filters make its search
  lose results.
* It never embeds. A default of its own would be fetched from a network.

Chroma is not safe between processes: whoever opens an index holds the novel's lock.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from novelcraft.errors import DiskFullError, ProjectError, ReadOnlyError
from novelcraft.state.canon import Passage
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.embedders import Embedder, Vector
from novelcraft.tools.canon.passages import RULE, passages
from novelcraft.tools.late import load_numpy

if TYPE_CHECKING:
    from chromadb import Collection as ChromaCollection
    from chromadb.api.client import Client

DATABASE = "chroma.sqlite3"
NAME = "passages"
LEAST_FREE = 1 << 20
"""Bytes of free space below which a failed write is put down to the disk."""
_ASKED_FOR_ONE = 8
"""Passages that are asked for at first for each that is wanted: some may be of other scenes."""
_opening = threading.Lock()
NEVER = 1_000_000
"""So many passages before Chroma would write its graph of vectors to disk."""

GRAPH = "data_level0.bin", "length.bin"
"""Where Chroma would keep that graph: its vectors, and how long each is."""


class StaleIndexError(LookupError):
    """The index lacks commits that were asked for; `sync` brings them in."""


@dataclass(frozen=True)
class _Opened:
    client: Client
    passages: ChromaCollection


class PassageIndex:
    """Finds passages of earlier scenes by likeness.

    Args:
        folder: Chroma's own; everything in it may be deleted at any time.
        embedder: Makes the vectors. An index made with another one is made anew.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._opened: _Opened | None = None
        self._stored: Counter[str] = Counter()
        """Passages in the index, by commit."""
        self._positions: dict[str, int] = {}
        """Places in the chain of the commits that are in the index."""
        self._complete: set[str] = set()
        """Commits whose passages are known to be all there."""
        self._blanked = False

    def sync(self, commits: Sequence[SceneCommit]) -> int:
        """Make sure that all passages of those commits are in the index.

        Cheap for commits that are there already. The first time takes half a second, in which
        Chroma is loaded. An index that cannot be read is made anew, with these commits.

        Returns:
            How many passages were added.

        Raises:
            ReadOnlyError, DiskFullError: The folder cannot be written.
        """
        try:
            return self._add_missing(commits)
        except _broken():
            _require_storage(self._folder)
            self._discard()
        try:
            return self._add_missing(commits)
        except _broken() as error:
            _require_storage(self._folder)
            raise ProjectError(
                f"The passage index {self._folder} cannot be made: {error}.",
                fix="Check that disk and folder are sound; the novel itself is not touched.",
            ) from error

    def query(self, text: str, allowed_commits: Collection[str], k: int) -> list[Passage]:
        """The passages of those commits that are most like a text, the likest first.

        Of passages that are equally alike, the later one comes first.

        Args:
            text: What to look for.
            allowed_commits: Commits whose passages may be returned: the ancestors of a scene.
            k: The most passages to return.

        Raises:
            StaleIndexError: Some of those commits are not in the index, or it cannot be read.
        """
        if not self._complete.issuperset(allowed_commits):
            raise StaleIndexError("the index lacks commits that were asked for")
        if not allowed_commits or k < 1:
            return []
        try:
            return self._query(text, frozenset(allowed_commits), k)
        except _broken() as error:
            self._discard()
            raise StaleIndexError(f"the index cannot be read: {error}") from error

    def missing(self, commits: Sequence[SceneCommit]) -> int:
        """How many of those commits have passages that are not in the index. Adds nothing."""
        try:
            self._collection()
        except _broken():
            return len(commits)
        return sum(self._stored[commit.id] != len(passages(commit)) for commit in commits)

    def close(self) -> None:
        """Close the index. The next use opens it again."""
        if self._opened is not None:
            self._opened.client.close()
        self._opened = None
        self._blanked = False
        self._stored.clear()
        self._positions.clear()
        self._complete.clear()

    def _query(self, text: str, allowed: frozenset[str], k: int) -> list[Passage]:
        collection = self._collection()
        ranked = self._ranked(collection, [*self._embedder.embed([text])], allowed, k)
        if not ranked:
            return []
        texts = collection.get(ids=[passage for _, _, passage in ranked], include=["documents"])
        by_id = dict(zip(texts["ids"], texts["documents"] or [], strict=True))
        return [
            Passage(
                id=passage,
                commit=passage.partition(":")[0],
                position=-position,
                text=by_id[passage],
                similarity=1 - distance,
            )
            for distance, position, passage in ranked
        ]

    def _ranked(
        self, collection: ChromaCollection, vector: list[Vector], allowed: frozenset[str], k: int
    ) -> list[tuple[float, int, str]]:
        """Distance, position (negative) and id of the `k` nearest passages that are allowed.

        As many passages are asked for as it takes to find all of those that are as near.
        """
        total = max(1, self._stored.total())
        asked = min(total, k * _ASKED_FOR_ONE)
        while True:
            found = collection.query(
                query_embeddings=vector, n_results=asked, include=["distances"]
            )
            assert found["distances"] is not None, "asked for"
            distances = [round(distance, 6) for distance in found["distances"][0]]
            ranked = sorted(
                (distance, -self._positions[commit], passage)
                for passage, distance in zip(found["ids"][0], distances, strict=True)
                if (commit := passage.partition(":")[0]) in allowed
            )[:k]
            if asked == total or (len(ranked) == k and ranked[-1][0] < distances[-1]):
                return ranked
            asked = min(total, asked * 4)

    def _add_missing(self, commits: Sequence[SceneCommit]) -> int:
        collection = self._collection()
        added = 0
        for commit in (c for c in commits if c.id not in self._complete):
            wanted = passages(commit)
            if self._stored[commit.id] != len(wanted):
                self._add(collection, wanted)
                added += len(wanted)
            self._stored[commit.id] = len(wanted)
            self._positions[commit.id] = commit.position
            self._complete.add(commit.id)
        return added

    def _add(self, collection: ChromaCollection, wanted: Sequence[Passage]) -> None:
        if not wanted:
            return
        texts = [passage.text for passage in wanted]
        collection.upsert(
            ids=[passage.id for passage in wanted],
            embeddings=[*self._embedder.embed(texts)],
            documents=texts,
            metadatas=[{"commit": p.commit, "position": p.position} for p in wanted],
        )
        if not self._blanked:
            _blank_graph(self._folder)
            self._blanked = True

    def _collection(self) -> ChromaCollection:
        if self._opened is None:
            place = _sound_place(self._folder)
            self._opened = _open(place, self._embedder.name)
            stored = self._opened.passages.get(include=["metadatas", "embeddings"])
            # Reading the vectors finds those that Chroma lists but lost: it raises for them.
            self._stored = Counter(str(m["commit"]) for m in stored["metadatas"] or [] if m)
        return self._opened.passages

    def _discard(self) -> None:
        """Drop everything that is there; raise what keeps it from being dropped."""
        self.close()
        _remove(self._folder)


def _sound_place(folder: Path) -> Path:
    """Where Chroma keeps its files: what is there already, if it is sound, or a new folder."""
    there = [*folder.iterdir()] if folder.is_dir() else []
    if len(there) == 1 and _is_sound(there[0] / DATABASE):
        return there[0]
    if folder.exists():
        _remove(folder)
    return folder / uuid4().hex[:8]


def _is_sound(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return bool(verdict == "ok")
    except sqlite3.Error:
        return False


def _remove(folder: Path) -> None:
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)
    except OSError:
        _require_storage(folder)
        raise


def _open(folder: Path, embedder: str) -> _Opened:
    # Chroma keeps its clients in one table for the process, which it does not guard.
    with _opening:
        return _open_alone(folder, embedder)


def _open_alone(folder: Path, embedder: str) -> _Opened:
    # Loaded here: Chroma takes a second.
    load_numpy()
    import chromadb
    from chromadb.api.client import Client
    from chromadb.config import Settings

    _keep_log(folder)
    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    assert isinstance(client, Client), "what PersistentClient makes"
    made_with = {"embedder": embedder, "rule": RULE}
    if any(c.name == NAME and c.metadata != made_with for c in client.list_collections()):
        client.delete_collection(NAME)
    collection = client.get_or_create_collection(
        NAME,
        metadata=made_with,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "batch_size": NEVER, "sync_threshold": NEVER}},
    )
    return _Opened(client, collection)


def _keep_log(folder: Path) -> None:
    """Have SQLite write Chroma's database by a write-ahead log, as is then kept in the file.

    Chroma lets no other thread run while it waits for the disk, and so waits twice for each scene
    in place of eight times.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _blank_graph(folder: Path) -> None:
    """Write zeros over the files of Chroma's graph, whose header says that it holds no vector.

    Chroma makes them at the first passage from memory that it did not clear, in which anything may
    stand that the process held before: parts of prompts, or an API key.
    """
    for graph in (path for name in GRAPH for path in folder.glob(f"*/*/{name}")):
        with graph.open("r+b") as file:
            file.write(bytes(graph.stat().st_size))


def _broken() -> tuple[type[Exception], ...]:
    """What Chroma raises when its folder is not as it left it."""
    from chromadb.errors import ChromaError

    return (ChromaError, ValueError, KeyError, OSError, sqlite3.Error)


def _require_storage(folder: Path) -> None:
    """Raise what a person can mend: no space, or no right to write.

    Chroma's own errors do not always tell, so the disk itself is asked.
    """
    place = folder if folder.exists() else folder.parent
    if shutil.disk_usage(place).free < LEAST_FREE:
        raise DiskFullError(
            f"No space left for the passage index {folder}.",
            fix="Free some space and run the same command again.",
        )
    if not os.access(place, os.W_OK):
        raise ReadOnlyError(
            f"The passage index {folder} cannot be written.",
            fix="Change its permissions, or delete it: it is made again from the novel.",
        )
