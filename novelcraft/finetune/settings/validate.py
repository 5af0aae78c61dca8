"""Settings that would run and give something useless: each is refused, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from novelcraft.errors import ConfigError
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.presets import base_shape
from novelcraft.finetune.settings.start_adapter import start_faults
from novelcraft.state.train_events import Method

_ROUTERS = ("router", "gate", "mlp.gate")
_EVERYTHING = ("all-linear",)


def refuse(config: TrainConfig) -> None:
    """Check settings against each other and against the base.

    Raises:
        ConfigError: They contradict each other, or ask for what is known to fail silently.
    """
    for message, fix in _faults(config):
        raise ConfigError(message, fix=fix)


def _faults(config: TrainConfig) -> Iterator[tuple[str, str]]:
    if config.tracker != "none" and find_spec(config.tracker) is None:
        yield (
            f"tracker = {config.tracker}: that package is not installed.",
            f"Run `pip install {config.tracker}`, or leave tracker out.",
        )
    yield from _served(config)
    yield from _targets(config)
    yield from _preferences(config)
    yield from start_faults(config)
    shape = base_shape(config.base_model)
    if config.lora_target_parameters or (shape is not None and shape.experts):
        yield from _sparse(config)


def _served(config: TrainConfig) -> Iterator[tuple[str, str]]:
    if not config.serve:
        return
    if config.use_dora:
        yield (
            "use_dora = true makes an adapter that neither llama.cpp nor vLLM can serve.",
            "Leave use_dora out, or set serve: false and merge the adapter into its base.",
        )
    if config.modules_to_save:
        yield (
            f"modules_to_save = {_listed(config.modules_to_save)} makes an adapter that neither "
            "llama.cpp nor vLLM can serve.",
            "Leave modules_to_save out, or set serve: false and merge the adapter.",
        )


def _targets(config: TrainConfig) -> Iterator[tuple[str, str]]:
    if not config.lora_target_modules and not config.lora_target_parameters:
        yield (
            "lora_target_modules is empty: there would be nothing to train.",
            "Name the layers, for example [q_proj, k_proj, v_proj, o_proj].",
        )
    for name in (*config.lora_target_modules, *config.modules_to_save):
        if name.rpartition(".")[2] in _ROUTERS:
            yield (
                f"{name} is the router of a sparse model. An adapter on it sends tokens to "
                "experts that were never trained for them, and no server can serve it.",
                f"Take {name} out of the list.",
            )
        if name in _EVERYTHING:
            yield (
                f"lora_target_modules = [{name}] also takes in the routers of sparse models.",
                "Name the layers, for example [q_proj, k_proj, v_proj, o_proj].",
            )
        if name.rpartition(".")[2] in ("lm_head", "embed_tokens") and config.serve:
            yield (
                f"An adapter on {name} is not served, and the head's is not even trained.",
                f"Take {name} out of the list.",
            )


def _sparse(config: TrainConfig) -> Iterator[tuple[str, str]]:
    if config.lora_target_parameters and config.lora_dropout:
        yield (
            f"lora_dropout = {config.lora_dropout:g} cannot be applied to fused experts.",
            "Set lora_dropout: 0.",
        )
    if config.lora_target_parameters and config.use_dora:
        yield ("use_dora cannot be applied to fused experts.", "Leave use_dora out.")


_OF_METHODS: dict[str, tuple[Method, ...]] = {
    "beta": ("dpo", "kto"),
    "sft_weight": ("dpo",),
    "desirable_weight": ("kto",),
    "undesirable_weight": ("kto",),
}
"""Settings that have a meaning for some methods only."""


def _preferences(config: TrainConfig) -> Iterator[tuple[str, str]]:
    for key, methods in _OF_METHODS.items():
        default = TrainConfig.model_fields[key].default
        if config.method not in methods and getattr(config, key) != default:
            yield (
                f"{key} has no meaning with method = {config.method}.",
                f"Leave {key} out, or set method: {' or '.join(methods)}.",
            )
    if config.method == "sft":
        return
    if config.packing:
        yield (
            f"packing = true cannot be used with method = {config.method}: what is compared are "
            "whole scenes.",
            "Leave packing out.",
        )
    for key in ("lora_dropout", "neftune_noise_alpha"):
        if getattr(config, key):
            yield (
                f"{key} = {getattr(config, key):g} would disturb the probabilities that "
                f"method = {config.method} compares.",
                f"Leave {key} out.",
            )
    if config.method == "kto" and config.per_device_batch_size < 2:
        yield (
            "per_device_batch_size = 1 is too small for method = kto: how far the narrator has "
            "moved is measured over the scenes of a batch.",
            "Set per_device_batch_size: 2 or more.",
        )


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(names)}]"
