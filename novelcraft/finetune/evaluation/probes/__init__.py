"""Probes: short stories by script, each about one thing that a narrator may forget.

World, briefs and summaries are given, so that the narrator alone is probed; only the end of the
scene before is what was really written. Each is written with the world and the summary and without,
and scored by deterministic checks. Nothing here loads torch.
"""

from novelcraft.finetune.evaluation.probes.running import run_probes
from novelcraft.finetune.evaluation.probes.script import PROBES, ProbeScript, load_probe

__all__ = ["PROBES", "ProbeScript", "load_probe", "run_probes"]
