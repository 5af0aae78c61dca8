"""The index of passages: a projection of the chain, in Chroma, found again by likeness.

Nothing here is worth saving: what is missing, stale or broken is made anew from the chain. All
vectors are compared, so that the same chain gives the same notes. See `chroma` for how they are
kept.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from novelcraft.errors import ProjectError
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
from novelcraft.tools.canon.embedders import Embedder
from novelcraft.tools.canon.passages import passages


class StaleIndexError(LookupError):
    """The index lacks commits that were asked for; `sync` brings them in."""


class Found(NamedTuple):
    """A passage that is like a text."""

    commit: str
    number: int
    """Its place among the passages of its scene, counted from 0."""
    position: int
    """Place of its scene in the chain, counted from 1."""
    similarity: float
    """Cosine to the text."""


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
        self._positions: dict[str, int] = {}
        """Places in the chain of the commits that are in the index."""
        self._complete: set[str] = set()
        """Commits whose passages are known to be all there."""

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

    def query(self, text: str, allowed_commits: Collection[str], k: int) -> list[Found]:
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
            stored = self._open().vectors()
        except broken():
            return len(commits)
        return sum(len(stored.get(commit.id, ())) != len(passages(commit)) for commit in commits)

    def close(self) -> None:
        """Close the index. The next use opens it again."""
        if self._opened is not None:
            self._opened.client.close()
        self._opened = None
        self._positions.clear()
        self._complete.clear()

    def _query(self, text: str, allowed: frozenset[str], k: int) -> list[Found]:
        stored = self._open().vectors()
        import numpy as np

        wanted = np.array(self._embedder.embed([text])[0], np.float32)
        likest = heapq.nsmallest(
            k,
            (
                (-round(float(similarity), 6), -self._positions[commit], commit, number)
                for commit in allowed & stored.keys()
                for number, similarity in enumerate(stored[commit] @ wanted)
            ),
        )
        return [Found(c, number, -later, -unlike) for unlike, later, c, number in likest]

    def _add_missing(self, commits: Sequence[SceneCommit]) -> int:
        opened = self._open()
        added = 0
        for commit in (c for c in commits if c.id not in self._complete):
            added += self._add(opened, commit)
            self._positions[commit.id] = commit.position
            self._complete.add(commit.id)
        return added

    def _add(self, opened: OpenedPassages, commit: SceneCommit) -> int:
        wanted = passages(commit)
        if not wanted:
            return 0
        part = opened.part_for(commit.id)
        if len(part.vectors.get(commit.id, ())) == len(wanted):
            return 0
        vectors = [*self._embedder.embed([passage.text for passage in wanted])]
        untouched = part.untouched
        part.put(commit.id, vectors)
        if untouched:
            blank_graph(self._folder)
        return len(wanted)

    def _open(self) -> OpenedPassages:
        if self._opened is None:
            place = sound_place(self._folder)
            self._opened = open_passages(place, self._embedder.name)
        return self._opened

    def _discard(self) -> None:
        """Drop everything that is there; raise what keeps it from being dropped."""
        self.close()
        remove_folder(self._folder)
