"""A training plan in plain text."""

from __future__ import annotations

from textwrap import wrap

from novelcraft.finetune.planning.changes import Changes
from novelcraft.finetune.planning.plan import TrainPlan

_WIDTH = 28
_TEXT_WIDTH = 88


def plan_text(plan: TrainPlan) -> str:
    """The plan for a terminal, without colours; ends without a newline."""
    blocks = [_head(plan), _memory(plan), _verdict(plan), _changes(plan.changes), _work(plan)]
    blocks.append("\n".join(f"Note: {notice}" for notice in plan.notices))
    return "\n\n".join(block for block in blocks if block)


def _head(plan: TrainPlan) -> str:
    share = plan.trainable / plan.parameters
    return (
        f"{plan.model}: {plan.parameters / 1e9:.2f} billion parameters, "
        f"{plan.trainable / 1e6:.1f} million trainable parameters ({share:.2%})"
    )


def _line(name: str, value: str) -> str:
    return f"  {name:<{_WIDTH}}{value:>12}"


def _memory(plan: TrainPlan) -> str:
    least, most = plan.memory.least, plan.memory.most
    lines = [f"{'Memory of each device, in GB':<{_WIDTH + 2}}{'at least':>12}{'at most':>12}"]
    for (name, low), (_, high) in zip(least.parts, most.parts, strict=True):
        if high:
            lines.append(_line(name, f"{low:.2f}") + f"{high:>12.2f}")
    lines.append(_line("peak", f"{least.peak:.2f}") + f"{most.peak:>12.2f}")
    lines += wrap(
        f"Where {'; '.join(plan.assumptions)}. What is left open are versions and drivers, and "
        "how much of what is freed can be used again.",
        width=_TEXT_WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
    )
    return "\n".join(lines)


def _verdict(plan: TrainPlan) -> str:
    if plan.available is None:
        return "No device is named, so there is nothing to compare that with."
    where = f"{plan.device}, {plan.available:.1f} GB" if plan.device else f"{plan.available:.1f} GB"
    words = {
        "fits": f"It fits: {where}.",
        "may fit": f"It may fit or not: {where} lies between the two.",
        "does not fit": f"It does not fit: {where}.",
        "unknown": "",
    }
    return words[plan.verdict]


def _changes(changes: Changes) -> str:
    if not changes.single:
        return ""
    lines = ["What would take less:"]
    lines += [
        f"  {change.peak:6.1f} GB  {'fits' if change.fits else '    '}  {change.what}"
        for change in changes.single
    ]
    if changes.together_peak is not None:
        lines.append(f"Together, {changes.together_peak:.1f} GB, these fit:")
        lines += [f"  {what}" for what in changes.together]
    elif not any(change.fits for change in changes.single):
        lines.append("All of it together does not fit: take a smaller base or a larger device.")
    return "\n".join(lines)


def _work(plan: TrainPlan) -> str:
    work = plan.work
    if not work.rows:
        return ""
    padding = 1 - work.tokens / work.padded if work.padded else 0.0
    lines = [
        "Work",
        _line("rows", f"{work.rows:,}"),
        _line("rows that are too long", f"{len(work.over_long):,}"),
        _line("tokens an epoch", f"{work.tokens:,}"),
        _line("padding", f"{padding:.1%}"),
        _line("steps an epoch, in all", f"{work.steps_per_epoch:,}, {work.steps:,}"),
    ]
    if plan.tokens_per_second is not None and plan.hours is not None:
        speed = _line("tokens a second", f"{plan.tokens_per_second:,.0f}")
        lines.append(f"{speed}  roughly; the run measures it on its first steps")
        lines.append(_line("time", duration(plan.hours)))
    return "\n".join(lines)


def duration(hours: float) -> str:
    """A span of time in the two largest of its units: days, hours, minutes."""
    minutes = max(1, round(hours * 60))
    days, rest = divmod(minutes, 1440)
    full, left = divmod(rest, 60)
    if days:
        return f"{days} d {full} h"
    return f"{full} h {left:02d} min" if full else f"{left} min"
