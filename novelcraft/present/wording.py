"""How numbers, times and what is the author's own are said."""

from __future__ import annotations

from novelcraft.state.plan import Plan, SceneBrief

_AUTHORS = "  [author]"


def number(value: int) -> str:
    """A number with its thousands apart: 27,500."""
    return f"{value:,}"


def span(seconds: float) -> str:
    """A length of time, as exact as an estimate can be: `about 38 min`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 100:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60:02} min"


def stopwatch(seconds: float) -> str:
    """Time gone by: `7:05`, `1:07:05`."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def author_mark(plan: Plan, part: str | SceneBrief) -> str:
    """What stands behind a part of a plan that is the author's own; see `Plan.by_author`."""
    own = part in plan.by_author if isinstance(part, str) else plan.is_authors_scene(part)
    return _AUTHORS if own else ""
