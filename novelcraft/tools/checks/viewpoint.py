"""Is the scene told through the eyes, and in the person and tense, that the plan says?"""

from __future__ import annotations

import re

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence, quote
from novelcraft.tools.checks.names import named
from novelcraft.tools.metrics import words

_I = frozenset({"i", "i'm", "i'd", "i'll", "i've", "me", "my", "myself", "mine"})
_WE = frozenset({"we", "us", "our", "ours"})
_YOU = frozenset({"you", "your", "yours", "yourself", "you're", "you've", "you'd", "you'll"})

PERSON_SHARE = 0.01
"""Share of pronouns in narration from which on it is told in their person."""

MIN_WORDS = 100
"""Words of narration below which its person is not judged."""

MIN_WORDS_WITHOUT_I = 400
"""Words of narration in which a teller who is an `I` must say so once. Shorter scenes can be all
talk of others."""

_PERSON = re.compile(r"\b(first|second|third)[- ]person\b", re.IGNORECASE)
_TENSE = re.compile(r"\b(past|present)[- ]tense\b", re.IGNORECASE)

_PAST = frozenset({
    "was", "were", "had", "said", "went", "came", "did", "could", "knew", "saw", "felt", "took",
    "stood", "looked", "turned",
})  # fmt: skip
_PRESENT = frozenset({
    "is", "are", "has", "says", "goes", "comes", "does", "can", "knows", "sees", "feels", "takes",
    "stands", "looks", "turns",
})  # fmt: skip

MIN_VERBS = 12
"""Verbs that tell the tense, below which it is not judged."""

WRONG_TENSE = 0.65
"""Share of those verbs in the other tense above which a scene is told in it. A slip of a
sentence or two is not looked for: sayings and thoughts are in the present tense too."""


def name_viewpoint(name: str) -> str:
    """The constraint that has a scene name whom it follows."""
    return f"Name {name}, through whose eyes the scene is told."


def pov(scene: CheckInput) -> Flaw | None:
    """A scene in which the point-of-view character is never named, unless an `I` tells it."""
    character = scene.pov
    if named(character.name, scene.prose, english=scene.english) or _told_by_i(scene):
        return None
    return Flaw(
        message=f"{character.name}, through whose eyes the scene is told, is never named.",
        evidence=(quote(scene.prose),),
        constraint=name_viewpoint(character.name),
        about=f"{scene.brief.id}/{character.id}",
    )


def person(scene: CheckInput) -> Flaw | None:
    """Narration in another person than the plan's style names (English only)."""
    planned = _planned_person(scene)
    if not planned or len(_told(scene)) < MIN_WORDS:
        return None
    wrong = {"first": _YOU, "second": _I, "third": _I | _YOU}[planned]
    if planned == "first" and (_share(scene, _I | _WE) or len(_told(scene)) < MIN_WORDS_WITHOUT_I):
        return None
    if planned != "first" and _share(scene, wrong) < PERSON_SHARE:
        return None
    wish = "as “I”" if planned == "first" else f"in the {planned} person"
    return Flaw(
        message=f"The plan's style is {planned} person, the narration is in another.",
        evidence=_with(scene, wrong),
        constraint=f"Outside dialogue, tell the scene {wish}.",
        about=scene.brief.id,
    )


def tense(scene: CheckInput) -> Flaw | None:
    """A scene told throughout in another tense than the plan's style names (English only)."""
    match = _TENSE.search(scene.plan.core.style)
    if match is None:
        return None
    planned = match[1].lower()
    wrong, right = (_PRESENT, _PAST) if planned == "past" else (_PAST, _PRESENT)
    told = _told(scene)
    slipped, held = sum(w in wrong for w in told), sum(w in right for w in told)
    if slipped + held < MIN_VERBS or slipped < WRONG_TENSE * (slipped + held):
        return None
    return Flaw(
        message=f"The plan's style is {planned} tense, the scene is told in the other.",
        evidence=_with(scene, wrong),
        constraint=f"Tell the scene in the {planned} tense.",
        about=scene.brief.id,
    )


def _told(scene: CheckInput) -> list[str]:
    return [w for piece in scene.text.narration for w in words(piece)]


def _share(scene: CheckInput, pronouns: frozenset[str]) -> float:
    told = _told(scene)
    return sum(w in pronouns for w in told) / len(told) if told else 0.0


def _with(scene: CheckInput, wrong: frozenset[str]) -> tuple[str, ...]:
    """Sentences of the narration with such words; the scene's beginning where there are none."""
    found = evidence(s for s in scene.text.narrated_sentences if wrong & set(words(s)))
    return found or (quote(scene.prose),)


def _planned_person(scene: CheckInput) -> str:
    match = _PERSON.search(scene.plan.core.style)
    return match[1].lower() if match else ""


def _told_by_i(scene: CheckInput) -> bool:
    planned = _planned_person(scene)
    if planned or not scene.english:
        return planned == "first"
    return _share(scene, _I) >= PERSON_SHARE
