"""Is the rolling summary fit to be what the next scene starts from?"""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import count_words
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.checks.assistant import assistant_talk
from novelcraft.tools.checks.base import evidence, quote
from novelcraft.tools.checks.leaks import template_text
from novelcraft.tools.checks.names import named
from novelcraft.tools.checks.no_scene import refusals
from novelcraft.tools.metrics import Prose


def check_summary(
    summary: str, brief: SceneBrief, plan: Plan, *, max_words: int, previous: str = ""
) -> tuple[Finding, ...]:
    """Find what makes a summary unfit. All findings warn: the summary is made anew, or kept.

    Args:
        summary: The rolling summary after the scene.
        brief: The brief of that scene.
        plan: The plan it belongs to.
        max_words: Words that the summary may have.
        previous: The summary before the scene; whoever of those present it names must stay.
    """
    if not count_words(summary):
        return (_warn("empty", "The summary holds no words.", (), "Retell the story so far."),)
    parts = (
        _length(summary, max_words),
        _names(summary, brief, plan, previous),
        _template(summary),
    )
    return tuple(finding for part in parts for finding in part)


def _warn(check: str, message: str, quotes: tuple[str, ...], constraint: str) -> Finding:
    return Finding(
        check=f"summary.{check}",
        severity="warn",
        message=message,
        evidence=quotes,
        constraint=constraint,
    )


def _length(summary: str, max_words: int) -> Iterator[Finding]:
    words = count_words(summary)
    if words > max_words:
        yield _warn(
            "length",
            f"The summary has {words} words, at most {max_words} are allowed.",
            (quote(summary, end=True),),
            f"Use at most {max_words} words.",
        )


def _names(summary: str, brief: SceneBrief, plan: Plan, previous: str) -> Iterator[Finding]:
    english = plan.language.lower().startswith("en")
    kept = [
        name
        for name in plan.names(brief.present)
        if name == plan.character(brief.pov).name or named(name, previous, english=english)
    ]
    missing = [name for name in kept if not named(name, summary, english=english)]
    if missing:
        yield _warn(
            "names",
            f"The summary does not name {', '.join(missing)}.",
            (quote(summary),),
            f"Keep these names: {', '.join(missing)}.",
        )


def _template(summary: str) -> Iterator[Finding]:
    said = Prose(summary).sentences
    found = evidence([*template_text(summary), *assistant_talk(said), *refusals(said)])
    if found:
        yield _warn(
            "template",
            "The summary holds text that is no part of the story.",
            found,
            "Write only what happened in the story, without labels or remarks.",
        )
