"""The world context as the narrator reads it: the constitution of the book."""

from __future__ import annotations

from novelcraft.state.plan import Plan


def render_world(plan: Plan) -> str:
    """Place, era and rules, then tone and style, then the cast, a line each.

    The order is the order of importance: a budget that is too small cuts the end.
    """
    lines = [plan.world.text, f"Tone: {plan.core.tone}", f"Style: {plan.core.style}"]
    if not plan.language.lower().startswith("en"):
        lines.insert(0, f"The novel is written in the language {plan.language}.")
    lines += [f"{c.name}: {c.role}; wants {_lower_first(c.want)}" for c in plan.cast]
    return "\n".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
