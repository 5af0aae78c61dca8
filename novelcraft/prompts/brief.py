"""A scene brief as the narrator reads it: the same words in training and in writing."""

from __future__ import annotations

from novelcraft.state.plan import Plan, SceneBrief


def render_brief(brief: SceneBrief, plan: Plan, target_words: int) -> list[str]:
    """The lines of a brief, the indispensable ones first.

    Args:
        brief: The scene's brief.
        plan: The plan that its ids belong to.
        target_words: About how many words the scene should have.

    Returns:
        One line each; when the budget is short, lines are dropped from the end.
    """
    pov = plan.character(brief.pov)
    others = [plan.character(c) for c in brief.present if c != brief.pov]
    lines = [
        f"Goal: {brief.goal}",
        f"Point of view: {pov.name}, {pov.role}",
        f"Also present: {', '.join(f'{c.name}, {c.role}' for c in others) or 'nobody'}",
        f"Place: {brief.place}",
        f"Time: {brief.time}",
        f"Length: about {target_words} words",
        f"Outcome: {brief.outcome}",
    ]
    lines += [f"Plant: {plan.hook(h).text}" for h in brief.plants]
    lines += [f"Pay off: {plan.hook(h).text}" for h in brief.pays]
    lines += [f"Beat {n}: {beat}" for n, beat in enumerate(brief.beats, 1)]
    lines.append(f"Turn: {brief.turn}")
    return lines
