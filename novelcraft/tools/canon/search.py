"""Find sentences of a book by their words: SQLite's full-text index, in memory.

What is looked for by meaning is in the passage index; this one needs no model, no folder and no
lock, so that it can be asked while a run writes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from novelcraft.prompts.fit import sentences
from novelcraft.state.manuscript import SceneCommit

_TERM = re.compile(r"\w+")


class FoundSentence(NamedTuple):
    """A sentence of the book."""

    position: int
    """Of its scene in the book, from 1."""
    scene_id: str
    number: int
    """Of the sentence in its scene, from 0."""
    text: str


class ProseSearch:
    """The sentences of some scenes, searchable. Words are found in their other forms too."""

    def __init__(self, commits: Iterable[SceneCommit]) -> None:
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE prose USING fts5("
            "position UNINDEXED, scene UNINDEXED, number UNINDEXED, text, "
            "tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._db.executemany(
            "INSERT INTO prose VALUES (?, ?, ?, ?)",
            (
                (commit.position, commit.scene_id, number, text.strip())
                for commit in commits
                for number, text in enumerate(sentences(commit.prose))
            ),
        )

    def find(self, question: str, most: int, *, all_words: bool = False) -> list[FoundSentence]:
        """Sentences with the question's words, the best first (Okapi BM25).

        Args:
            question: Any text; what is no word is passed over.
            most: How many to return.
            all_words: Whether a sentence must have all of the words.
        """
        terms = [f'"{term}"' for term in _TERM.findall(question)]
        if not terms:
            return []
        rows = self._db.execute(
            "SELECT position, scene, number, text FROM prose WHERE prose MATCH ? "
            "ORDER BY bm25(prose), position, number LIMIT ?",
            ((" " if all_words else " OR ").join(terms), most),
        )
        return [FoundSentence(*row) for row in rows]

    def around(self, found: Sequence[FoundSentence]) -> list[FoundSentence]:
        """Those sentences with the ones right before them in their scene, in the book's order."""
        wanted = {(s.position, s.number - n) for s in found for n in (0, 1)}
        rows = self._db.execute("SELECT position, scene, number, text FROM prose")
        there = (FoundSentence(*row) for row in rows)
        return sorted(s for s in there if (s.position, s.number) in wanted)

    def close(self) -> None:
        """Forget the index."""
        self._db.close()
