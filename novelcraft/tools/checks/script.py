"""A play's script or a list where prose should be."""

from __future__ import annotations

import re

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence

_BULLET = re.compile(r"[-*•] ")
_CUE = re.compile(r"[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,3}(?: ?\([^)\n]*\))?:(?:\s|$)")

_ORNAMENT = re.compile(r"[\W_]+")

MIN_LINES = 3
"""Lines with a cue or bullet that make a script, where they are also `MIN_SHARE` of all."""

MIN_SHARE = 0.15


def script(scene: CheckInput) -> Flaw | None:
    """Lines that begin with a name or label and a colon, or with a bullet, again and again.

    Other languages than English open speech with a dash, which looks like a bullet.
    """
    lines = [p for p in scene.text.paragraphs if not _ORNAMENT.fullmatch(p)]
    cues = [p for p in lines if _CUE.match(p) or (scene.english and _BULLET.match(p))]
    if len(cues) < max(MIN_LINES, MIN_SHARE * len(lines)):
        return None
    return Flaw(
        message=f"{len(cues)} of {len(lines)} lines are a script's or a list's.",
        evidence=evidence(cues),
        constraint="Write prose with quoted dialogue, never a list or a script with colons.",
    )
