"""The summary of a run as plain text, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.state.findings import Finding
from novelcraft.tools.export.summary import RunSummary, SceneLine
from novelcraft.tools.text import clipped, counted, one_line, wrapped

_QUOTES = 2


def summary_text(summary: RunSummary, *, width: int = 88) -> str:
    """The summary in lines of at most `width` columns where words allow it.

    What did not go well comes right after the numbers: findings that block, with the scenes that
    were kept all the same, then stale scenes, warnings by check, and what was mended in the plan.
    """
    parts = (
        _head(summary),
        _chapters(summary),
        kept_with_findings(summary, width),
        _stale(summary, width),
        _checks(summary, width),
        _mends(summary, width),
        _models(summary),
        _origin(summary),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _head(summary: RunSummary) -> Iterator[str]:
    yield f"{summary.title}, by {summary.author}" if summary.author else summary.title
    yield (
        f"  {counted(summary.words, 'word')} of {summary.target_words:,},"
        f" {summary.pages:.1f} of {summary.target_pages:g} pages,"
        f" {len(summary.scenes)} of {counted(summary.scenes_planned, 'scene')}"
    )
    if summary.scenes:
        yield f"  {outcome(summary)}"


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


def _chapters(summary: RunSummary) -> Iterator[str]:
    if not summary.chapters:
        return
    yield "       words   target         scenes  chapter"
    for line in summary.chapters:
        yield (
            f"  {line.words:>10,} {line.target:>8,} {line.words / line.target:>6.0%}"
            f" {line.scenes:>5} of {line.planned:<3} {line.number}. {line.title}"
        )


def kept_with_findings(summary: RunSummary, width: int = 88) -> Iterator[str]:
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
                yield from _finding(finding, width)


def _finding(finding: Finding, width: int) -> Iterator[str]:
    yield from wrapped(f"{finding.check}: {one_line(finding.message)}", width, indent=4)
    for quote in finding.evidence[:_QUOTES]:
        yield from wrapped(f"“{clipped(quote)}”", width, indent=6)


def _stale(summary: RunSummary, width: int) -> Iterator[str]:
    if summary.stale:
        yield f"May no longer fit what comes before ({len(summary.stale)}):"
    for scene in summary.stale:
        yield from wrapped(_reasons(scene), width, indent=2)


def _reasons(scene: SceneLine) -> str:
    return f"scene {scene.position}: {one_line('; '.join(scene.stale))}"


def _checks(summary: RunSummary, width: int) -> Iterator[str]:
    lines = [c for c in summary.checks if c.severity != "block" or not c.scenes]
    if lines:
        yield f"Warnings and notes by check ({sum(line.findings for line in lines)}):"
    for line in lines:
        where = f"in {counted(line.scenes, 'scene')}" if line.scenes else "in the book as a whole"
        example = clipped(line.example.message, 80)
        text = f"{line.check} ({line.severity}): {line.findings} {where}, for example: {example}"
        yield from wrapped(text, width, indent=2)
    if summary.exempted:
        yield f"  Left out as intended: {counted(summary.exempted, 'finding')}."


def _mends(summary: RunSummary, width: int) -> Iterator[str]:
    if summary.mends:
        yield f"Mended in the plan ({len(summary.mends)}):"
    for mend in summary.mends:
        yield from wrapped(one_line(mend), width, indent=2)


def _models(summary: RunSummary) -> Iterator[str]:
    if not summary.models:
        return
    yield "       calls  failed   prompt tokens (cached)      written   minutes  role and model"
    for line in summary.models:
        yield (
            f"  {line.calls:>10,} {line.failed:>7,} {line.prompt_tokens:>12,}"
            f" {f'({line.cached_tokens:,})':>13} {line.completion_tokens:>12,}"
            f" {line.seconds / 60:>9.1f}  {line.role}: {served(line.model, line.adapter)}"
        )


def served(model: str, adapter: str) -> str:
    """A model's name, with its adapter's where it has one."""
    return f"{model} + {adapter}" if adapter else model


def _origin(summary: RunSummary) -> Iterator[str]:
    yield (
        f"Branch {summary.branch}, commit {summary.head[:12] or 'none yet'},"
        f" plan version {summary.plan_version}, seed {summary.seed}"
    )
    for source in summary.sources:
        yield (
            f"  {counted(source.scenes, 'scene')} by {served(source.model, source.adapter)},"
            f" prompt template {source.template_hash[:12]}"
        )
