"""The report as plain text, for a terminal or a log: the verdict and the numbers, no scenes."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.finetune.evaluation.probes import load_probe
from novelcraft.finetune.report import wording
from novelcraft.finetune.report.wording import CONTEXTS, STYLE_PARTS
from novelcraft.state.evaluation import Evaluation, GateResult, ProbeRun
from novelcraft.tools.text import clipped, one_line, wrapped

_RUNS = 3
"""Runs, and names, that are quoted."""


def report_text(evaluation: Evaluation, *, gate: GateResult | None = None) -> str:
    """The report, in lines that fit a terminal.

    Args:
        evaluation: What was found.
        gate: The gate's result, where it was recorded; None takes the evaluation's own.
    """
    parts = (
        _head(evaluation, gate),
        _perplexity(evaluation),
        _style(evaluation),
        _memory(evaluation),
        _probes(evaluation),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _head(evaluation: Evaluation, gate: GateResult | None) -> Iterator[str]:
    yield from wrapped(f"Adapter of {one_line(evaluation.base_model)}", indent=0)
    yield from wrapped(wording.verdict(evaluation, gate), indent=2)
    for reason in wording.reasons(evaluation, gate):
        yield from wrapped(f"- {one_line(reason)}", indent=4)


def _perplexity(evaluation: Evaluation) -> Iterator[str]:
    yield from wrapped(wording.perplexity_line(evaluation.perplexity), indent=0)
    yield from wrapped(wording.gap_line(evaluation.perplexity), indent=0)


def _style(evaluation: Evaluation) -> Iterator[str]:
    style = evaluation.style
    yield from wrapped(one_line(wording.style_line(style)), indent=0)
    if style.tuned.score is None:
        return
    yield f"  {'':<26}{'base':>6}{'tuned':>7}{'books':>7}"
    for part, label in STYLE_PARTS.items():
        cells = [
            f"{side.score.parts[part].score:.0f}" if side.score else "-"
            for side in (style.base, style.tuned, style.books)
        ]
        yield f"  {label:<26}{cells[0]:>6}{cells[1]:>7}{cells[2]:>7}"


def _memory(evaluation: Evaluation) -> Iterator[str]:
    tuned, base = evaluation.memory, evaluation.base_memory
    yield from wrapped(wording.memory_line(tuned), indent=0)
    runs = [wording.run_words(wording.longest_run(report)) for report in (tuned, base)]
    yield (
        f"  longest run in common: {runs[0]} (base: {runs[1]}); {tuned.limits.run_words} words"
        " or more fail"
    )
    for what, name in (
        ("in runs of 8 words or more", "run_share"),
        ("all but alike", "alike_share"),
    ):
        if getattr(tuned, name) is None:
            continue
        found = [wording.share_said(getattr(report, name)) for report in (tuned, base)]
        yield (
            f"  words {what}: {found[0]} (base: {found[1]}); more than"
            f" {getattr(tuned.limits, name):.1%} fails"
        )
    if tuned.overlaps:
        overlaps = [wording.overlap_said(report) for report in (tuned, base)]
        yield (
            f"  largest overlap with a human scene: {overlaps[0]} (base: {overlaps[1]}); more than"
            f" {tuned.limits.overlap:.0%} fails"
        )
    yield f"  names of the books in other worlds: {len(tuned.names)} (base: {len(base.names)})"
    for run in tuned.runs[:_RUNS]:
        said = f"{run.length} words of {one_line(run.source)}: “{clipped(run.quote)}”"
        yield from wrapped(said, indent=4)
    for near in tuned.alike[:_RUNS]:
        alike = f"{near.words} words, {near.matched} as in {one_line(near.source)}"
        said = f"{alike}: “{clipped(near.quote)}”"
        yield from wrapped(said, indent=4)
    for leak in tuned.names[:_RUNS]:
        said = f"{one_line(leak.name)} in {one_line(leak.text)}: “{clipped(leak.quote)}”"
        yield from wrapped(said, indent=4)


def _probes(evaluation: Evaluation) -> Iterator[str]:
    runs = evaluation.probes
    if not runs:
        return
    yield f"{'Probes: right, of what was looked for':<46}{'base':>14}{'tuned':>14}"
    for probe in wording.probe_names(runs):
        yield f"  {load_probe(probe).title}"
        for context, label in CONTEXTS.items():
            cells = [
                _cell(wording.find_run(runs, probe, context, side)) for side in ("base", "tuned")
            ]
            yield f"    {label:<42}{cells[0]:>14}{cells[1]:>14}"
        if line := wording.distance_line(runs, probe):
            yield from wrapped(line, indent=4)


def _cell(run: ProbeRun | None) -> str:
    return f"{run.share:.0%} ({run.met}/{run.expected})" if run else "-"
