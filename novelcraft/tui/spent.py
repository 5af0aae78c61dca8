"""What a novel took so far, added up as it comes: a look costs what is new. Pure of Textual."""

from __future__ import annotations

from collections import Counter

from novelcraft.tools.canon.store import ManuscriptStore

UNSETTLED = 64
"""Newest calls that are added up anew with each look: on a server, what ran side by side may be
written in another order than it is numbered in."""


class Spent:
    """Tokens of all calls of a novel, on all branches."""

    def __init__(self, store: ManuscriptStore) -> None:
        self._store = store
        self._upto = 0
        self._read = Counter[str]()
        self._written = Counter[str]()

    def by_role(self) -> dict[str, tuple[int, int]]:
        """Tokens read and written, by role."""
        settled = max(self._upto, self._store.last_call() - UNSETTLED)
        if settled > self._upto:
            self._add(self._read, self._written, self._upto, settled)
            self._upto = settled
        read, written = self._read.copy(), self._written.copy()
        self._add(read, written, settled, None)
        return {role: (read[role], written[role]) for role in read}

    def _add(self, read: Counter[str], written: Counter[str], after: int, upto: int | None) -> None:
        for line in self._store.model_lines(after=after, upto=upto):
            read[line.role] += line.prompt_tokens
            written[line.role] += line.completion_tokens
