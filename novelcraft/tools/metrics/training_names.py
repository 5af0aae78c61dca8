"""Names that a body of training text is full of, and that turn up where they have no place.

A name is told by how it is written: with a capital inside sentences, and hardly ever without one
in any training text. That finds little or too much in languages that capitalise other words. Names
that everybody knows (countries, months, gods, the commonest first names) tell nothing alone, so a
list of them is left out; "John Thornton" is found by its second word. A first name that is not on
the list tells little too where the training texts are many: the quotes are for a person to judge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from novelcraft.state.memory import NameLeak
from novelcraft.tools.metrics.word_lists import word_list

LEAST = 3
"""Times that a name stands inside sentences of one training text."""

CAPITAL = 0.9
"""Least share of a name's occurrences that have a capital."""

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][A-ZÀ-Þ][^\W\d_]+)*")
_INSIDE = re.compile(r"(?<=[\w,;][ \n])")
"""Where a word stands inside of a sentence: after a word or comma, and not after a blank line."""
_AROUND = 40
"""Characters on each side of a name that are quoted."""


class TrainingNames:
    """Counts the names of training texts, read one by one."""

    def __init__(self) -> None:
        self._found: set[str] = set()
        self._capital: Counter[str] = Counter()
        self._small: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count the words of a text."""
        inside: Counter[str] = Counter()
        for match in _TOKEN.finditer(text):
            token = match.group()
            if token[0].islower():
                self._small[token] += 1
            elif len(token) > 1 and not token.isupper():
                self._capital[token] += 1
                if _INSIDE.match(text, match.start()):
                    inside[token] += 1
        self._found.update(name for name, times in inside.items() if times >= LEAST)

    def names(self) -> frozenset[str]:
        """The names found so far."""
        common = word_list("common_names")
        return frozenset(
            name
            for name in self._found
            if name.casefold() not in common
            and self._capital[name] >= CAPITAL * (self._capital[name] + self._small[name.lower()])
        )


def leaked_names(name: str, text: str, brief: str, names: Iterable[str]) -> Iterator[NameLeak]:
    """Training names in a text, the most frequent first.

    Args:
        name: Of the text.
        text: A scene of another world.
        brief: What it was told; a name in it, in whatever case, is no leak.
        names: Of the training texts.
    """
    told = {token.casefold() for token in _TOKEN.findall(brief)}
    first: dict[str, re.Match[str]] = {}
    counts: Counter[str] = Counter()
    wanted = frozenset(names)
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in wanted and token.casefold() not in told:
            first.setdefault(token, match)
            counts[token] += 1
    for token, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        start, end = first[token].span()
        around = text[max(0, start - _AROUND) : end + _AROUND]
        yield NameLeak(text=name, name=token, count=count, quote=" ".join(around.split()))
