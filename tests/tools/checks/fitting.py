"""A plan and a prompt that fit a given scene, so that only the prose can be at fault."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from novelcraft.config.presets import STANDARD
from novelcraft.prompts.brief import named, render_brief
from novelcraft.prompts.narrator import NarratorInput, assemble
from novelcraft.state.manuscript import count_words
from novelcraft.state.plan import Plan
from novelcraft.tools.checks import CheckInput
from tests import factories

_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}")

UNCLEAR = "plain"


def hero(prose: str) -> str:
    """The commonest capitalised word inside sentences: as good as a name for the checks."""
    names = Counter(_NAME.findall(prose)).most_common(1)
    return names[0][0] if names else prose.split()[0]


def plan_for(name: str, style: str = UNCLEAR) -> Plan:
    plan = factories.plan(chapters=2, scenes_each=2)
    lead = plan.cast[0].model_copy(update={"name": name})
    core = plan.core.model_copy(update={"style": style})
    return plan.model_copy(update={"cast": (lead, *plan.cast[1:]), "core": core})


def prompt_for(plan: Plan, target_words: int, tail: str = "") -> str:
    given = NarratorInput(
        world=f"{plan.world.text}\nTone: {plan.core.tone}.\nStyle: {plan.core.style}.",
        summary="The first letter was thrown into the sea, and the second was answered.",
        notes=("The lamp burns oil.",),
        tail=tail,
        brief=tuple(render_brief(named(plan.scenes[0], plan), target_words)),
        constraints=("End the scene with a complete sentence.",),
    )
    return assemble(given, STANDARD.layout, lambda text: len(text.split())).text


def fitting(
    prose: str, earlier: Sequence[str] = (), style: str = UNCLEAR, name: str = "", **changes: Any
) -> CheckInput:
    """The scene with a brief, a length and a prompt that fit it."""
    plan = plan_for(name or hero(prose), style)
    target = max(1, count_words(prose))
    tail = earlier[-1][-600:] if earlier else ""
    given: dict[str, Any] = {
        "prose": prose,
        "finish_reason": "stop",
        "brief": plan.scenes[0],
        "plan": plan,
        "preset": STANDARD,
        "target_words": target,
        "prompt": prompt_for(plan, target, tail),
        "earlier": earlier,
    }
    return CheckInput(**{**given, **changes})
