"""Composed commands against what vLLM takes: its list, and its own parser where there is one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from novelcraft.tools.serving.arguments import (
    ADAPTER_RANKS,
    VERSION,
    allowed_rank,
    flag_arguments,
    shipped_list,
)
from novelcraft.tools.serving.catalog import Preset
from tests.tools.serving.machines import CATALOG, composed

LIST = shipped_list()
SCRIPT = Path("novelcraft/tools/serving/list_arguments.py")


@pytest.mark.parametrize("preset", CATALOG.presets.values(), ids=lambda preset: preset.name)
@pytest.mark.parametrize("model", CATALOG.models)
def test_every_model_on_every_machine_is_composed_as_vllm_takes_it(
    model: str, preset: Preset
) -> None:
    for command in composed(model, preset):
        LIST.check(command.arguments, command.environment)
    assert VERSION in CATALOG.models[model].checked


@pytest.mark.vllm
def test_the_real_parser_takes_every_model_on_every_machine(vllm_python: Path) -> None:
    commands: list[dict[str, Any]] = [
        {"arguments": [c.model, *c.arguments], "environment": dict(c.environment)}
        for preset in CATALOG.presets.values()
        for model in CATALOG.models
        for c in composed(model, preset)
    ]
    wrong = {"arguments": ["m", "--max-lora-rank", "24"], "environment": {}}
    unknown = {"arguments": ["m"], "environment": {"VLLM_ATTENTION_BACKEND": "FLASHINFER"}}
    faults = parsed([*commands, wrong, unknown], vllm_python)
    assert faults[:-2] == [None] * len(commands)
    assert "max-lora-rank" in str(faults[-2])
    assert "VLLM_ATTENTION_BACKEND" in str(faults[-1])


@pytest.mark.vllm
def test_the_list_is_what_the_package_says(vllm_python: Path) -> None:
    told = subprocess.run([vllm_python, SCRIPT], capture_output=True, check=True, text=True)
    shipped = SCRIPT.with_name(f"vllm-{VERSION}.json").read_text(encoding="utf-8")
    assert json.loads(told.stdout) == json.loads(shipped)


def parsed(commands: list[dict[str, Any]], python: Path) -> list[str | None]:
    """What vLLM says of commands."""
    told = subprocess.run(
        [python, SCRIPT, "--parse"],
        input=json.dumps(commands),
        capture_output=True,
        check=True,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("VLLM_")},
    )
    faults = json.loads(told.stdout)
    assert isinstance(faults, list)
    return faults


def test_the_ranks_are_those_of_the_list() -> None:
    assert tuple(map(int, LIST.flags["--max-lora-rank"].choices)) == ADAPTER_RANKS


@pytest.mark.parametrize(("rank", "allowed"), [(1, 1), (4, 8), (16, 16), (24, 32), (300, 320)])
def test_a_rank_gets_the_least_that_it_fits_in(rank: int, allowed: int) -> None:
    assert allowed_rank(rank) == allowed


def test_a_rank_that_fits_in_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="rank 513"):
        allowed_rank(513)


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["--max-lora-rank", "24"], {}, "cannot be '24'.*320, 512"),
        (["--max-model-length", "4096"], {}, "no flag.*--max-model-len"),
        (["--max-model-len"], {}, "takes one value"),
        (["--enforce-eager", "yes"], {}, "takes nothing"),
        (["--attention-backend", "FLASH"], {}, "cannot be 'FLASH'"),
        (["--reasoning-parser", "qwen2"], {}, "cannot be 'qwen2'.*qwen3"),
        ([], {"VLLM_ATTENTION_BACKEND": "FLASHINFER"}, "no environment.*--attention-backend"),
        ([], {"VLLM_USE_TRTLLM_ATTENTION": "1"}, "no environment.*--attention-backend"),
        ([], {"VLLM_USE_FLASHINFER_MOE_FP8": "1"}, "no environment.*--moe-backend"),
        ([], {"VLLM_USE_FLASHINFER_MOE_FP4": "1"}, "no environment.*--moe-backend"),
        ([], {"VLLM_FLASHINFER_MOE_BACKEND": "latency"}, "no environment.*--moe-backend"),
        ([], {"VLLM_CPU_OMP_THREADS": "1"}, "no environment.*VLLM_CPU_OMP_THREADS_BIND"),
    ],
)
def test_what_vllm_would_refuse_or_pass_over(
    arguments: list[str], environment: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigError, match=rf"(?s){told}"):
        LIST.check(arguments, environment)


def test_variables_of_others_are_left_alone() -> None:
    LIST.check(
        [], {"CUDA_VISIBLE_DEVICES": "0", "LD_PRELOAD": "/lib.so", "VLLM_LOGGING_LEVEL": "INFO"}
    )


def test_flags_of_a_table_as_arguments() -> None:
    flags = {
        "enforce-eager": True,
        "enable-chunked-prefill": False,
        "max-num-seqs": 9,
        "compilation-config": {"cudagraph_mode": "PIECEWISE"},
        "lora-modules": ["a=b", "c=d"],
    }
    assert flag_arguments(flags) == [
        "--enforce-eager",
        "--no-enable-chunked-prefill",
        *("--max-num-seqs", "9"),
        *("--compilation-config", '{"cudagraph_mode": "PIECEWISE"}'),
        *("--lora-modules", "a=b", "c=d"),
    ]
