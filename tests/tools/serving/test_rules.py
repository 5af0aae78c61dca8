"""What would start and then go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from novelcraft.errors import ConfigError
from novelcraft.tools.serving.catalog import Preset, ServedRole
from novelcraft.tools.serving.planning import ServedAdapterFile, ServerPlan, plan_servers
from novelcraft.tools.serving.rules import check_plan
from tests.tools.serving.machines import ADAPTER, CATALOG

H200, CPU = CATALOG.preset("h200"), CATALOG.preset("cpu")


def plan(
    preset: Preset,
    role: ServedRole,
    model: str = "",
    *,
    adapters: Sequence[ServedAdapterFile] = (),
    **changes: Any,
) -> tuple[ServerPlan, Preset]:
    settings = preset.role(role).model_copy(update=changes)
    changed = preset.model_copy(update={role: settings})
    (made,) = plan_servers(
        CATALOG,
        changed,
        [role],
        models={role: model} if model else {},
        adapters={role: adapters},
    )
    return made, changed


@pytest.mark.parametrize("asked", [{"min_p": 0.05}, {"logit_bias": {"5": -100}}])
def test_sampling_that_guessing_ahead_passes_over(asked: dict[str, Any]) -> None:
    guessing, preset = plan(H200, "reasoning")
    (name,) = asked
    with pytest.raises(ConfigError, match=rf"(?s){name}.*speculative = false"):
        check_plan(guessing, preset, {"reasoning": asked})
    check_plan(guessing, preset, {"reasoning": {"min_p": 0.0, "temperature": 0.6}})
    plain, preset = plan(H200, "reasoning", speculative=False)
    check_plan(plain, preset, {"reasoning": asked})


def test_sampling_that_a_draft_model_passes_over() -> None:
    flags = {"speculative-config": {"method": "ngram", "num_speculative_tokens": 3}}
    guessing, preset = plan(H200, "narrator", flags=flags)
    with pytest.raises(ConfigError, match="min_p"):
        check_plan(guessing, preset, {"narrator": {"min_p": 0.05}})


def test_lora_over_quantised_experts_needs_a_kernel_that_applies_it() -> None:
    model = "qwen3-next-80b-a3b-instruct-fp8"
    tuned, preset = plan(H200, "narrator", model, adapters=[ADAPTER])
    check_plan(tuned, preset, {})
    flags = {"moe-backend": "flashinfer_cutlass"}
    tuned, preset = plan(H200, "narrator", model, adapters=[ADAPTER], flags=flags)
    with pytest.raises(ConfigError, match=r"(?s)no kernel.*flashinfer_cutlass.*marlin"):
        check_plan(tuned, preset, {})
    bare, preset = plan(H200, "narrator", model, flags=flags)
    check_plan(bare, preset, {})
    dense, preset = plan(H200, "narrator", adapters=[ADAPTER], flags=flags)
    check_plan(dense, preset, {})


def test_a_seed_with_chunked_prefill_on_a_processor() -> None:
    server, preset = plan(CPU, "narrator")
    check_plan(server, preset, {})
    chunked = preset.model_copy(update={"flags": {"enforce-eager": True}})
    with pytest.raises(ConfigError, match="chunked prefill"):
        check_plan(server, chunked, {})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "gpu-box"])
def test_an_address_that_others_reach_needs_a_key(host: str) -> None:
    server, preset = plan(CPU, "narrator", flags={"host": host})
    with pytest.raises(ConfigError, match="without a key"):
        check_plan(server, preset, {})
    server, preset = plan(
        CPU, "narrator", flags={"host": host}, environment={"VLLM_API_KEY": "a-key-of-ours"}
    )
    check_plan(server, preset, {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_address_of_this_machine_needs_none(host: str) -> None:
    server, preset = plan(CPU, "narrator", flags={"host": host})
    check_plan(server, preset, {})
