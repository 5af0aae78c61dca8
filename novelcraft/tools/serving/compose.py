"""The command and the environment of a server, from its plan. The same plan gives the same ones."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from novelcraft.tools.serving.arguments import flag_arguments
from novelcraft.tools.serving.catalog import Preset
from novelcraft.tools.serving.fitting import Fit, Share
from novelcraft.tools.serving.planning import ServerPlan

_MIB = 1 << 20
_QUIET = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
"""What is served here is nobody else's business."""


@dataclass(frozen=True)
class ServeCommand:
    """How one server is started."""

    plan: ServerPlan
    model: str
    arguments: tuple[str, ...]
    """Flags and their values, after the model."""
    environment: Mapping[str, str]
    """What is set beside the environment of this process."""

    def line(self, executable: str = "vllm") -> str:
        """The command as it can be pasted into a shell."""
        variables = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return " ".join(
            [*variables, shlex.join([executable, "serve", self.model, *self.arguments])]
        )


def compose(fit: Fit, preset: Preset, environment: Path) -> list[ServeCommand]:
    """The commands of servers that fit.

    Args:
        fit: How they share the memory.
        preset: The machine.
        environment: The folder of vLLM's virtual environment, which variables may name.
    """
    alone = len(fit.shares) == 1
    return [_command(share, fit, preset, environment, alone=alone) for share in fit.shares]


def _command(
    share: Share, fit: Fit, preset: Preset, environment: Path, *, alone: bool
) -> ServeCommand:
    plan = share.plan
    folder = Path(plan.entry.hub).expanduser()
    names = {
        "environment": str(environment),
        "cores": _runs(_own_cores()),
        "context": str(plan.context or plan.entry.max_context),
    }
    flags = {
        "host": "127.0.0.1",
        "port": plan.port,
        "served-model-name": plan.entry.name,
        "max-model-len": plan.context or "auto",
        "max-num-seqs": plan.settings.sequences,
        "dtype": preset.dtype,
        **_memory_flags(share, fit, preset, alone=alone),
        **_model_flags(plan),
        "enable-prompt-tokens-details": True,
        "fail-on-environ-validation": True,
        **preset.flags,
        **plan.settings.flags,
    }
    variables = {
        **_QUIET,
        **({"HF_HUB_OFFLINE": "1"} if folder.is_dir() else {}),
        **preset.environment,
        **plan.settings.environment,
    }
    return ServeCommand(
        plan=plan,
        model=plan.entry.hub,
        arguments=tuple(flag_arguments(_filled(flags, names))),
        environment=_filled(variables, names),
    )


def _memory_flags(share: Share, fit: Fit, preset: Preset, *, alone: bool) -> dict[str, Any]:
    """A server alone measures what it may take; of two each is told its cache."""
    if alone and preset.device == "cuda":
        return {"gpu-memory-utilization": preset.usable}
    flags: dict[str, Any] = {"kv-cache-memory-bytes": share.cache // _MIB * _MIB}
    if preset.device == "cuda":
        # It must not be more than is free at the start, or the second server refuses to.
        flags["gpu-memory-utilization"] = max(0.01, int(100 * share.total / fit.memory) / 100)
    return flags


def _model_flags(plan: ServerPlan) -> dict[str, Any]:
    flags: dict[str, Any] = {
        # The engine of the embedded models, so that both take the same schemas. A small model
        # that may write blanks between the tokens of JSON sometimes writes nothing else.
        "structured-outputs-config": {"backend": "guidance", "disable_any_whitespace": True}
    }
    if plan.entry.reasoning_parser:
        flags["reasoning-parser"] = plan.entry.reasoning_parser
    if plan.settings.speculative and plan.entry.mtp_tokens:
        flags["speculative-config"] = {
            "method": "mtp",
            "num_speculative_tokens": plan.entry.mtp_tokens,
        }
    if plan.adapters:
        flags |= {
            "enable-lora": True,
            "max-lora-rank": plan.rank,
            "max-loras": len(plan.adapters),
            "lora-modules": [
                json.dumps({"name": a.name, "path": str(a.folder.resolve())}) for a in plan.adapters
            ],
        }
    return flags


def _filled(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    filled = {}
    for key, value in given.items():
        if isinstance(value, str):
            for name, text in names.items():
                value = value.replace(f"{{{name}}}", text)
        filled[key] = value
    return filled


def _own_cores() -> list[int]:
    """Numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _runs(numbers: Sequence[int]) -> str:
    """Numbers of cores as vLLM takes them: `0-3,6`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)
