"""What can be said of a book and its scenes by rule, where no model is asked.

It is made of the text's own words, and the same for the same text. Names are found in every
language that capitalises them; places, times and states by English words.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Sequence

from novelcraft.state.books import BookCharacter, BookWorld, SceneBriefText
from novelcraft.state.manuscript import Fact, count_words
from novelcraft.tools.books.scenes.names import named_in, occurs
from novelcraft.tools.metrics import Prose

MOST_BEATS = 3
_SHORTEST, _LONGEST = 4, 25
"""Words of a sentence that can stand for itself."""
_MOST_PLACES = 5
_SUBJECT = 4
"""Words of a sentence's beginning in which its subject is looked for."""
_STATE = re.compile(
    r"\b(was|were|is|are|had|has|have|knew|wanted|lived|loved|hated|feared|believed|kept|lost|"
    r"found|became|promised|swore|decided|married|died|never|owned|carried|wore)\b"
)
_PLACE = re.compile(
    r"\b(?:in|into|at|to|from|on|through|across|inside|outside|near) the ((?:\w+ )?"
    r"(?:attic|bank|barn|beach|bedroom|boat|bridge|cabin|castle|cave|cellar|chamber|church|city|"
    r"cottage|court|courtyard|deck|dining-room|drawing-room|farm|field|fields|forest|garden|gate|"
    r"hall|harbour|hill|hills|hospital|hotel|house|inn|island|kitchen|lake|lane|library|lighthouse|"
    r"market|mill|moor|mountain|office|orchard|palace|parlour|path|prison|quay|river|road|roof|"
    r"room|school|sea|ship|shop|shore|stable|station|street|study|tavern|tent|theatre|tower|town|"
    r"train|valley|verandah|village|wood|woods|yard))\b"
)
_NO_KIND = frozenset(["same", "other", "next", "first", "last", "whole", "very", "far", "little"])
"""Words before a place that say nothing of it."""
_CALENDAR = frozenset((*calendar.month_name, *calendar.day_name))
_TIME = re.compile(
    r"\b(dawn|sunrise|morning|noon|afternoon|dusk|sunset|evening|night|midnight)\b", re.IGNORECASE
)
_ROLE = r", ((?:the|a|an|his|her|my|our) [a-z][a-z' -]{2,40}?)[,.;]"
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|myself)\b")
_TOLD_IN_FIRST = 0.015
"""Share of such words in the narration from which a book is told in the first person."""


def facts_by_rule(text: str, names: Sequence[str], most: int) -> tuple[Fact, ...]:
    """What a scene says of its people, each fact a sentence of it outside dialogue.

    Sentences that tell how somebody is, or what somebody has or knows, come before those that
    tell what somebody does.
    """
    found: list[tuple[bool, int, Fact]] = []
    for number, sentence in enumerate(_whole_sentences(text)):
        subject = _first_named(names, sentence.split()[:_SUBJECT])
        if subject:
            fact = Fact(subject=subject, statement=" ".join(sentence.split()), quote=sentence)
            found.append((not _STATE.search(sentence), number, fact))
    chosen = sorted(found, key=lambda entry: entry[:2])[:most]
    return tuple(fact for _, _, fact in sorted(chosen, key=lambda entry: entry[1]))


def brief_by_rule(text: str, names: Sequence[str], most_present: int) -> SceneBriefText:
    """The brief of a scene: who is named most, where and when, and what its sentences tell.

    Args:
        text: The scene.
        names: Who may be named in it, one or more.
        most_present: People that it names at most.
    """
    told = _telling(text, names)
    present = _by_mentions(text, names)[:most_present] or tuple(names[:1])
    middle = told[1:-1]
    step = len(middle) / MOST_BEATS
    beats = [middle[int(n * step)] for n in range(MOST_BEATS)] if step >= 1 else middle
    time = _TIME.search(text)
    return SceneBriefText(
        goal=told[0] if told else "",
        pov=present[0],
        place=next(iter(places_of(text)), ""),
        time=time.group(1).lower() if time else "",
        present=present,
        beats=tuple(beats),
        outcome=told[-1] if len(told) > 1 else "",
    )


def summary_by_rule(text: str, names: Sequence[str]) -> str:
    """What a scene adds to the story so far: how it begins and ends, and who is in it."""
    told = _telling(text, names)
    lines = list(dict.fromkeys((*told[:1], *told[-1:])))
    unsaid = [name for name in _by_mentions(text, names) if not occurs(name, " ".join(lines))]
    if unsaid:
        lines.append(f"{_listed(unsaid)} {'is' if len(unsaid) == 1 else 'are'} there.")
    return " ".join(lines)


def world_by_rule(text: str, names: Sequence[str]) -> BookWorld:
    """The constitution of a book: its places and people, and in which person it is told.

    Args:
        text: The whole narrative.
        names: Names that it has, the most frequent first. Its cast are those that name nothing of
            the calendar, and nobody whom a longer one names.
    """
    places = places_of(text)[:_MOST_PLACES]
    said = [f"It happens in {_listed(places)}."] if places else []
    cast = [BookCharacter(name=name, role=_role_of(name, text)) for name in _people(names)]
    unknown = [member.name for member in cast if not member.role]
    if unknown:
        said.append(f"{_listed(unknown)} {'is' if len(unknown) == 1 else 'are'} in the story.")
    narrated = " ".join(Prose(text).narration)
    first = len(_FIRST_PERSON.findall(narrated)) >= _TOLD_IN_FIRST * max(1, count_words(narrated))
    return BookWorld(
        text=" ".join(said) or "Every scene keeps to what the story has told so far.",
        tone="",
        style=f"told in the {'first' if first else 'third'} person",
        places=places,
        cast=tuple(cast),
    )


def places_of(text: str) -> tuple[str, ...]:
    """Places that a text names, the most frequent first, then by their order in it."""
    found: Counter[str] = Counter()
    for match in _PLACE.finditer(text):
        *kind, site = match.group(1).lower().split()
        kept = [word for word in kind if word not in _NO_KIND]
        found[" ".join(("the", *kept, site))] += 1
    return tuple(place for place, _ in found.most_common())


def _people(names: Sequence[str]) -> list[str]:
    parts = {name: set(name.split()) for name in names}
    return [
        name
        for name in names
        if name not in _CALENDAR and not any(parts[name] < other for other in parts.values())
    ]


def _whole_sentences(text: str) -> list[str]:
    """Sentences of the narration that begin and end as such, of a length that can be quoted."""
    return [
        sentence
        for sentence in (s.strip() for s in Prose(text).narrated_sentences)
        if sentence[:1].isupper()
        and sentence.endswith((".", "!", "?"))
        and _SHORTEST <= count_words(sentence) <= _LONGEST
    ]


def _telling(text: str, names: Sequence[str]) -> list[str]:
    """Sentences that tell what happens: those that name somebody, where there are some."""
    whole = [" ".join(sentence.split()) for sentence in _whole_sentences(text)]
    named = [sentence for sentence in whole if named_in(names, sentence)]
    return named if len(named) > 1 else whole


def _first_named(names: Sequence[str], said: Sequence[str]) -> str:
    """Who of these is named first in some words; empty where nobody is."""
    return next((name for word in said for name in named_in(names, word)), "")


def _by_mentions(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that a text has, the most frequent first."""
    counts = {name: _mentions(name, text) for name in named_in(names, text)}
    return tuple(sorted(counts, key=lambda name: (-counts[name], names.index(name))))


def _mentions(name: str, text: str) -> int:
    return max(len(re.findall(rf"\b{re.escape(part)}\b", text)) for part in name.split())


def _role_of(name: str, text: str) -> str:
    """What a text calls somebody in passing, as in `Ada, the painter,`; empty where it does not."""
    match = re.search(rf"\b{re.escape(name)}{_ROLE}", text)
    return match.group(1) if match else ""


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
