"""The gate: whether an adapter may write. Nothing here loads torch.

An adapter that has kept its training books recites them. What was measured is in the evaluation;
the gate reads it, and never lets through what was not measured.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from novelcraft.state.evaluation import Evaluation, GateResult, GateVerdict
from novelcraft.state.memory import UNMEASURED, MemoryLimits, MemoryReport
from novelcraft.tools.text import quoted

LIMITS = MemoryLimits()
"""An evaluation may be held to stricter ones."""

LEAST_WORDS = 2_000
"""Words to be written before an adapter may pass: in a few lines nobody recites anything."""

_NONE = "It was not evaluated."
_OTHER_WEIGHTS = "The evaluation is one of other weights."
_OTHER_ROWS = "The evaluation is one against other rows than the adapter was trained on."
_LOOSER = "The evaluation was held to looser limits than those of the gate."
_EARLIER_GATE = (
    "It was evaluated before near copies were looked for and training prompts asked: "
    "`novelcraft adapter eval` evaluates it anew."
)
_EARLIER_ROWS = (
    "It, or what it goes on from, had learnt from other rows or pairs, and nothing was compared "
    "with those."
)


def gate_result(
    evaluation: Evaluation | None,
    *,
    weights: str = "",
    rows: str = "",
    earlier_rows: Collection[str] = (),
) -> GateResult:
    """The gate's word on an adapter.

    Args:
        evaluation: What was found; None for nothing.
        weights: Hash of the adapter's weights, to see that the evaluation is of them; empty where
            that was seen to.
        rows: Hash of the rows that it was trained on, likewise: what it recites is found only by
            comparing with those.
        earlier_rows: Hashes of other rows that it knows, as of an adapter that its run went on
            from: nothing was compared with those.
    """
    if evaluation is None:
        return GateResult(verdict="not_evaluated", reasons=(_NONE,))
    if weights and evaluation.adapter_sha256 != weights:
        return GateResult(verdict="not_evaluated", reasons=(_OTHER_WEIGHTS,))
    if rows and evaluation.data_hash != rows:
        return GateResult(verdict="not_evaluated", reasons=(_OTHER_ROWS,))
    report = evaluation.memory
    # What it recites it recites, wherever else nobody has looked.
    if not report.passed:
        return _measured("failed", report)
    if earlier_rows:
        return GateResult(verdict="not_evaluated", reasons=(_EARLIER_ROWS,))
    if report.alike_share is None:
        return GateResult(verdict="not_evaluated", reasons=(_EARLIER_GATE,))
    if report.limits.looser_than(LIMITS):
        return GateResult(verdict="not_evaluated", reasons=(_LOOSER,), limits=report.limits)
    if report.words < LEAST_WORDS:
        return GateResult(verdict="not_evaluated", reasons=(_few(report.words),))
    return _measured("passed", report)


def gate_advice(adapter: Path, result: GateResult) -> str:
    """What to do about an adapter that failed, by the reasons for it.

    Args:
        adapter: Its folder.
        result: The gate's.
    """
    if all(reason.startswith(UNMEASURED) for reason in result.reasons):
        words = max(2 * result.words, LEAST_WORDS)
        return (
            "Have more of it measured: "
            f"novelcraft adapter eval {quoted(adapter)} --again --words {words}"
        )
    return "Train with more books, fewer epochs or a smaller lora_r."


def standing_result(before: GateResult, now: GateResult) -> GateResult:
    """The gate's word on weights that it has judged before.

    A failure stands: other scenes, in which nothing was found, take it back only where they are
    as many. Otherwise a few short scenes would wash an adapter clean.
    """
    if before.verdict != "failed":
        return now
    if now.verdict != "not_evaluated" and now.words >= before.words:
        return now
    stands = (
        "That stands until an evaluation passes in which it writes at least "
        f"{max(before.words, LEAST_WORDS):,} words."
    )
    reasons = tuple(dict.fromkeys((*before.reasons, stands)))
    return before.model_copy(update={"reasons": reasons})


def _measured(verdict: GateVerdict, report: MemoryReport) -> GateResult:
    return GateResult(
        verdict=verdict,
        reasons=report.reasons,
        limits=report.limits,
        words=report.words,
        longest_run=max((run.length for run in report.runs), default=0),
        alike_share=report.alike_share or 0.0,
        largest_overlap=max((found.jaccard for found in report.overlaps), default=0.0),
        leaked_names=len({leak.name for leak in report.names}),
    )


def _few(words: int) -> str:
    return (
        f"It wrote {words:,} words, in which nothing was found; the gate asks for {LEAST_WORDS:,}. "
        "`novelcraft adapter eval --words` sets how many are written."
    )
