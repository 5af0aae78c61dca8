"""The base model, loaded as it is to be trained, with the adapter on it.

What was asked for is checked after loading: a quantiser that passes over a layer, and an adapter
that lands on a router, say nothing by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from novelcraft.errors import AdapterError, BaseModelError, ConfigError, TrainingMemoryError
from novelcraft.finetune.adapters.folder import WEIGHTS_FILE
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.sparse.expert_adapters import adapts_experts
from novelcraft.finetune.sparse.nf4 import Nf4Config

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_NF4_BYTES = 0.75
"""Bytes a weight of four bits may take at most, with its share of the constants."""


@dataclass(frozen=True)
class ComputeDevice:
    """Where a run computes, and in what."""

    device: str
    precision: str
    """bf16, fp16 or fp32."""
    notices: tuple[str, ...] = ()

    @property
    def cpu(self) -> bool:
        """Whether that is the processor."""
        return self.device == "cpu"

    @property
    def dtype(self) -> torch.dtype:
        """The type that a full-precision base is held in."""
        return _DTYPES[self.precision]


def find_compute_device(config: TrainConfig) -> ComputeDevice:
    """The device and precision of a run.

    A processor computes in fp32, whatever was asked for: in 16 bits it takes two to three times
    as long.
    """
    if config.device == "cpu" or not torch.cuda.is_available():
        told = []
        if config.precision in ("bf16", "fp16"):
            told.append(f"There is no accelerator: fp32 is taken instead of {config.precision}.")
        if config.optimizer == "adamw_8bit":
            told.append("There is no accelerator: adamw is taken instead of adamw_8bit.")
        return ComputeDevice("cpu", "fp32", tuple(told))
    able = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if config.precision == "bf16" and able == "fp16":
        return ComputeDevice("cuda", "fp16", ("This accelerator has no bf16: fp16 is taken.",))
    return ComputeDevice("cuda", able if config.precision == "auto" else config.precision)


def load_settings(base: str) -> Any:
    """The base's `config.json`, as transformers has it.

    Raises:
        BaseModelError: It cannot be read.
    """
    try:
        return AutoConfig.from_pretrained(base, trust_remote_code=False)
    except Exception as error:
        raise _unreadable(base, error) from error


def load_tokenizer(base: str) -> Any:
    """The base's tokenizer, as transformers has it.

    Raises:
        BaseModelError: It cannot be read.
    """
    try:
        return AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    except Exception as error:
        raise _unreadable(base, error) from error


def load_base(
    base: str,
    machine: ComputeDevice,
    *,
    four_bits: bool = False,
    attention: str = "sdpa",
) -> Any:
    """Load a base model's weights, from safetensors only.

    Raises:
        BaseModelError: It is not there, cannot be read, or only there as a pickle.
        ConfigError: It wants code of its own, or cannot be held in four bits.
        TrainingMemoryError: It does not fit the memory.
    """
    _refuse_pickles(base)
    settings = load_settings(base)
    try:
        model, loading = AutoModelForCausalLM.from_pretrained(
            base,
            output_loading_info=True,
            config=settings,
            dtype=machine.dtype,
            quantization_config=_quantization(settings, machine) if four_bits else None,
            attn_implementation=attention,
            use_safetensors=True,
            trust_remote_code=False,
            device_map={"": _place(machine)},
        )
    except torch.OutOfMemoryError as error:
        raise TrainingMemoryError(
            f"{base} does not fit the accelerator's memory.",
            fix="Set load_in_4bit: true, or take a smaller base.",
        ) from error
    except ConfigError:
        raise
    except Exception as error:
        raise _unreadable(base, error) from error
    _require_whole(base, loading)
    if four_bits:
        check_footprint(model)
    return model


def _require_whole(base: str, loading: Mapping[str, Any]) -> None:
    """See that every tensor of a model came from its files: transformers draws missing ones.

    Raises:
        BaseModelError: One is missing; names it.
    """
    missing = sorted(loading["missing_keys"])
    if missing:
        more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise BaseModelError(
            f"{base} is not whole: its files lack the tensor {missing[0]}{more}. Random numbers "
            "would stand in its place.",
            fix="Get the base model again, all files of it.",
        )


def check_footprint(model: Any) -> None:
    """See that a model in four bits is one.

    Raises:
        ConfigError: Weights that ought to be quantised are not.
    """
    whole = {id(model.get_input_embeddings().weight)}
    head = model.get_output_embeddings()
    if head is not None:
        whole.add(id(head.weight))
    large = [p for p in model.parameters() if p.dim() > 1 and id(p) not in whole]
    held = sum(p.numel() * p.element_size() for p in large)
    # A packed parameter holds two weights in each of its bytes.
    weights = sum(p.numel() * (2 if p.dtype == torch.uint8 else 1) for p in large)
    if held > _NF4_BYTES * weights:
        raise ConfigError(
            f"The base is held in {held / 1e9:.1f} GB after loading in four bits, where "
            f"{weights * 0.516 / 1e9:.1f} GB were to be expected: the quantiser passed over some "
            "of its weights.",
            fix="Set load_in_4bit: false.",
        )


def add_adapter(model: Any, config: TrainConfig) -> PeftModel:
    """Put a new adapter on a base. Its first weights come from torch's random numbers.

    Raises:
        ConfigError: The base has no layers of those names, or a router among them.
    """
    adapter = LoraConfig(
        task_type="CAUSAL_LM",
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=list(config.lora_target_modules) or None,
        target_parameters=list(config.lora_target_parameters) or None,
        use_rslora=config.use_rslora,
    )
    try:
        made = get_peft_model(model, adapts_experts(adapter))
    except ValueError as error:
        raise ConfigError(
            f"{config.base_model} cannot be given the adapter: {error}",
            fix="Name layers that it has in lora_target_modules.",
        ) from error
    _check_targets(made, config)
    return made


def start_from(model: Any, adapter: Path) -> None:
    """Give a model's new adapter the weights of one that was trained before.

    Raises:
        AdapterError: It is of another shape, or damaged.
    """
    said: Any = None
    try:
        said = set_peft_model_state_dict(model, load_file(adapter / WEIGHTS_FILE))
    except Exception as error:
        raise _unfit(adapter, str(error)) from error
    left = [key for key in said.missing_keys if "lora_" in key]
    if left or said.unexpected_keys:
        raise _unfit(adapter, f"{(left or said.unexpected_keys)[0]} is in one of them alone")


def _unfit(adapter: Path, why: str) -> AdapterError:
    return AdapterError(
        f"{adapter} cannot be gone on from: {why}.",
        fix="Give start_adapter an adapter of this base, with the lora_ settings of its run.",
    )


def trainable(model: Any) -> list[Any]:
    """The parameters that are trained."""
    return [p for p in model.parameters() if p.requires_grad]


def _check_targets(model: Any, config: TrainConfig) -> None:
    names = [name for name, p in model.named_parameters() if p.requires_grad]
    missing = [
        target
        for target in (*config.lora_target_modules, *config.lora_target_parameters)
        if not any(_carries(name, target) for name in names)
    ]
    if missing:
        raise ConfigError(
            f"{config.base_model} has no layers named {', '.join(missing)}.",
            fix="Name layers that it has in lora_target_modules, or leave the key out.",
        )
    router = next((n for n in names if ".gate." in n or ".router." in n), None)
    if router:
        raise ConfigError(
            f"The adapter would train a router: {router}.",
            fix="Name the layers in lora_target_modules, without the router.",
        )


def _carries(name: str, target: str) -> bool:
    layer, _, part = target.rpartition(".")
    # The adapter of a fused parameter is at the module that holds it.
    return f".{target}." in name or (part != target and f".{layer}." in name)


def _place(machine: ComputeDevice) -> Any:
    import os

    return machine.device if machine.cpu else int(os.environ.get("LOCAL_RANK", "0"))


def _quantization(settings: Any, machine: ComputeDevice) -> Nf4Config | None:
    # A base that was published in four bits says itself how it is held.
    return None if hasattr(settings, "quantization_config") else Nf4Config(machine.dtype)


def _refuse_pickles(base: str) -> None:
    folder = Path(base).expanduser()
    if not folder.exists():
        return
    if any(folder.glob("*.safetensors")):
        return
    pickles = sorted(file.name for file in folder.glob("*") if file.suffix in _PICKLES)
    if pickles:
        raise BaseModelError(
            f"{folder} has its weights only as a pickle ({pickles[0]}), which can run any code.",
            fix="Get the model in safetensors.",
        )
    raise BaseModelError(
        f"{folder} has no weights: there is no .safetensors file in it.",
        fix="Give the folder of the base model, with its weights.",
    )


def _unreadable(base: str, error: Exception) -> BaseModelError:
    said = str(error).strip().splitlines() or [type(error).__name__]
    if "trust_remote_code" in str(error):
        return BaseModelError(
            f"{base} wants to run code of its own, which is never done.",
            fix="Take a base that transformers knows.",
        )
    return BaseModelError(
        f"The base model {base} cannot be loaded: {said[0]}",
        fix="Give --base a model's folder, as seen from here, or its owner/name on the hub; check "
        "the network.",
    )
