"""Where a run stops for a person, and what the person may say."""

from __future__ import annotations

from typing import Literal

from novelcraft.state.base import Frozen
from novelcraft.state.events import Gate


class GateRequest(Frozen):
    """A question to the person who attends a run."""

    gate: Gate
    about: str
    """Which plan, chapter or scene it is, in a few words."""
    text: str
    """What there is to look at: the plan's outline, or the scene's prose."""


class Decision(Frozen):
    """The person's answer."""

    action: Literal["accept", "redraw", "stop"]
    note: str = ""
    """With `redraw`: what should be different, told to the planner or narrator."""
