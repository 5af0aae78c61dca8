"""All checks of a scene, in the order in which their findings are listed."""

from __future__ import annotations

from collections.abc import Callable, Collection

from novelcraft.state.findings import Finding
from novelcraft.tools.checks.assistant import assistant
from novelcraft.tools.checks.base import CheckInput
from novelcraft.tools.checks.duplicates import copied, duplicate
from novelcraft.tools.checks.ending import cut_off, empty, length
from novelcraft.tools.checks.fused import fused
from novelcraft.tools.checks.leaks import leak
from novelcraft.tools.checks.loops import loop, monotone
from novelcraft.tools.checks.quotes import quotes
from novelcraft.tools.checks.script import script
from novelcraft.tools.checks.viewpoint import person, pov, tense

SceneCheck = Callable[[CheckInput], list[Finding]]

SCENE_CHECKS: tuple[SceneCheck, ...] = (
    cut_off,
    length,
    quotes,
    fused,
    duplicate,
    copied,
    leak,
    assistant,
    script,
    loop,
    monotone,
    pov,
    person,
    tense,
)


def check_scene(scene: CheckInput, exempt: Collection[str] = ()) -> tuple[Finding, ...]:
    """Run all checks of a scene.

    Args:
        scene: The draft and what is known before it. The brief's point of view must be a
            character of the plan.
        exempt: Keys of findings that a person has marked as intended.

    Returns:
        What was found, always in the same order. An empty scene is found empty and no more.
    """
    found = empty(scene) or [f for check in SCENE_CHECKS for f in check(scene)]
    return tuple(f for f in found if f.key not in exempt)
