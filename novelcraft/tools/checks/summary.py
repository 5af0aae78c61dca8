"""Is the rolling summary fit to be what the next scene starts from?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import count_words
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.checks.assistant import assistant_talk
from novelcraft.tools.checks.base import Flaw, Rule, evidence, quote
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
    given = _Given(summary, brief, plan, max_words, previous)
    return tuple(finding for check in SUMMARY_CHECKS for finding in check(given))


@dataclass(frozen=True)
class _Given:
    summary: str
    brief: SceneBrief
    plan: Plan
    max_words: int
    previous: str


def _empty(given: _Given) -> Iterator[Flaw]:
    if not count_words(given.summary):
        yield Flaw("The summary holds no words.", constraint="Retell the story so far.")


def _length(given: _Given) -> Iterator[Flaw]:
    words = count_words(given.summary)
    if words > given.max_words:
        yield Flaw(
            f"The summary has {words} words, at most {given.max_words} are allowed.",
            (quote(given.summary, end=True),),
            f"Use at most {given.max_words} words.",
        )


def _names(given: _Given) -> Iterator[Flaw]:
    if not count_words(given.summary):
        return
    plan, brief = given.plan, given.brief
    english = plan.language.lower().startswith("en")
    kept = [
        name
        for name in plan.names(brief.present)
        if name == plan.character(brief.pov).name or named(name, given.previous, english=english)
    ]
    missing = [name for name in kept if not named(name, given.summary, english=english)]
    if missing:
        yield Flaw(
            f"The summary does not name {', '.join(missing)}.",
            (quote(given.summary),),
            f"Keep these names: {', '.join(missing)}.",
        )


def _template(given: _Given) -> Iterator[Flaw]:
    said = Prose(given.summary).sentences
    found = evidence([*template_text(given.summary), *assistant_talk(said), *refusals(said)])
    if found:
        yield Flaw(
            "The summary holds text that is no part of the story.",
            found,
            "Write only what happened in the story, without labels or remarks.",
        )


SUMMARY_CHECKS = (
    Rule("summary.empty", "warn", _empty),
    Rule("summary.length", "warn", _length),
    Rule("summary.names", "warn", _names),
    Rule("summary.template", "warn", _template),
)
"""In the order in which their findings are listed."""
