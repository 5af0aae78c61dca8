"""What a chat about a book should know of it: facts and sentences, in one fenced block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from novelcraft.doors.desk import BookView
from novelcraft.prompts.loader import as_data
from novelcraft.state.manuscript import Fact
from novelcraft.tools.canon.search import FoundSentence, ProseSearch

INTRODUCTION = "What the book has established so far, for reference:"
CHARS_PER_TOKEN = 4
SENTENCES = 8
RECENT_CHARS = 4_000
"""Characters of the end of a conversation in which people and things are looked for."""
FACT_SHARE = 0.6
"""Share of the budget that facts may take before sentences have theirs."""


_Place = tuple[int, int]
"""Number of a scene in the book, and of a fact or sentence in the scene, both from 1."""


@dataclass(frozen=True)
class CanonBlock:
    """A block, and where it is from."""

    text: str
    """Empty where the book says nothing of what was talked about."""
    head: str
    """The commit as of which it is."""
    facts: tuple[_Place, ...] = ()
    """Which of the facts that a scene adds, and the scene, in the book's order."""
    sentences: tuple[_Place, ...] = ()
    """Which sentences of a scene, in the book's order."""

    @property
    def headers(self) -> dict[str, str]:
        """What a response says of it."""
        return {
            "x-novelcraft-head": self.head,
            "x-novelcraft-facts": ",".join(f"{scene}.{n}" for scene, n in self.facts),
            "x-novelcraft-sentences": ",".join(f"{scene}.{n}" for scene, n in self.sentences),
        }

    @property
    def citation(self) -> str:
        """A note for a person; empty where there is nothing to cite."""
        scenes = sorted({scene for scene, _ in (*self.facts, *self.sentences)})
        return f"[canon: scenes {', '.join(map(str, scenes))}]" if scenes else ""


class Canon:
    """A book as of one head, ready to be asked again and again."""

    def __init__(self, view: BookView) -> None:
        self.of = view.branch
        """The branch, as it stood."""
        self.head = view.head or ""
        # The latest facts are the ones that hold: they come first.
        self._facts = [
            ((commit.position, number), _line(fact), _words(fact.subject))
            for commit in reversed(view.chain)
            for number, fact in reversed([*enumerate(commit.facts, 1)])
        ]
        self._search = ProseSearch(view.chain)
        # One conversation names the same people again and again.
        self._find = lru_cache(256)(self._search.find)
        self._names = {
            word.casefold()
            for name in (*(c.name for c in view.plan.cast), *view.plan.world.places)
            for word in name.split()
            if len(word) > 2
        }

    def block(self, talk: str, budget: int) -> CanonBlock:
        """What the book says of those whom the end of a conversation names.

        Args:
            talk: The conversation's text.
            budget: About how many tokens the block may have.
        """
        named = _words(talk[-RECENT_CHARS:])
        room = budget * CHARS_PER_TOKEN
        facts = self._about(named, round(room * FACT_SHARE))
        spent = sum(len(line) for _, line in facts)
        found = self._found(named, room - spent)
        lines = [line for _, line in facts] + [f"- {s.text}" for s in found]
        if not lines:
            return CanonBlock("", self.head)
        return CanonBlock(
            text=f"{INTRODUCTION}\n{as_data(chr(10).join(lines))}",
            head=self.head,
            facts=tuple(place for place, _ in facts),
            sentences=tuple((s.position, s.number + 1) for s in found),
        )

    def close(self) -> None:
        """Forget the index."""
        self._search.close()

    def _about(self, named: set[str], room: int) -> list[tuple[_Place, str]]:
        kept: list[tuple[_Place, str]] = []
        for place, line, words in self._facts:
            if len(line) <= room and not words.isdisjoint(named):
                room -= len(line)
                kept.append((place, line))
        # They are told in the book's order.
        return kept[::-1]

    def _found(self, named: set[str], room: int) -> list[FoundSentence]:
        kept: list[FoundSentence] = []
        for sentence in self._find(" ".join(sorted(named & self._names)), SENTENCES):
            if len(sentence.text) <= room:
                room -= len(sentence.text)
                kept.append(sentence)
        return sorted(kept)


def _line(fact: Fact) -> str:
    return f"- {fact.subject}: {fact.statement}"


def _words(text: str) -> set[str]:
    return {word.strip(".,;:!?“”‘’\"'()[]").casefold() for word in text.split()}


def talk_of(messages: Sequence[object]) -> str:
    """The text of chat messages, whatever shape their contents have."""
    parts: list[str] = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            parts.append(content)
        elif isinstance(content, list):
            parts += [
                part["text"]
                for part in content
                if isinstance(part, dict) and isinstance(part.get("text"), str)
            ]
    return "\n".join(parts)
