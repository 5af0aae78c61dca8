"""What would start and then go wrong, refused with its reason before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from novelcraft.errors import ConfigError
from novelcraft.tools.serving.catalog import Preset
from novelcraft.tools.serving.planning import ServerPlan

_LORA_KERNELS = {
    "fp8": ("auto", "triton", "marlin"),
    "awq": ("auto", "marlin"),
    "gptq": ("auto", "marlin"),
    "compressed-tensors": ("auto", "marlin", "triton"),
}
"""`--moe-backend`s that apply LoRA to quantised experts, by how these are stored."""
_WITHOUT_EFFECT = ("min_p", "logit_bias")


def check_plan(plan: ServerPlan, preset: Preset, sampling: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a server that would do something else than it is asked for.

    Args:
        plan: The server.
        preset: The machine.
        sampling: What each role will ask for, its model family's preset included.

    Raises:
        ConfigError: With the reason.
    """
    flags = {**preset.flags, **plan.settings.flags}
    _check_speculation(plan, flags, sampling)
    _check_experts(plan, flags)
    _check_seed(plan, preset, flags)
    _check_host(plan, preset, flags)


def _check_speculation(
    plan: ServerPlan, flags: Mapping[str, Any], sampling: Mapping[str, Mapping[str, Any]]
) -> None:
    guesses = plan.settings.speculative and plan.entry.mtp_tokens
    if not guesses and "speculative-config" not in flags:
        return
    for role in plan.roles:
        asked = next((name for name in _WITHOUT_EFFECT if sampling.get(role, {}).get(name)), None)
        if asked:
            raise ConfigError(
                f"The role {role} samples with {asked}, which vLLM passes over in silence while "
                "it guesses tokens ahead (speculative decoding).",
                fix=f"Set speculative = false for {role} in your serving.toml, or "
                f"[roles.{role}] sampling = {{ {asked} = 0.0 }}.",
            )


def _check_experts(plan: ServerPlan, flags: Mapping[str, Any]) -> None:
    entry = plan.entry
    if not plan.adapters or not entry.sparse or not entry.quantization:
        return
    kernel = str(flags.get("moe-backend", "auto"))
    able = _LORA_KERNELS.get(entry.quantization, ())
    if kernel not in able:
        raise ConfigError(
            f"{entry.name} has experts stored as {entry.quantization}, and no kernel for them "
            f"applies LoRA with --moe-backend {kernel}.",
            fix=f"Use --moe-backend {able[-1]}."
            if able
            else "Serve the model in bfloat16, or "
            "merge the adapter into it before it is quantised.",
        )


def _check_seed(plan: ServerPlan, preset: Preset, flags: Mapping[str, Any]) -> None:
    if preset.device == "cpu" and flags.get("enable-chunked-prefill") is not False:
        raise ConfigError(
            f"{plan.title}: every call of ours carries a seed, and a seed together with chunked "
            "prefill ends vLLM's engine on a processor.",
            fix=f"Set enable-chunked-prefill = false among the flags of the preset {preset.name}.",
        )


def _check_host(plan: ServerPlan, preset: Preset, flags: Mapping[str, Any]) -> None:
    host = str(flags.get("host", "127.0.0.1"))
    environment = {**preset.environment, **plan.settings.environment}
    if _is_loopback(host) or "api-key" in flags or environment.get("VLLM_API_KEY"):
        return
    raise ConfigError(
        f"{plan.title} would listen at {host} without a key: everybody who reaches that address "
        "could use it.",
        fix="Leave host out, or set VLLM_API_KEY in the environment of your serving.toml and name "
        "its variable in [roles.…] api_key_env.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
