"""The planner: from a premise to story core, outline and scene briefs, and back again.

Three levels, each a bounded schema, so that a small model can answer it and a large one can be
asked for the chapters side by side. Ids, word targets and the order of hooks are given by code.
"""

from novelcraft.agents.planner.outline import Outline, OutlineInput, plan_outline
from novelcraft.agents.planner.scenes import ChapterInput, plan_chapter_scenes
from novelcraft.agents.planner.story import Story, plan_story
from novelcraft.agents.planner.task import BookRequest, PlanTask

__all__ = [
    "BookRequest",
    "ChapterInput",
    "Outline",
    "OutlineInput",
    "PlanTask",
    "Story",
    "plan_chapter_scenes",
    "plan_outline",
    "plan_story",
]
