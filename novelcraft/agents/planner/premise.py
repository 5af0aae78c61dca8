"""The premise's own words: whom it is about, what, and where. By rule, for English.

A model of a hundred million parameters does not find them reliably, and a scaffold that is filled
with them tells another story for every premise.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[.,;:!?—–()\"“”]")
_MOST_WORDS = 3
_PLAIN = ("the", "a", "an", "one")
_CLAUSE = ("when", "if", "as", "while", "where", "that", "before", "after", "until")
_EVERY = ("every", "each", "this", "that")
_OPENING = re.compile(r"(?:[^.!?]+[.!?]+)?")
"""Its first sentence, which mostly says where it happens."""


@lru_cache
def _english() -> dict[str, frozenset[str]]:
    file = resources.files("novelcraft.agents.planner").joinpath("english.toml")
    lists = tomllib.loads(file.read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in lists.items()}


@dataclass(frozen=True)
class _Phrase:
    words: tuple[str, ...]
    article: str
    before: str
    """The word before its article."""

    @property
    def head(self) -> str:
        return self.words[-1].casefold()

    @property
    def text(self) -> str:
        return f"the {' '.join(self.words)}"


@dataclass(frozen=True)
class PremiseWords:
    """What a premise is about, as words that fit into a sentence."""

    premise: str

    @cached_property
    def name(self) -> str:
        """Given and family name of the person whom it names first; empty where it names none."""
        first_person = min((self._at(p) for p in self._people), default=len(self._text))
        pattern = r"(?<![.!?] )\b([A-ZÀ-Þ][\w'’-]+ [A-ZÀ-Þ][\w'’-]+)\b"
        match = re.search(pattern, f"— {self._text}"[: first_person + 2])
        return match.group(1) if match and not _is_stop(match.group(1).split()[0]) else ""

    @cached_property
    def who(self) -> str:
        """The person by trade or place in life, as `the lighthouse keeper`."""
        named = self.name
        for person in self._people:
            apposed = re.escape(f"{named}, {person.article} {' '.join(person.words)}")
            if not named or re.search(apposed, self._text):
                return person.text
        return "the main character"

    @cached_property
    def place(self) -> str:
        """Where it happens, as `the night market`; a house where it does not say."""
        opening = _OPENING.match(self._text)
        first = list(_phrases(_TOKEN.findall(opening.group() if opening else "")))
        sites = _english()["sites"]
        there = [
            p.text
            for p in first
            if p.before in _english()["places"] and p.article in _PLAIN and _can_be_shown(p)
        ]
        there = there or [p.text for p in self._phrases if p.head in sites and _can_be_shown(p)]
        if there:
            return there[-1]
        trade = re.fullmatch(r"the (\w+) keeper", self.who)
        return f"the {trade.group(1)}" if trade else "the house"

    @cached_property
    def thing(self) -> str:
        """What it is about, as `the sea`."""
        others = [
            p.text
            for p in self._phrases
            if _can_be_shown(p)
            and p.text != self.place
            and p.before not in ("to", *_english()["places"])
        ]
        # What follows the person is what happens to him; what stands before sets the scene.
        after = self._at(self._people[0]) if self._people else 0
        late = [p for p in self._phrases if p.text in others and self._at(p) > after]
        return late[0].text if late else next(iter(others), "the secret")

    @cached_property
    def words(self) -> frozenset[str]:
        """All its words, folded."""
        return frozenset(token.casefold() for token in self._tokens)

    @cached_property
    def _people(self) -> list[_Phrase]:
        return [p for p in self._phrases if _is_person(p)]

    def _at(self, phrase: _Phrase) -> int:
        return self._text.find(" ".join(phrase.words))

    @cached_property
    def _text(self) -> str:
        return " ".join(self.premise.split())

    @cached_property
    def _tokens(self) -> list[str]:
        return _TOKEN.findall(self._text)

    @cached_property
    def _phrases(self) -> list[_Phrase]:
        return list(_phrases(self._tokens))


def _can_be_shown(phrase: _Phrase) -> bool:
    """Whether it is a thing or a place that a sentence can be about."""
    vague = phrase.head in _english()["vague"] or phrase.article in _EVERY
    return not vague and not _is_person(phrase)


def _is_person(phrase: _Phrase) -> bool:
    words = _english()
    return phrase.head in words["people"] or phrase.head.endswith(tuple(words["trades"]))


def _phrases(tokens: list[str]) -> Iterator[_Phrase]:
    for n, token in enumerate(tokens):
        article = token.casefold()
        if article in _english()["articles"]:
            before = tokens[n - 1].casefold() if n else ""
            # Where a clause begins its verb comes soon, and what ends in s is that.
            singular = article in _english()["singular"] or before in _CLAUSE
            if words := _noun_phrase(tokens[n + 1 :], singular=singular):
                yield _Phrase(tuple(words), article, before)


def _noun_phrase(tokens: list[str], *, singular: bool) -> list[str]:
    """The words up to where a noun phrase ends: a stop word, a mark, or its verb."""
    words: list[str] = []
    for n, token in enumerate(tokens[: _MOST_WORDS + 1]):
        follows = tokens[n + 1] if n + 1 < len(tokens) else "."
        if not token[0].isalpha() or _is_stop(token):
            break
        if words and _is_verb(token, follows, singular=singular):
            break
        words.append(token)
    return words[:_MOST_WORDS]


def _is_verb(token: str, follows: str, *, singular: bool) -> bool:
    """Whether a word after a noun is its verb: `answers`, `kept`; a plural ends the phrase."""
    if token[0].isupper():
        return False
    if token.endswith("s") and not token.endswith("ss"):
        return singular or follows[0].isalpha()
    return token.endswith(("ed", "ing"))


def _is_stop(token: str) -> bool:
    return token.casefold() in _english()["stops"]
