"""What the numbers of an evaluation mean, in sentences: for the page and for the terminal alike."""

from __future__ import annotations

from collections.abc import Sequence

from novelcraft.state.evaluation import (
    Evaluation,
    GateResult,
    PerplexityReport,
    ProbeContext,
    ProbeName,
    ProbeRun,
    StyleReport,
)
from novelcraft.state.memory import MemoryReport
from novelcraft.state.style import StylePart
from novelcraft.tools.text import counted

STYLE_PARTS: dict[StylePart, str] = {
    "vocabulary": "Choice of words",
    "sentences": "Lengths of sentences",
    "structure": "Paragraphs and dialogue",
    "pacing": "Pacing",
    "function_words": "Small words",
}
"""The parts of a style score, for people."""

CONTEXTS: dict[ProbeContext, str] = {
    "full": "with world and story so far",
    "bare": "with the brief alone",
}

_LITTLE_GAP, _MUCH_GAP = 1.1, 1.5
_LITTLE_CHANGE = 0.02


def figure(value: float, digits: int = 1) -> str:
    """A number as a person reads it, however large."""
    return f"{value:,.{digits}f}" if abs(value) < 1e6 else f"{value:.1e}"


def passed(evaluation: Evaluation, gate: GateResult | None) -> bool:
    """Whether the gate lets the adapter write."""
    return gate.verdict == "passed" if gate else evaluation.memory.passed


def reasons(evaluation: Evaluation, gate: GateResult | None) -> tuple[str, ...]:
    """Why it does not."""
    return gate.reasons if gate else evaluation.memory.reasons


def verdict(evaluation: Evaluation, gate: GateResult | None) -> str:
    """The gate's word, in a sentence."""
    if gate and gate.verdict == "not_evaluated":
        return "The gate has not enough to go by."
    if passed(evaluation, gate):
        return (
            "It passes the gate: nothing that was searched for shows that it recites the books it "
            "learnt from."
        )
    return "It fails the gate, and a novel is not written with it unless you say so."


def perplexity_line(report: PerplexityReport) -> str:
    """What the perplexities say."""
    told = (
        f"On chapters that were kept from training, perplexity is {figure(report.tuned)} with the "
        f"adapter and {figure(report.base)} without:"
    )
    if abs(report.gain) < _LITTLE_CHANGE:
        return f"{told} no change worth the name."
    if report.gain < 0:
        return f"{told} {-report.gain:.0%} more. It foresees these books worse than before."
    return f"{told} {report.gain:.0%} less. It has learnt something that holds for unseen pages."


def gap_line(report: PerplexityReport) -> str:
    """What the gap between training and validation says."""
    told = f"The gap is {report.gap:.2f}, where 1 is none:"
    if report.gap < _LITTLE_GAP:
        return f"{told} it does as well on unseen chapters as on the pages it learnt from."
    if report.gap < _MUCH_GAP:
        return f"{told} some of what it gained is knowing its own pages, which is usual."
    return (
        f"{told} much of what it gained is knowing its own pages by heart. Fewer epochs, or more "
        "text, would help."
    )


def style_line(style: StyleReport) -> str:
    """What the style scores say."""
    base, tuned, books = (side.score for side in (style.base, style.tuned, style.books))
    if tuned is None:
        return f"There is no style score with the adapter: {style.tuned.why_not}"
    told = f"The style score is {tuned.overall.score:.0f} of 100 with the adapter"
    if base:
        told += f", {base.overall.score:.0f} without"
    else:
        told += f" (none without: {style.base.why_not.rstrip('.')})"
    if books:
        told += f", and {books.overall.score:.0f} for the unseen chapters of the books themselves"
    return f"{told}."


def memory_line(report: MemoryReport) -> str:
    """What was searched, in a sentence."""
    return (
        f"{counted(report.texts, 'text')} of {counted(report.words, 'word')} were searched for "
        f"what they share with {counted(report.training_words, 'word')} of training text, and for "
        f"{counted(report.training_names, 'name')} of its people and places."
    )


def longest_run(report: MemoryReport) -> int:
    """Words of the longest run; 0 where there is none of 8 or more."""
    return max((run.length for run in report.runs), default=0)


def overlap_said(report: MemoryReport) -> str:
    """The largest overlap with a human scene."""
    if not report.overlaps:
        return "not measured"
    return f"{max(one.jaccard for one in report.overlaps):.1%}"


def run_words(words: int) -> str:
    """The length of a run, where none is known below 8 words."""
    return counted(words, "word") if words else "none of 8 words"


def share_said(share: float | None) -> str:
    """A share of all words."""
    return "not measured" if share is None else f"{share:.2%}"


def probe_names(runs: Sequence[ProbeRun]) -> list[ProbeName]:
    """The probes that were run, in order."""
    return list(dict.fromkeys(run.probe for run in runs))


def find_run(
    runs: Sequence[ProbeRun], probe: ProbeName, context: ProbeContext, side: str
) -> ProbeRun | None:
    """One run; None where that was not run."""
    found = (r for r in runs if (r.probe, r.context, r.side) == (probe, context, side))
    return next(found, None)


def probe_share(runs: Sequence[ProbeRun], side: str) -> float | None:
    """The share of all that was looked for that was right, with the full context."""
    mine = [run for run in runs if run.side == side and run.context == "full"]
    return sum(run.met for run in mine) / sum(run.expected for run in mine) if mine else None


def distance_line(runs: Sequence[ProbeRun], probe: ProbeName) -> str:
    """That scenes of a probe were too short for its distance; empty where none were."""
    mine = [run for run in runs if run.probe == probe]
    short = sorted(run.span for run in mine if not run.reached)
    if not short:
        return ""
    span = f"{short[0]:,}" if short[0] == short[-1] else f"{short[0]:,} to {short[-1]:,}"
    return (
        f"The distance was not reached: in {len(short)} of {counted(len(mine), 'telling')} only "
        f"{span} words lie between cause and effect, where {mine[0].span_wanted:,} are wanted. "
        "The scenes are too short."
    )
