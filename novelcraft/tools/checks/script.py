"""A play's script or a list of labels where prose should be."""

from __future__ import annotations

import re

from novelcraft.state.findings import Finding
from novelcraft.tools.checks.base import CheckInput, evidence

_CUE = re.compile(r"[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*){0,3}(?: ?\([^)\n]*\))?:(?:\s|$)")

MIN_LINES = 3
"""Lines with a cue that make a script, where they are also `MIN_SHARE` of all."""

MIN_SHARE = 0.15


def script(scene: CheckInput) -> list[Finding]:
    """Lines that begin with a speaker's name or a label and a colon, again and again."""
    lines = scene.text.paragraphs
    cues = [p for p in lines if _CUE.match(p)]
    if len(cues) < max(MIN_LINES, MIN_SHARE * len(lines)):
        return []
    return [
        Finding(
            check="prose.script",
            severity="block",
            message=f"{len(cues)} of {len(lines)} lines are cues of a script, not prose.",
            evidence=evidence(cues),
            constraint="Write narrative prose with quoted dialogue, never a script with names "
            "and colons.",
        )
    ]
