"""What a run came to, in words: for the terminal and the report."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.state.findings import Finding
from novelcraft.tools.export.summary import RunSummary
from novelcraft.tools.text import clipped, counted, one_line, wrapped

_QUOTES = 2


def outcome(summary: RunSummary) -> str:
    """Who let the scenes in, in one sentence that hides nothing."""
    total = len(summary.scenes)
    passed, cap, person = (summary.accepted(by) for by in ("checks", "cap", "person"))
    parts = [f"{passed} of {counted(total, 'scene')} passed their checks"]
    if cap:
        parts.append(f"{cap} ({cap / total:.0%}) did not, and were kept when attempts ran out")
    if person:
        blocked = len(summary.by_person)
        spite = f", {blocked} of them with findings that block" if blocked else ""
        parts.append(f"{person} {'was' if person == 1 else 'were'} let in by a person{spite}")
    return "; ".join(parts) + "."


def kept_with_findings(summary: RunSummary) -> Iterator[str]:
    """The scenes that were kept in spite of their checks, and why; nothing when there are none."""
    for head, scenes in (
        ("Kept at the cap on attempts", summary.at_cap),
        ("Let in by a person, with findings that block", summary.by_person),
    ):
        if scenes:
            yield f"{head} ({len(scenes)}):"
        for scene in scenes:
            yield f"  scene {scene.position} (chapter {scene.chapter}, {scene.words:,} words)"
            for finding in scene.blocking:
                yield from _finding(finding)


def _finding(finding: Finding) -> Iterator[str]:
    yield from wrapped(f"{finding.check}: {one_line(finding.message)}", indent=4)
    for quote in finding.evidence[:_QUOTES]:
        yield from wrapped(f"“{clipped(quote)}”", indent=6)


def served(model: str, adapter: str) -> str:
    """A model's name, with its adapter's where it has one."""
    return f"{model} + {adapter}" if adapter else model
