"""The world context as the narrator reads it: the constitution of the book."""

from __future__ import annotations

from novelcraft.state.plan import Plan


def render_world(plan: Plan) -> str:
    """Place, era and rules, then tone and style, then the cast, a sentence each.

    The order is the order of importance: a budget that is too small cuts the end. There are no
    labels, because a small narrator copies them into its prose.
    """
    core = plan.core
    lines = [
        plan.world.text,
        f"The tone is {_lower_first(core.tone)}, the style {_lower_first(core.style)}",
    ]
    if not plan.language.lower().startswith("en"):
        lines.insert(0, f"The novel is written in the language {plan.language}.")
    lines += [f"{c.name}, {_lower_first(c.role)}, wants {_lower_first(c.want)}" for c in plan.cast]
    return "\n".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines)


def _lower_first(text: str) -> str:
    """The text as it reads inside a sentence; a word in capitals stays as it is."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:].rstrip(".")
