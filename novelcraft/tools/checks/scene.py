"""All checks of a scene, in the order in which their findings are listed.

Here, and nowhere else, stands what a check may do to a draft, and what it has shown of itself: a
check that blocks has a precision of 0.9 or more on seeded faults and finds next to nothing in
published novels, by `benchmarks.checks_on_books`; the others warn.
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
    talk,
    viewpoint,
)
from novelcraft.tools.checks.base import Check, CheckInput, Measured

EMPTY = Check("prose.empty", "block", ending.empty, Measured(1, 1, 0), unfit=True)

SCENE_CHECKS = (
    Check("prose.filtered", "block", ending.filtered, Measured(1, 1, 0), unfit=True),
    Check("prose.refusal", "block", no_scene.refusal, Measured(1, 1, 0), unfit=True),
    Check("prose.thinking", "block", no_scene.thinking, Measured(1, 1, 0), unfit=True),
    Check("prose.language", "block", no_scene.language, Measured(1, 1, 0), unfit=True),
    Check("prose.short", "block", ending.short, Measured(1, 1, 0), unfit=True),
    Check("prose.cut_off", "block", ending.cut_off, Measured(1, 1, 0)),
    Check("prose.length", "block", ending.length, Measured(1, 1, 0)),
    Check("prose.quotes", "block", quotes.quotes, Measured(0.826, 0.98, 2.7)),
    Check("prose.fused", "block", fused.fused, Measured(0.993, 1, 0)),
    Check("prose.duplicate", "block", duplicates.duplicate, Measured(1, 0.999, 2.7)),
    Check(
        "prose.copied", "block", duplicates.copied, Measured(0.992, 0.997, 2.7), needs=("earlier",)
    ),
    Check("prose.leak", "block", leaks.leak, Measured(1, 1, 0)),
    Check("prose.assistant", "block", assistant.assistant, Measured(1, 1, 0)),
    Check("prose.talk", "block", talk.talk, Measured(0.4, 1, 0), needs=("english",)),
    Check("prose.script", "block", script.script, Measured(1, 1, 0)),
    Check("prose.loop", "block", loops.loop, Measured(1, 1, 0)),
    Check("prose.monotone", "block", loops.monotone, Measured(0.994, 1, 0)),
    Check("prose.pov", "block", viewpoint.pov, Measured(1, 0.981, 0)),
    Check("prose.person", "warn", viewpoint.person, Measured(0.961, 0.567, 8), needs=("english",)),
    Check("prose.tense", "warn", viewpoint.tense, Measured(0.93, 0.989, 10.7), needs=("english",)),
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
