"""World, cast and hooks as a page: what of them is the author's own is marked. Pure of Textual."""

from __future__ import annotations

from textwrap import indent

from novelcraft.present.wording import author_mark
from novelcraft.state.plan import Character, Hook, Plan
from novelcraft.tools.text import counted


def people(plan: Plan) -> str:
    """What the book is about, its world, who is in it, and its hooks from plant to payoff."""
    number = {brief.id: str(n) for n, brief in enumerate(plan.scenes, 1)}
    return "\n\n".join(
        [
            f"{plan.core.title}{author_mark(plan, 'title')}\n{plan.core.logline}",
            f"It ends: {plan.core.ending}{author_mark(plan, 'ending')}",
            f"── World{author_mark(plan, 'world')} ──",
            plan.world.text,
            "── People ──",
            *(_member(character, author_mark(plan, character.id)) for character in plan.cast),
            f"── {counted(len(plan.hooks), 'hook')} ──",
            *(_hook(hook, number) for hook in plan.hooks),
        ]
    )


def _member(character: Character, mark: str) -> str:
    about = f"{indent(character.about, '  ')}\n" if character.about else ""
    return (
        f"{character.name}, {character.role}{mark}\n{about}"
        f"  wants: {character.want}\n  flaw: {character.flaw}\n"
        f"  voice: {character.voice}\n  knows: {character.knows}"
    )


def _hook(hook: Hook, number: dict[str, str]) -> str:
    return (
        f"{hook.text}\n  planted in scene {number.get(hook.plant_scene, '?')}, "
        f"paid off in scene {number.get(hook.payoff_scene, '?')}"
    )
