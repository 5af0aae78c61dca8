"""Sentences and paragraphs that come twice: inside a scene, or from an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence
from novelcraft.tools.metrics import Prose, words

WITHIN = 9
"""Words of a sentence or paragraph that may not come twice in a scene. Shorter ones do in
published novels: refrains, commands, answers."""

ACROSS = 12
"""Words of a sentence or paragraph that may not come again from an earlier scene."""


def duplicate(scene: CheckInput) -> Flaw | None:
    """A sentence or paragraph that comes twice in the scene."""
    found = evidence(_repeats(scene.text))
    if not found:
        return None
    return Flaw(
        message="A sentence or paragraph comes more than once.",
        evidence=found,
        constraint="Never repeat a sentence; let every paragraph bring something new.",
    )


def copied(scene: CheckInput) -> Flaw | None:
    """A sentence or paragraph that stands word for word in an earlier scene."""
    own = _statements(scene.prose)
    again = {key for prose in scene.earlier for key in own & _statements(prose)}
    if not again:
        return None
    pieces = (*scene.text.sentences, *scene.text.paragraphs)
    found = evidence(piece for piece in pieces if _cut(piece) & again)
    return Flaw(
        message="Sentences of an earlier scene come again, word for word.",
        evidence=found,
        constraint="Do not repeat sentences of earlier scenes; go on from where they ended.",
    )


def _repeats(text: Prose) -> Iterator[str]:
    for pieces in (text.sentences, text.paragraphs):
        seen: set[str] = set()
        for piece in pieces:
            found = words(piece)
            key = " ".join(found)
            if key in seen:
                yield piece
            elif len(found) >= WITHIN:
                seen.add(key)


_MARKS = str.maketrans(dict.fromkeys("\"“”„«»‘’'(),;:*_[]—–", " "))
_ENDS = str.maketrans(dict.fromkeys(".!?…", "\n"))
_NO_ENDS = str.maketrans(dict.fromkeys(".!?…", " "))


def _cut(text: str) -> frozenset[int]:
    """Hashes of the stretches of a text that may not come again, by sentence and by paragraph.

    Cut in a cheaper way than `sentences` does, because a run that is resumed asks for all
    earlier scenes at once; and hashes, because those of a whole book stay in memory.
    """
    plain = text.casefold().translate(_MARKS)
    lines = (plain.translate(_ENDS) + "\n" + plain.translate(_NO_ENDS)).splitlines()
    return frozenset(hash(" ".join(w)) for w in map(str.split, lines) if len(w) >= ACROSS)


_statements = lru_cache(maxsize=2048)(_cut)
"""The same, kept: an earlier scene is asked for again with every later draft."""
