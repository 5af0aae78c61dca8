"""A scene brief as the narrator reads it: the same words in training and in writing.

It is plain prose. Small models follow a paragraph that says what happens far better than a form
with labels, whose labels they copy; large ones follow both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from novelcraft.prompts.fit import TokenCounter, choose, with_end
from novelcraft.state.layout import BriefForm
from novelcraft.state.plan import Plan, SceneBrief

_FOLLOWS, _HERE = "The scene follows ", "It happens here: "


@dataclass(frozen=True)
class NamedBrief:
    """A brief with names in place of ids: a planned scene's, or one written back from a book."""

    goal: str
    turn: str
    outcome: str
    pov: str
    """Name of the character whom the scene follows."""
    pov_role: str
    place: str
    time: str
    others: tuple[str, ...]
    """Names of who else is there."""
    beats: tuple[str, ...] = ()
    plants: tuple[str, ...] = ()
    pays: tuple[str, ...] = ()


def named(brief: SceneBrief, plan: Plan) -> NamedBrief:
    """A planned scene's brief, with the names of the plan that its ids belong to."""
    pov = plan.character(brief.pov)
    return NamedBrief(
        goal=brief.goal,
        turn=brief.turn,
        outcome=brief.outcome,
        pov=pov.name,
        pov_role=pov.role,
        place=brief.place,
        time=brief.time,
        others=plan.names(tuple(c for c in brief.present if c != brief.pov)),
        beats=brief.beats,
        plants=tuple(plan.hook(h).text for h in brief.plants),
        pays=tuple(plan.hook(h).text for h in brief.pays),
    )


def render_brief(brief: NamedBrief, target_words: int, form: BriefForm = "lines") -> list[str]:
    """The lines of a brief.

    Args:
        brief: The scene's brief. What is empty is left out.
        target_words: About how many words the scene should have.
        form: What it tells.

    Returns:
        One line each, in the order in which they are read.
    """
    events = (brief.goal, brief.turn, brief.outcome)
    lines = [" ".join(_sentence(text) for text in events if text)] if any(events) else []
    whom = _described(brief) if form == "lines" else brief.pov
    lines.append(f"{_FOLLOWS}{whom} closely, in about {target_words} words.")
    if brief.place:
        lines.append(_setting(brief.place, brief.time, brief.others))
    lines += [f"Let the reader notice: {text}" for text in brief.plants]
    lines += [f"Now this comes to matter: {text}" for text in brief.pays]
    lines += [_sentence(beat) for beat in brief.beats] if form == "lines" else []
    return lines


def brief_units(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """A brief in pieces that are kept or dropped whole, and their numbers by worth.

    Whom the scene follows is worth most, then what happens first in it, then where it happens and
    who else is there, then the rest in its order.
    """
    units: list[str] = []
    follows: list[int] = []
    here: list[int] = []
    for line in lines:
        if line.startswith((_FOLLOWS, _HERE)):
            (follows if line.startswith(_FOLLOWS) else here).append(len(units))
            units.append(f"{line}\n")
        else:
            units += with_end(f"{line}\n")
    places = range(len(units))
    return units, list(dict.fromkeys([*follows, *places[:1], *here, *places]))


def fit_brief(lines: Sequence[str], budget: int, count: TokenCounter) -> str:
    """What of a brief fits a budget; at least one line of it."""
    units, worth = brief_units(lines)
    kept = choose(units, worth, budget, count, skip=True) or worth[:1]
    return "".join(units[i] for i in kept).strip()


def _described(brief: NamedBrief) -> str:
    return f"{brief.pov}, {brief.pov_role}," if brief.pov_role else brief.pov


def _setting(place: str, time: str, others: Sequence[str]) -> str:
    where = f"{_HERE}{place}; {time}." if time else f"{_HERE}{place}."
    if not others:
        return where
    verb = "is" if len(others) == 1 else "are"
    return f"{where} {' and '.join(others)} {verb} there too."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
