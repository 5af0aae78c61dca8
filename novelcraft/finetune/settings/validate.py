"""Settings that would run and give something useless: each is refused, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from novelcraft.errors import ConfigError
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.start_adapter import start_faults
from novelcraft.tools.pairs.files import PAIRS_FOLDER

_ROUTERS = ("router", "gate", "mlp.gate")
_EVERYTHING = ("all-linear",)


def validate(config: TrainConfig) -> None:
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
    yield from _output(config)
    yield from _targets(config)
    yield from _preferences(config)
    yield from start_faults(config)
    if config.lora_target_parameters and config.lora_dropout:
        yield (
            f"lora_dropout = {config.lora_dropout:g} cannot be applied to fused experts.",
            "Set lora_dropout: 0.",
        )


def _output(config: TrainConfig) -> Iterator[tuple[str, str]]:
    output = Path(config.output).expanduser().resolve()
    for key in ("data", "base_model", "start_adapter"):
        place = Path(getattr(config, key) or output / "none").expanduser().resolve()
        if output in (place, place / "rows", place / PAIRS_FOLDER):
            yield (
                f"output = {config.output} is a folder of {key}: the run's files would lie among "
                "those.",
                "Give output a folder of its own, for example adapters/mine.",
            )


def _targets(config: TrainConfig) -> Iterator[tuple[str, str]]:
    if not config.lora_target_modules and not config.lora_target_parameters:
        yield (
            "lora_target_modules is empty: there would be nothing to train.",
            "Name the layers, for example [q_proj, k_proj, v_proj, o_proj].",
        )
    for name in config.lora_target_modules:
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
        if name.rpartition(".")[2] in ("lm_head", "embed_tokens"):
            yield (
                f"An adapter on {name} is not served, and the head's is not even trained.",
                f"Take {name} out of the list.",
            )


def _preferences(config: TrainConfig) -> Iterator[tuple[str, str]]:
    if config.method == "sft":
        for key in ("beta", "sft_weight"):
            if getattr(config, key) != TrainConfig.model_fields[key].default:
                yield (
                    f"{key} has no meaning with method = sft.",
                    f"Leave {key} out, or set method: dpo.",
                )
        return
    if config.packing:
        yield (
            "packing = true cannot be used with method = dpo: what is compared are whole scenes.",
            "Leave packing out.",
        )
    for key in ("lora_dropout", "neftune_noise_alpha"):
        if getattr(config, key):
            yield (
                f"{key} = {getattr(config, key):g} would disturb the probabilities that "
                "method = dpo compares.",
                f"Leave {key} out.",
            )
