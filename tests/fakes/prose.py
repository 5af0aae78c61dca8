"""Clean, varied prose of a given length, the same for the same seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from tests.fakes import words as w

_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.!?][\"”’']?\s*$")


def count_words(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))


class Novelist:
    """Writes past-tense, third-person prose in which no sentence comes twice."""

    def __init__(self, seed: str, names: Sequence[str] = ()) -> None:
        self._rng = random.Random(seed)
        self._names = tuple(names) or ("the stranger",)
        self._short = tuple(n if n.startswith("the ") else n.split()[0] for n in self._names)
        self._used: set[str] = set()

    def write(self, target: int, opening: str = "") -> str:
        """Prose that brings `opening` to about `target` words, without repeating it.

        The first sentence names the first of the names. An opening that stops in the middle of
        a sentence or of a quotation is completed first.
        """
        self._used.update(re.split(r"(?<=[.!?])\s+", opening))
        text = self._completion(opening) if opening.strip() else ""
        total = count_words(opening + text)
        paragraph = [self._leading_sentence()] if not opening.strip() else []
        paragraphs: list[str] = []
        total += sum(count_words(s) for s in paragraph)
        size = self._rng.randint(3, 6)
        while total < target - 5:
            sentence = self.sentence()
            paragraph.append(sentence)
            total += count_words(sentence)
            if len(paragraph) >= size:
                paragraphs.append(" ".join(paragraph))
                paragraph, size = [], self._rng.randint(2, 6)
        if paragraph:
            paragraphs.append(" ".join(paragraph))
        body = "\n\n".join(paragraphs)
        if not opening.strip():
            return body
        return text + ("\n\n" + body if body else "")

    def sentence(self) -> str:
        """One new sentence, perhaps with a line of speech."""
        while True:
            made = _capital(self._rng.choice(_TEMPLATES)(self))
            if made not in self._used:
                self._used.add(made)
                return made

    def phrase(self) -> str:
        """A few words without a verb."""
        return f"the {self.adjective()} {self.noun()} {self.pick(w.PREPOSITIONS)} the {self.noun()}"

    def pick(self, options: Sequence[str]) -> str:
        return self._rng.choice(options)

    def noun(self) -> str:
        return self.pick(w.NOUNS)

    def adjective(self) -> str:
        return self.pick(w.ADJECTIVES)

    def who(self) -> str:
        """Somebody, by the first name."""
        return self.pick(self._short)

    def _leading_sentence(self) -> str:
        return _capital(
            f"{self._names[0]} {self.pick(w.TRANSITIVE)} {self.phrase()}, {self.pick(w.ADVERBS)}."
        )

    def _completion(self, opening: str) -> str:
        if _SENTENCE_END.search(opening) and opening.count('"') % 2 == 0:
            return ""
        space = "" if opening[-1:].isspace() else " "
        tail = f"{space}{self.pick(w.PREPOSITIONS)} {self.phrase()}"
        if opening.count('"') % 2:
            return f'{tail}," {self.who()} {self.pick(w.SPEECH_VERBS)}.'
        return tail + "."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plural(noun: str) -> str:
    if noun.endswith(("s", "sh", "ch", "x")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


# Between two words that are drawn there are at most two that are not, so that runs of five
# words hardly ever come twice.


def _deed(n: Novelist) -> str:
    return (
        f"{n.who()} {n.pick(w.TRANSITIVE)} the {n.adjective()} {n.noun()} "
        f"{n.pick(w.PREPOSITIONS)} the {n.adjective()} {n.noun()}."
    )


def _stillness(n: Novelist) -> str:
    return (
        f"{n.pick(w.TIMES)} the {n.adjective()} {n.noun()} {n.pick(w.INTRANSITIVE)} "
        f"{n.pick(w.PREPOSITIONS)} {n.adjective()} {_plural(n.noun())}, {n.pick(w.CONJUNCTIONS)} "
        f"{n.who()} {n.pick(w.TRANSITIVE)} the {n.noun()} {n.pick(w.ADVERBS)}."
    )


def _speech(n: Novelist) -> str:
    said = _capital(
        f"the {n.adjective()} {n.noun()} {n.pick(w.INTRANSITIVE)} "
        f"{n.pick(w.PREPOSITIONS)} {n.adjective()} {_plural(n.noun())}"
    )
    return f'"{said}," {n.who()} {n.pick(w.SPEECH_VERBS)} {n.pick(w.ADVERBS)}.'


def _feeling(n: Novelist) -> str:
    return (
        f"{n.pick(w.FEELINGS)} {n.pick(w.INTRANSITIVE)} {n.pick(w.PREPOSITIONS)} {n.who()} like "
        f"{n.adjective()} {_plural(n.noun())} {n.pick(w.PREPOSITIONS)} some {n.adjective()} "
        f"{n.noun()}."
    )


def _contrast(n: Novelist) -> str:
    return (
        f"neither {n.adjective()} {_plural(n.noun())} nor {n.adjective()} {_plural(n.noun())} "
        f"{n.pick(w.INTRANSITIVE)} {n.pick(w.ADVERBS)}, {n.pick(w.CONJUNCTIONS)} {n.who()} "
        f"{n.pick(w.TRANSITIVE)} every {n.noun()} {n.pick(w.PREPOSITIONS)} the {n.noun()}."
    )


def _pair(n: Novelist) -> str:
    return (
        f"{n.pick(w.ADVERBS)}, {n.who()} {n.pick(w.TRANSITIVE)} one {n.adjective()} {n.noun()}, "
        f"{n.pick(w.TRANSITIVE)} another {n.noun()}, {n.pick(w.CONJUNCTIONS)} "
        f"{_plural(n.noun())} {n.pick(w.INTRANSITIVE)} {n.pick(w.TIMES)}."
    )


def _reason(n: Novelist) -> str:
    return (
        f"because the {n.adjective()} {n.noun()} {n.pick(w.INTRANSITIVE)} {n.pick(w.TIMES)}, "
        f"{n.who()} {n.pick(w.TRANSITIVE)} its {n.adjective()} {n.noun()} with "
        f"{n.pick(w.FEELINGS)}."
    )


_TEMPLATES: tuple[Callable[[Novelist], str], ...] = (
    _deed,
    _stillness,
    _speech,
    _feeling,
    _contrast,
    _pair,
    _reason,
)
