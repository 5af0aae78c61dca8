"""Ways to copy a text so that it is no verbatim copy any more."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from novelcraft.tools.metrics.verbatim import named_words

_WORD = re.compile(r"\w+(?:['’]\w+)*")

Attack = Callable[[str], str]


def verbatim(text: str) -> str:
    return text


def _at(text: str, every: int, change: Callable[[str, str], str]) -> str:
    """Change every so many words; `change` gets the word and another one of the text."""
    rng = random.Random(every)
    pool = [w for w in _WORD.findall(text) if w.islower()]
    count = 0

    def one(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return change(match.group(), rng.choice(pool)) if count % every == 0 else match.group()

    return _WORD.sub(one, text)


def inserted(every: int) -> Attack:
    return lambda text: _at(text, every, lambda word, other: f"{word} {other}")


def replaced(every: int) -> Attack:
    return lambda text: _at(text, every, lambda _, other: other)


def left_out(every: int) -> Attack:
    return lambda text: _at(text, every, lambda _, __: "")


def renamed(text: str) -> str:
    """Every name another one, the same throughout."""
    words = _WORD.findall(text)
    names = {words[n] for w, n in named_words(text) if w == "\N{BULLET}" and n < len(words)}
    new = {name: f"Q{'aeiou'[i % 5]}{'lmnrst'[i % 6]}{i}" for i, name in enumerate(sorted(names))}
    return _WORD.sub(lambda m: new.get(m.group(), m.group()), text)


def shuffled(text: str) -> str:
    """The sentences in another order."""
    sentences = re.split(r"(?<=[.!?”])\s+", text)
    random.Random(1).shuffle(sentences)
    return " ".join(sentences)


def both(first: Attack, second: Attack) -> Attack:
    return lambda text: second(first(text))


ATTACKS: dict[str, Attack] = {
    "verbatim": verbatim,
    "a word inserted every 15": inserted(15),
    "a word left out every 12": left_out(12),
    "people renamed": renamed,
    "every 10th word replaced": replaced(10),
    "renamed, inserted every 15, every 10th replaced": both(
        both(renamed, inserted(15)), replaced(10)
    ),
    "every 5th word replaced": replaced(5),
    "every 4th word replaced": replaced(4),
    "sentences shuffled": shuffled,
    "sentences shuffled, every 10th word replaced": both(shuffled, replaced(10)),
}
