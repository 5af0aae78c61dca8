"""The folder in which Chroma keeps the passages' vectors: opened if it is sound, else made anew.

Chroma is used with care in five ways:

* It never writes its graph of vectors to disk. Its loader trusts those files, and a damaged
  one takes the whole process down. Vectors stay in its SQLite log instead, and are read back
  from there (0.1 s for 2,500 passages).
* A write reads that log again, so the vectors lie in collections of `PART_SIZE`, each with a log
  of its own: what a write costs does not grow with the book.
* Its search looks at all vectors of a collection. By default it would look at some hundred, and
  miss a passage of a long book now and then, not always the same one.
* SQLite looks through that file before Chroma sees it, because there, too, damage can end the
  process. What is made anew gets a folder of another name: a client that failed to open a
  folder is remembered by Chroma, and would be handed out again for the same one.
* It never embeds. A default of its own would be fetched from a network.

Chroma is not safe between processes: whoever opens an index holds the novel's lock.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from novelcraft.errors import DiskFullError, ReadOnlyError
from novelcraft.state.canon import Passage
from novelcraft.tools.canon.embedders import Vector
from novelcraft.tools.canon.passages import RULE
from novelcraft.tools.late import load_numpy

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api.client import Client

    ChromaCollection: TypeAlias = Collection

DATABASE = "chroma.sqlite3"
PART_SIZE = 500
"""Passages in a collection, before another is begun. A query takes 2 ms for each collection, and a
write 1 ms for each 50 passages in the one that it goes to."""
LEAST_FREE = 1 << 20
"""Bytes of free space below which a failed write is put down to the disk."""
SEARCHED = 10 * PART_SIZE
"""Vectors that a search looks at, at the most. The last scene of a part goes beyond its size."""
_opening = threading.Lock()
NEVER = 1_000_000
"""So many passages before Chroma would write its graph of vectors to disk."""

GRAPH = "data_level0.bin", "length.bin"
"""Where Chroma would keep that graph: its vectors, and how long each is."""


class PassagePart:
    """One collection of passages, and how many of each commit it holds."""

    def __init__(self, collection: ChromaCollection) -> None:
        self._collection = collection
        # Reading the vectors finds those that Chroma lists but lost: it raises for them.
        there = collection.get(include=["metadatas", "embeddings"])
        self.stored = Counter(str(m["commit"]) for m in there["metadatas"] or [] if m)
        self.untouched = True
        """Whether nothing was put here since it was opened."""

    def put(self, commit: str, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Put all passages of a commit here, each once, over those that are here."""
        self._collection.upsert(
            ids=[passage.id for passage in passages],
            embeddings=[*vectors],
            metadatas=[{"commit": commit} for _ in passages],
        )
        self.stored[commit] = len(passages)
        self.untouched = False

    def nearest(self, vector: Vector, n: int) -> list[tuple[float, str]]:
        """Cosine distances and ids of the `n` passages that are nearest to a vector, in order."""
        found = self._collection.query(
            query_embeddings=[vector], n_results=n, include=["distances"]
        )
        assert found["distances"] is not None, "asked for"
        distances = (round(distance, 6) for distance in found["distances"][0])
        return [*zip(distances, found["ids"][0], strict=True)]


@dataclass(frozen=True)
class OpenedPassages:
    """Chroma, opened in a folder."""

    client: Client
    made_with: dict[str, str]
    parts: list[PassagePart]

    def part_for(self, commit: str) -> PassagePart:
        """Where the passages of a commit are, or belong if they are nowhere yet."""
        for part in self.parts:
            if commit in part.stored:
                return part
        if not self.parts or self.parts[-1].stored.total() >= PART_SIZE:
            self.parts.append(PassagePart(self._begun(len(self.parts))))
        return self.parts[-1]

    def _begun(self, number: int) -> ChromaCollection:
        return self.client.create_collection(
            f"passages-{number:06}",
            metadata=self.made_with,
            embedding_function=None,
            configuration={
                "hnsw": {
                    "space": "cosine",
                    "ef_search": SEARCHED,
                    "batch_size": NEVER,
                    "sync_threshold": NEVER,
                }
            },
        )


def sound_place(folder: Path) -> Path:
    """Where Chroma keeps its files: what is there already, if it is sound, or a new folder."""
    there = [*folder.iterdir()] if folder.is_dir() else []
    if len(there) == 1 and _is_sound(there[0] / DATABASE):
        return there[0]
    if folder.exists():
        remove_folder(folder)
    return folder / uuid4().hex[:8]


def _is_sound(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("SELECT name, sql FROM sqlite_master").fetchall()
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return bool(verdict == "ok")
    except sqlite3.Error:
        return False


def remove_folder(folder: Path) -> None:
    """Remove what is there; raise what a person can mend of what keeps it from that."""
    try:
        while folder.is_dir():
            # A connection of Chroma's that closes meanwhile takes its log away itself.
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)
        folder.unlink(missing_ok=True)
    except OSError:
        require_storage(folder)
        raise


def open_passages(folder: Path, embedder: str) -> OpenedPassages:
    """Open the passages in a folder. Those of another embedder, or rule, are dropped."""
    # Chroma keeps its clients in one table for the process, which it does not guard.
    with _opening:
        return _open_alone(folder, embedder)


def _open_alone(folder: Path, embedder: str) -> OpenedPassages:
    # Loaded here: Chroma takes a second.
    load_numpy()
    import chromadb
    from chromadb.api.client import Client
    from chromadb.config import Settings

    _keep_log(folder)
    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    assert isinstance(client, Client), "what PersistentClient makes"
    made_with = {"embedder": embedder, "rule": RULE, "searched": str(SEARCHED)}
    collections = sorted(client.list_collections(), key=lambda collection: collection.name)
    if any(collection.metadata != made_with for collection in collections):
        for collection in collections:
            client.delete_collection(collection.name)
        collections = []
    return OpenedPassages(client, made_with, [PassagePart(part) for part in collections])


def _keep_log(folder: Path) -> None:
    """Have SQLite write Chroma's database by a write-ahead log, as is then kept in the file.

    Chroma lets no other thread run while it waits for the disk, and so waits twice for each scene
    in place of eight times.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def blank_graph(folder: Path) -> None:
    """Write zeros over the files of Chroma's graph, whose header says that it holds no vector.

    Chroma makes them at the first passage from memory that it did not clear, in which anything may
    stand that the process held before: parts of prompts, or an API key.
    """
    for graph in (path for name in GRAPH for path in folder.glob(f"*/*/{name}")):
        with graph.open("r+b") as file:
            file.write(bytes(graph.stat().st_size))


def broken() -> tuple[type[Exception], ...]:
    """What Chroma raises when its folder is not as it left it."""
    from chromadb.errors import ChromaError

    return (ChromaError, ValueError, KeyError, OSError, sqlite3.Error)


def require_storage(folder: Path) -> None:
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
