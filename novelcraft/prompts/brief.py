"""A scene brief as the narrator reads it: the same words in training and in writing.

It is plain prose. Small models follow a paragraph that says what happens far better than a form
with labels, whose labels they copy; large ones follow both.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    others = plan.names(tuple(c for c in brief.present if c != brief.pov))
    lines = [
        " ".join(map(_sentence, (brief.goal, brief.turn, brief.outcome))),
        f"The scene follows {pov.name}, {pov.role}, closely, in about {target_words} words.",
        _setting(brief.place, brief.time, others),
    ]
    lines += [f"Let the reader notice: {plan.hook(h).text}" for h in brief.plants]
    lines += [f"Now this comes to matter: {plan.hook(h).text}" for h in brief.pays]
    lines += [_sentence(beat) for beat in brief.beats]
    return lines


def _setting(place: str, time: str, others: Sequence[str]) -> str:
    where = f"It happens here: {place}; {time}."
    if not others:
        return where
    verb = "is" if len(others) == 1 else "are"
    return f"{where} {' and '.join(others)} {verb} there too."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
