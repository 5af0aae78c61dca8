"""How numbers and times are said."""

from __future__ import annotations


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
