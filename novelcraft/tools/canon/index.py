"""The index of passages: a projection of the chain, in Chroma, found again by likeness.

Nothing here is worth saving: what is missing, stale or broken is made anew from the chain.
Ancestors are picked from the results, not by a filter in the query: filters make Chroma's search
lose results. See `chroma` for how its files are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from novelcraft.errors import ProjectError
from novelcraft.state.canon import Passage
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.canon.chroma import (
    OpenedPassages,
    blank_graph,
    broken,
    open_passages,
    remove_folder,
    require_storage,
    sound_place,
)
from novelcraft.tools.canon.embedders import Embedder, Vector
from novelcraft.tools.canon.passages import passages

if TYPE_CHECKING:
    from novelcraft.tools.canon.chroma import ChromaCollection

_ASKED_FOR_ONE = 8
"""Passages that are asked for at first for each that is wanted: some may be of other scenes."""


class StaleIndexError(LookupError):
    """The index lacks commits that were asked for; `sync` brings them in."""


class PassageIndex:
    """Finds passages of earlier scenes by likeness.

    Args:
        folder: Chroma's own; everything in it may be deleted at any time.
        embedder: Makes the vectors. An index made with another one is made anew.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._opened: OpenedPassages | None = None
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
        except broken():
            require_storage(self._folder)
            self._discard()
        try:
            return self._add_missing(commits)
        except broken() as error:
            require_storage(self._folder)
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
        except broken() as error:
            self._discard()
            raise StaleIndexError(f"the index cannot be read: {error}") from error

    def missing(self, commits: Sequence[SceneCommit]) -> int:
        """How many of those commits have passages that are not in the index. Adds nothing."""
        try:
            self._collection()
        except broken():
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
            blank_graph(self._folder)
            self._blanked = True

    def _collection(self) -> ChromaCollection:
        if self._opened is None:
            place = sound_place(self._folder)
            self._opened = open_passages(place, self._embedder.name)
            stored = self._opened.passages.get(include=["metadatas", "embeddings"])
            # Reading the vectors finds those that Chroma lists but lost: it raises for them.
            self._stored = Counter(str(m["commit"]) for m in stored["metadatas"] or [] if m)
        return self._opened.passages

    def _discard(self) -> None:
        """Drop everything that is there; raise what keeps it from being dropped."""
        self.close()
        remove_folder(self._folder)
