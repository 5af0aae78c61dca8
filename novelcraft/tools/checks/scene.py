"""All checks of a scene, in the order in which their findings are listed.

Here, and nowhere else, stands what a check may do to a draft. A check that blocks has shown a
precision of 0.9 or more on seeded faults and finds next to nothing in published novels, by
`benchmarks.checks_on_books`; the others warn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from novelcraft.state.findings import Finding
from novelcraft.tools.checks import (
    assistant,
    duplicates,
    ending,
    fused,
    leaks,
    loops,
    no_scene,
    quotes,
    script,
    viewpoint,
)
from novelcraft.tools.checks.base import Check, CheckInput

EMPTY = Check("prose.empty", "block", ending.empty, unfit=True)

SCENE_CHECKS = (
    Check("prose.filtered", "block", ending.filtered, unfit=True),
    Check("prose.refusal", "block", no_scene.refusal, unfit=True),
    Check("prose.thinking", "block", no_scene.thinking, unfit=True),
    Check("prose.language", "block", no_scene.language, unfit=True),
    Check("prose.short", "block", ending.short, unfit=True),
    Check("prose.cut_off", "block", ending.cut_off),
    Check("prose.length", "block", ending.length),
    Check("prose.quotes", "block", quotes.quotes),
    Check("prose.fused", "block", fused.fused),
    Check("prose.duplicate", "block", duplicates.duplicate),
    Check("prose.copied", "block", duplicates.copied, needs=("earlier",)),
    Check("prose.leak", "block", leaks.leak),
    Check("prose.assistant", "block", assistant.assistant),
    Check("prose.script", "block", script.script),
    Check("prose.loop", "block", loops.loop),
    Check("prose.monotone", "block", loops.monotone),
    Check("prose.pov", "block", viewpoint.pov),
    Check("prose.person", "warn", viewpoint.person, needs=("english",)),
    Check("prose.tense", "warn", viewpoint.tense, needs=("english",)),
)

_UNFIT = {check.name for check in (EMPTY, *SCENE_CHECKS) if check.unfit}


def check_scene(scene: CheckInput, exempt: Collection[str] = ()) -> tuple[Finding, ...]:
    """Run all checks of a scene.

    Args:
        scene: The draft and what is known before it. The brief's point of view must be a
            character of the plan.
        exempt: Keys of findings that a person has marked as intended.

    Returns:
        What was found, always in the same order. An empty scene is found empty and no more.
    """
    nothing = EMPTY(scene)
    found = [nothing] if nothing else [f for check in SCENE_CHECKS if (f := check(scene))]
    return tuple(f for f in found if f.key not in exempt)


def unfit(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings for which a draft is no scene, and is not committed whatever else it is."""
    return tuple(f for f in findings if f.check in _UNFIT)
