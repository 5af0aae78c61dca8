"""Sentences and paragraphs that come twice: inside a scene, or from an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from novelcraft.state.findings import Finding
from novelcraft.tools.checks.base import CheckInput, evidence
from novelcraft.tools.metrics import Prose, words

WITHIN = 9
"""Words of a sentence or paragraph that may not come twice in a scene. Shorter ones do in
published novels: refrains, commands, answers."""

ACROSS = 12
"""Words of a sentence or paragraph that may not come again from an earlier scene."""


def duplicate(scene: CheckInput) -> list[Finding]:
    """A sentence or paragraph that comes twice in the scene."""
    found = evidence(_repeats(scene.text))
    if not found:
        return []
    return [
        Finding(
            check="prose.duplicate",
            severity="block",
            message="A sentence or paragraph comes more than once.",
            evidence=found,
            constraint="Never repeat a sentence; let every paragraph bring something new.",
        )
    ]


def copied(scene: CheckInput) -> list[Finding]:
    """A sentence or paragraph that stands word for word in an earlier scene."""
    known = [_keys(prose) for prose in scene.earlier]
    found = evidence(
        piece
        for piece in _pieces(scene.text)
        if (key := _key(piece, ACROSS)) is not None and any(key in keys for keys in known)
    )
    if not found:
        return []
    return [
        Finding(
            check="prose.copied",
            severity="block",
            message="Sentences of an earlier scene come again, word for word.",
            evidence=found,
            constraint="Do not repeat sentences of earlier scenes; go on from where they ended.",
        )
    ]


def _pieces(text: Prose) -> Iterator[str]:
    yield from text.sentences
    yield from text.paragraphs


def _repeats(text: Prose) -> Iterator[str]:
    for pieces in (text.sentences, text.paragraphs):
        seen: set[str] = set()
        for piece in pieces:
            key = _key(piece, WITHIN)
            if key in seen:
                yield piece
            elif key is not None:
                seen.add(key)


def _key(piece: str, least: int) -> str | None:
    """The words of a piece, so that pieces are compared without their punctuation."""
    found = words(piece)
    return " ".join(found) if len(found) >= least else None


@lru_cache(maxsize=2048)
def _keys(prose: str) -> frozenset[str]:
    """The keys of an earlier scene: it is asked for again with every later draft."""
    return frozenset(k for p in _pieces(Prose(prose)) if (k := _key(p, ACROSS)) is not None)
