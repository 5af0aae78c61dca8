"""How the command line says numbers, times and events."""

from __future__ import annotations

from novelcraft.state.events import (
    DraftChecked,
    Event,
    Exported,
    Notice,
    PlanReady,
    RunFinished,
    RunStarted,
    SceneCommitted,
)
from novelcraft.state.manuscript import AcceptedBy

ACCEPTED: dict[AcceptedBy, str] = {
    "checks": "passed its checks",
    "cap": "kept with findings, out of attempts",
    "person": "accepted by you",
}


def number(value: int) -> str:
    """A number with its thousands apart: 27,500."""
    return f"{value:,}"


def count(value: int, thing: str) -> str:
    """A number of things: `1 scene`, `46 scenes`."""
    return f"{number(value)} {thing}" if value == 1 else f"{number(value)} {thing}s"


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


def headline(event: Event) -> str | None:
    """The line that stays on the screen for an event; None for those that only move the bar."""
    match event:
        case RunStarted():
            return _started(event)
        case PlanReady():
            return _planned(event)
        case DraftChecked() if event.verdict == "redraft":
            return f"draft {event.attempt} is drawn again: {', '.join(event.blocks)}"
        case SceneCommitted():
            return _committed(event)
        case Exported():
            return f"wrote {event.path}"
        case Notice():
            return event.text
        case _:
            return None


def summary(finished: RunFinished) -> list[str]:
    """What the book came to, honestly, in a few lines."""
    kept = finished.at_cap
    lines = [
        f"{number(finished.words)} words, {finished.pages:g} pages, "
        f"{count(finished.chapters, 'chapter')}, {count(finished.scenes, 'scene')}.",
        f"{finished.scenes - kept} of {count(finished.scenes, 'scene')} passed the checks; "
        f"{count(finished.warnings, 'warning')}.",
    ]
    if kept:
        lines.append(
            f"{count(kept, 'scene')} ({kept / finished.scenes:.0%}) "
            f"{'was' if kept == 1 else 'were'} kept with findings when the attempts ran out."
        )
    lines.append(
        f"{count(finished.model_calls, 'model call')}: {number(finished.prompt_tokens)} tokens "
        f"read, {number(finished.completion_tokens)} written, in {stopwatch(finished.seconds)}."
    )
    return lines


def _started(event: RunStarted) -> str:
    if not event.resumed:
        return f"a novel of {count(event.target_pages, 'page')} on branch {event.branch}"
    return (
        f"going on with branch {event.branch}: {count(event.scenes_done, 'scene')}, "
        f"{number(event.words_done)} of {number(event.target_words)} words are there"
    )


def _planned(event: PlanReady) -> str:
    told = "plan revised" if event.replan else f"plan ready: “{event.title}”"
    size = f"{count(event.chapters, 'chapter')}, {count(event.scenes, 'scene')}"
    mends = f", {count(event.mends, 'mend')}" if event.mends else ""
    return f"{told}, {size}{mends}"


def _committed(event: SceneCommitted) -> str:
    drafts = f" after {event.attempts} drafts" if event.attempts > 1 else ""
    return (
        f"scene {event.position} of {event.scenes}: {event.words} words, "
        f"{ACCEPTED[event.accepted_by]}{drafts}"
    )
