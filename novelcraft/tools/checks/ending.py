"""Is there a whole scene: not empty, not cut off, near its word target?"""

from __future__ import annotations

import re

from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import count_words
from novelcraft.tools.checks.base import CheckInput, quote

_ORNAMENT = re.compile(r"[\W_]*")
_WHOLE_END = re.compile(r"[.!?…—–。！？]['\"”’»«“‘)\]*_」』]*$")

_STOPPED_SHORT = {
    "length": "the server's limit on tokens ended it",
    "content_filter": "the server's content filter ended it",
}
"""Reasons to stop after which the end is missing, however whole it looks."""


def empty(scene: CheckInput) -> list[Finding]:
    """A scene without a single word."""
    if scene.text.words:
        return []
    return [
        Finding(
            check="prose.empty",
            severity="block",
            message="The scene holds no words.",
            constraint="Write the scene as prose, from its beginning to its end.",
            about=scene.brief.id,
        )
    ]


def cut_off(scene: CheckInput) -> list[Finding]:
    """A scene whose end is missing: by the reason it stopped, or by its last sentence."""
    last = next((p for p in reversed(scene.text.paragraphs) if not _ORNAMENT.fullmatch(p)), "")
    reason = _STOPPED_SHORT.get(scene.finish_reason, "")
    if not reason and _WHOLE_END.search(last):
        return []
    return [
        Finding(
            check="prose.cut_off",
            severity="block",
            message=f"The scene is cut off: {reason or 'its last sentence has no end'}.",
            evidence=(quote(last, end=True),),
            constraint="End the scene with a complete sentence.",
            about=scene.brief.id,
        )
    ]


def length(scene: CheckInput) -> list[Finding]:
    """A scene far off its word target, by the preset's bounds."""
    words = count_words(scene.prose)
    low, high = scene.preset.length_block
    if low * scene.target_words <= words <= high * scene.target_words:
        return []
    wish = (
        f"Write the scene out in full, in about {scene.target_words} words."
        if words < scene.target_words
        else f"End the scene after about {scene.target_words} words."
    )
    return [
        Finding(
            check="prose.length",
            severity="block",
            message=f"The scene has {words} words, its target is {scene.target_words}.",
            evidence=(quote(scene.prose, end=True),),
            constraint=wish,
            about=scene.brief.id,
        )
    ]
