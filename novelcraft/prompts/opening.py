"""The first words of a scene, for narrators too small to begin one.

A model of a hundred million parameters forgets whom a scene follows, or talks about the task
instead of beginning. Given the first words as the completion so far it tells the story. The
prompt stays the one prompt; only the completion has begun.
"""

from __future__ import annotations

import random

from novelcraft.state.plan import Plan, SceneBrief

_OPENINGS = (
    "{name}",
    "When {name}",
    "For a long while {name}",
    "That {hour}, {name}",
    "It was {hour} when {name}",
    "Nobody saw how {name}",
    "Before anyone else was awake, {name}",
    "Once more {name}",
    "Without a word {name}",
    "All day long {name}",
)
_HOURS = ("morning", "noon", "evening", "night")


def opening_of(brief: SceneBrief, plan: Plan, seed: int) -> str:
    """First words of a scene, ending with the name of the character whom it follows.

    No blank follows the name: a tokenizer puts the blank before the next word.

    Args:
        brief: The scene's brief; an hour in its time is kept.
        plan: The plan that its ids belong to.
        seed: Another seed gives other words.
    """
    choice = random.Random(seed)
    hour = next((h for h in _HOURS if h in brief.time), choice.choice(_HOURS))
    return choice.choice(_OPENINGS).format(name=plan.character(brief.pov).name, hour=hour)
