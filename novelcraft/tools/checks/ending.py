"""Is there a whole scene: not empty, not filtered, not cut off, near its word target?"""

from __future__ import annotations

import re

from novelcraft.state.calls import ONLY_THOUGHT
from novelcraft.state.manuscript import count_words
from novelcraft.tools.checks.base import CheckInput, Flaw, quote
from novelcraft.tools.text import counted

END_WHOLE = "End the scene with a complete sentence."

_ORNAMENT = re.compile(r"[\W_]*")
_WHOLE_END = re.compile(r"[.!?…—–。！？]['\"”’»«“‘)\]*_」』]*$")

_STOPPED_SHORT = {
    "length": "the server's limit on tokens ended it",
    "too_long": "it did not come to an end",
    "repetition": "the server ended it, as it went round in circles",
}
"""Reasons to stop after which the end is missing, however whole it looks."""


def empty(scene: CheckInput) -> Flaw | None:
    """A scene without a single word."""
    if scene.text.words:
        return None
    thought = scene.finish_reason == ONLY_THOUGHT
    return Flaw(
        message="The narrator only thought, and told nothing."
        if thought
        else "The scene holds no words.",
        constraint="Write the scene as prose, from its beginning to its end.",
        about=scene.brief.id,
    )


def cut_off(scene: CheckInput) -> Flaw | None:
    """A scene whose end is missing: by the reason it stopped, or by its last sentence."""
    last = next((p for p in reversed(scene.text.paragraphs) if not _ORNAMENT.fullmatch(p)), "")
    reason = _STOPPED_SHORT.get(scene.finish_reason, "")
    if not reason and _WHOLE_END.search(last):
        return None
    return Flaw(
        message=f"The scene is cut off: {reason or 'its last sentence has no end'}.",
        evidence=(quote(last, end=True),),
        constraint=END_WHOLE,
        about=scene.brief.id,
    )


def filtered(scene: CheckInput) -> Flaw | None:
    """A scene that the server's content filter ended."""
    if scene.finish_reason != "content_filter":
        return None
    return Flaw(
        message="The server's content filter ended the scene.",
        evidence=(quote(scene.prose, end=True),),
        constraint="Tell the scene without graphic detail.",
        about=scene.brief.id,
    )


def short(scene: CheckInput) -> Flaw | None:
    """A text below the preset's lower bound of its target: no whole scene."""
    words = count_words(scene.prose)
    if words >= scene.preset.length_block[0] * scene.target_words:
        return None
    return _off_target(scene, words, "Write the scene out in full, as long as is asked.")


def length(scene: CheckInput) -> Flaw | None:
    """A scene far above its word target, by the preset's bound."""
    words = count_words(scene.prose)
    if words <= scene.preset.length_block[1] * scene.target_words:
        return None
    return _off_target(scene, words, "End the scene at the length that is asked.")


def _off_target(scene: CheckInput, words: int, wish: str) -> Flaw:
    """The wish names no number: what the narrator is asked for follows from its pace."""
    return Flaw(
        message=f"The scene has {counted(words, 'word')}, its target is {scene.target_words}.",
        evidence=(quote(scene.prose, end=True),),
        constraint=wish,
        about=scene.brief.id,
    )
