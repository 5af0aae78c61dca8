"""Find scenes that repeat earlier ones: two editions of a book, a story that stands in two books.

Each scene is known by a sample of its shingles (runs of words; Broder 1997), chosen by their
hashes alone, so that two texts with the same run choose the same shingle of it. Twelve bytes a
shingle are kept, 2.5 MB for a million words; texts are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from novelcraft.state.books import BookFile, BookScene
from novelcraft.state.duplicates import Duplicate, Original, SceneName
from novelcraft.tools.metrics.text import spread, words

Hashes = NDArray[np.uint64]

THRESHOLD = 0.5
"""Share of a scene that must stand in earlier scenes for it to be a copy."""

SHINGLE = 6
"""Words of a shingle. Editions that differ in a word of every 40 share 6 of 7 shingles."""

_SAMPLED = 4
"""One shingle of so many is kept."""

_FEWEST = 5
"""Kept shingles that two scenes must share to be reported: about 25 words in one run. Fewer are
turns of phrase."""

_ODD = 0x9E3779B97F4A7C15
"""For multiplicative hashing: 2^64 over the golden ratio, odd."""


def duplicate_scenes(
    books: Iterable[BookFile], *, threshold: float = THRESHOLD
) -> tuple[Duplicate, ...]:
    """Scenes that repeat earlier ones; the first scene that has a text counts as its original.

    Letter case, punctuation, hyphens and apostrophes make no difference. A copy is nobody's
    original, so a third edition is held against the first. The same books in the same order
    give the same answer.

    Args:
        books: Books with their scenes, each asked for once, so that they can be read one by one.
        threshold: Share of a scene, above 0 to 1, that makes it a copy.
    """
    index = _Index(threshold)
    return tuple(found for book in books for found in index.add(book))


def copies(duplicates: Iterable[Duplicate]) -> frozenset[SceneName]:
    """The scenes to leave out so that every text is there once: those of the first book stay."""
    return frozenset(found.scene for found in duplicates if found.is_copy)


def copies_by_scene(duplicates: Iterable[Duplicate]) -> dict[SceneName, set[SceneName]]:
    """For every copy its originals, and for every original its copies."""
    found: defaultdict[SceneName, set[SceneName]] = defaultdict(set)
    for duplicate in duplicates:
        if duplicate.is_copy:
            for original in duplicate.originals:
                found[duplicate.scene].add(original.scene)
                found[original.scene].add(duplicate.scene)
    return dict(found)


class _Index:
    """The kept shingles of all scenes so far that are no copies, each with its first scene."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._names: list[SceneName] = []
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._owners: NDArray[np.uint32] = np.empty(0, np.uint32)

    def add(self, book: BookFile) -> Iterator[Duplicate]:
        """Look up the scenes of a book, one after the other, and keep their shingles."""
        fresh: dict[int, int] = {}
        hashed: dict[str, int] = {}
        for scene in book.scenes:
            sample = _sample(words(scene.text), hashed)
            name = SceneName(book_id=book.meta.book_id, scene_id=scene.scene_id)
            found = self._duplicate(name, scene, sample, fresh)
            if found is not None:
                yield found
            if found is None or not found.is_copy:
                for value in sample:
                    if value not in fresh:
                        fresh[value] = len(self._names)
                self._names.append(name)
        self._keep(fresh)

    def _duplicate(
        self, name: SceneName, scene: BookScene, sample: dict[int, int], fresh: dict[int, int]
    ) -> Duplicate | None:
        owners = self._owners_of(sample, fresh)
        counts = Counter(owners.values())
        originals = [
            Original(scene=self._names[owner], share=shared / len(sample))
            for owner, shared in counts.most_common()
            if shared >= _FEWEST or shared >= self._threshold * len(sample)
        ]
        if not originals:
            return None
        kept = {original.scene for original in originals}
        first = min(sample[v] for v, owner in owners.items() if self._names[owner] in kept)
        last = min(first + SHINGLE, len(words(scene.text))) - 1
        return Duplicate(
            scene=name,
            originals=tuple(originals),
            is_copy=sum(original.share for original in originals) >= self._threshold,
            quote=spread(scene.text, first, last),
        )

    def _owners_of(self, sample: dict[int, int], fresh: dict[int, int]) -> dict[int, int]:
        """The first scene that has each shingle; those that are new are left out."""
        values = np.fromiter(sample, np.uint64, len(sample))
        at = np.searchsorted(self._hashes, values)
        owners = {}
        for value, place in zip(sample, at.tolist(), strict=True):
            if place < len(self._hashes) and int(self._hashes[place]) == value:
                owners[value] = int(self._owners[place])
            elif value in fresh:
                owners[value] = fresh[value]
        return owners

    def _keep(self, fresh: dict[int, int]) -> None:
        values = np.array(sorted(fresh), np.uint64)
        owners = np.array([fresh[value] for value in sorted(fresh)], np.uint32)
        at = np.searchsorted(self._hashes, values)
        new = np.ones(len(values), bool)
        inside = at < len(self._hashes)
        new[inside] = self._hashes[at[inside]] != values[inside]
        self._hashes = np.insert(self._hashes, at[new], values[new])
        self._owners = np.insert(self._owners, at[new], owners[new])


def _sample(found: Sequence[str], hashed: dict[str, int]) -> dict[int, int]:
    """The kept shingles of a text, each with the number of its first word where it comes first.

    A text of fewer words than a shingle has gives one of all its words; every text with words
    gives at least one.
    """
    if not found:
        return {}
    ids = np.fromiter((_hash(word, hashed) for word in found), np.uint64, len(found))
    length = min(SHINGLE, len(found))
    shingles = np.zeros(len(ids) - length + 1, np.uint64)
    for offset in range(length):
        shingles = (shingles * np.uint64(_ODD)) ^ ids[offset : offset + len(shingles)]
        shingles ^= shingles >> np.uint64(29)
    kept = np.flatnonzero(shingles % np.uint64(_SAMPLED) == 0)
    if not len(kept):
        kept = np.array([np.argmin(shingles)])
    values, first = np.unique(shingles[kept], return_index=True)
    return dict(zip(values.tolist(), kept[first].tolist(), strict=True))


def _hash(word: str, hashed: dict[str, int]) -> int:
    if word not in hashed:
        plain = word.replace("-", "").replace("'", "")
        digest = blake2b(plain.encode(errors="surrogatepass"), digest_size=8).digest()
        hashed[word] = int.from_bytes(digest, "big")
    return hashed[word]
