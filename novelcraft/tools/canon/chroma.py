"""The folder in which Chroma keeps the passages' vectors: opened if it is sound, else made anew.

Chroma is used with care in five ways:

* It never writes its graph of vectors to disk. Its loader trusts those files, and a damaged
  one takes the whole process down. Vectors stay in its SQLite log instead, and are read back
  from there (0.1 s for 2,500 passages).
* That graph is not searched either. It misses a passage now and then, not always the same one,
  and a novel's vectors are few enough to be compared all.
* A write reads the log again, so the vectors lie in collections of `PART_SIZE`, each with a log
  of its own: what a write costs does not grow with the book.
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
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

from novelcraft.errors import DiskFullError, ReadOnlyError
from novelcraft.tools.canon.embedders import Vector
from novelcraft.tools.canon.passages import RULE
from novelcraft.tools.late import load_numpy

if TYPE_CHECKING:
    import numpy as np
    from chromadb import Collection
    from chromadb.api.client import Client
    from numpy.typing import NDArray

    ChromaCollection: TypeAlias = Collection
    Vectors: TypeAlias = NDArray[np.float32]

DATABASE = "chroma.sqlite3"
PART_SIZE = 500
"""Passages in a collection, before another is begun. A write reads all of the last one's."""
LEAST_FREE = 1 << 20
"""Bytes of free space below which a failed write is put down to the disk."""
_opening = threading.Lock()
NEVER = 1_000_000
"""So many passages before Chroma would write its graph of vectors to disk."""

GRAPH = "data_level0.bin", "length.bin"
"""Where Chroma would keep that graph: its vectors, and how long each is."""


class PassagePart:
    """One collection of Chroma's, and the vectors that it holds."""

    def __init__(self, collection: ChromaCollection) -> None:
        load_numpy()
        import numpy as np

        self._collection = collection
        # Raises for vectors that Chroma lists but lost.
        there = collection.get(include=["embeddings"])
        assert there["embeddings"] is not None, "asked for"
        found: defaultdict[str, dict[int, Any]] = defaultdict(dict)
        for passage, vector in zip(there["ids"], there["embeddings"], strict=True):
            commit, _, number = passage.partition(":")
            found[commit][int(number)] = vector
        self.vectors: dict[str, Vectors] = {
            commit: np.array([of[n] for n in sorted(of)], np.float32)
            for commit, of in found.items()
        }
        """By commit. Shape: passages, in their order, by dimensions of the embedder."""
        self.untouched = True
        """Whether nothing was put here since it was opened."""

    @property
    def size(self) -> int:
        """How many passages it holds."""
        return sum(map(len, self.vectors.values()))

    def put(self, commit: str, vectors: Sequence[Vector]) -> None:
        """Put the vectors of all passages of a commit here, over those that are here."""
        import numpy as np

        rows = np.array(vectors, np.float32)
        self._collection.upsert(ids=[f"{commit}:{n}" for n in range(len(rows))], embeddings=[*rows])
        self.vectors[commit] = rows
        self.untouched = False


@dataclass(frozen=True)
class OpenedPassages:
    """Chroma, opened in a folder."""

    client: Client
    made_with: dict[str, str]
    parts: list[PassagePart]

    def vectors(self) -> dict[str, Vectors]:
        """The vectors of all passages, by commit."""
        return {commit: rows for part in self.parts for commit, rows in part.vectors.items()}

    def part_for(self, commit: str) -> PassagePart:
        """Where the passages of a commit are, or belong if they are nowhere yet."""
        for part in self.parts:
            if commit in part.vectors:
                return part
        if not self.parts or self.parts[-1].size >= PART_SIZE:
            self.parts.append(PassagePart(self._begun(len(self.parts))))
        return self.parts[-1]

    def _begun(self, number: int) -> ChromaCollection:
        return self.client.create_collection(
            f"passages-{number:06}",
            metadata=self.made_with,
            embedding_function=None,
            configuration={
                # Vectors in this space are given back to the last bit.
                "hnsw": {"space": "l2", "batch_size": NEVER, "sync_threshold": NEVER}
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
    made_with = {"embedder": embedder, "rule": RULE, "part_size": str(PART_SIZE)}
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
