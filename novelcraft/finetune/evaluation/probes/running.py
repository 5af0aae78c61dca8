"""Run the probes: the next scene of all probes and contexts at once, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from novelcraft.finetune.evaluation.narrating import Narrate, Side
from novelcraft.finetune.evaluation.probes.scoring import scored
from novelcraft.finetune.evaluation.probes.script import PROBES, ProbeScript, load_probe
from novelcraft.finetune.evaluation.probes.staging import Stage
from novelcraft.prompts.narrator import NarratorInput
from novelcraft.state.evaluation import ProbeContext, ProbeRun
from novelcraft.state.layout import BriefForm

CONTEXTS: tuple[ProbeContext, ...] = get_args(ProbeContext)
SIDES: tuple[Side, ...] = get_args(Side)


@dataclass
class _Telling:
    """A probe in a context, while one side writes it."""

    stage: Stage
    context: ProbeContext
    texts: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return len(self.texts) == len(self.stage.script.scenes)

    def given(self) -> NarratorInput:
        before = self.texts[-1] if self.texts else ""
        return self.stage.given(len(self.texts) + 1, self.context, before)


def run_probes(
    narrate: Narrate,
    *,
    sides: Sequence[Side] = SIDES,
    progress: Callable[[int, int], None] | None = None,
    scripts: Sequence[ProbeScript] | None = None,
    form: BriefForm = "lines",
) -> tuple[ProbeRun, ...]:
    """Have each side write each probe, with the world and the summaries and without.

    A scene needs the end of the one before, so scenes come one after another; what can be written
    at once, the same scene of all probes and contexts, goes into one call.

    Args:
        narrate: Writes scenes.
        sides: Who writes.
        progress: Told how many scenes are written, and how many there are in all.
        scripts: The probes; None for all there are.
        form: Of the briefs, as the rows have it.

    Returns:
        By probe, context and side, in that order.
    """
    used = map(load_probe, PROBES) if scripts is None else scripts
    stages = [Stage(script, form) for script in used]
    total = probe_scenes([stage.script for stage in stages], sides)
    done, runs = 0, []
    for side in sides:
        tellings = [_Telling(stage, context) for stage in stages for context in CONTEXTS]
        while going := [telling for telling in tellings if not telling.over]:
            written = narrate([telling.given() for telling in going], side)
            for telling, text in zip(going, written, strict=True):
                telling.texts.append(text)
            done += len(going)
            if progress:
                progress(done, total)
        runs += [scored(t.stage, side, t.context, t.texts) for t in tellings]
    order = [stage.script.probe for stage in stages]
    return tuple(
        sorted(runs, key=lambda run: (order.index(run.probe), CONTEXTS.index(run.context)))
    )


def probe_scenes(
    scripts: Sequence[ProbeScript] | None = None, sides: Sequence[Side] = SIDES
) -> int:
    """How many scenes are written when the probes are run."""
    used = list(map(load_probe, PROBES)) if scripts is None else scripts
    return sum(len(script.scenes) for script in used) * len(CONTEXTS) * len(sides)
