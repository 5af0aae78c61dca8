"""Deterministic checks: pure functions from a text and what is known to findings.

What a check's finding does to a draft stands in its record, see `scene.SCENE_CHECKS`. Any finding
can be exempted by its key.
"""

from novelcraft.tools.checks.base import CheckInput
from novelcraft.tools.checks.book import check_book
from novelcraft.tools.checks.plan import check_plan
from novelcraft.tools.checks.scene import SCENE_CHECKS, check_scene, unfit
from novelcraft.tools.checks.summary import check_summary

__all__ = [
    "SCENE_CHECKS",
    "CheckInput",
    "check_book",
    "check_plan",
    "check_scene",
    "check_summary",
    "unfit",
]
