"""Loading a base in four bits: its linear layers as bitsandbytes does, its experts as well.

transformers asks a quantiser which parameters are its own while it reads a checkpoint, tensor by
tensor. This one claims the experts too, whether the checkpoint has them one by one or fused. They
are packed layer by layer where they are to stay, so that never more than one layer's are there at
full width.
"""

from __future__ import annotations

from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from transformers import BitsAndBytesConfig
from transformers.integrations.bitsandbytes import Bnb4bitQuantize
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.quantizer_bnb_4bit import Bnb4BitHfQuantizer

from novelcraft.errors import ConfigError
from novelcraft.finetune.sparse.experts import PROJECTIONS, Nf4Experts, form_fault, fused
from novelcraft.finetune.sparse.packed import pack

METHOD = "novelcraft_nf4"
"""What transformers knows this way of loading by."""


@register_quantization_config(METHOD)
class Nf4Config(BitsAndBytesConfig):
    """NF4 with double quantisation."""

    def __init__(self, dtype: torch.dtype = torch.float32, **_other: Any) -> None:
        """Compute in `dtype`."""
        super().__init__(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
        self.quant_method = METHOD


@register_quantizer(METHOD)
class Nf4Quantizer(Bnb4BitHfQuantizer):
    """Packs linear layers and experts."""

    def param_needs_quantization(self, model: Any, param_name: str, **given: Any) -> bool:
        """Whether a parameter of the model is to be packed."""
        if _experts(model, param_name) is not None:
            return True
        return bool(super().param_needs_quantization(model, param_name, **given))

    def get_quantize_ops(self) -> Any:
        """What packs a parameter."""
        return _Pack(self)

    def _process_model_before_weight_loading(
        self, model: Any, device_map: Any, **given: Any
    ) -> None:
        super()._process_model_before_weight_loading(model, device_map, **given)
        for name, module in list(model.named_modules()):
            fault = form_fault(module)
            if fault:
                raise ConfigError(
                    f"The experts of a {model.config.model_type} model cannot be held in four "
                    f"bits: {fault}.",
                    fix="Set load_in_4bit: false, or take another base.",
                )
            if fused(module):
                model.set_submodule(name, Nf4Experts(module))

    def _process_model_after_weight_loading(self, model: Any, **given: Any) -> Any:
        for name, module in model.named_modules():
            if isinstance(module, Linear4bit):
                # Some processors would multiply in bf16 when not training, and go on training
                # with what that left: validation, resuming and merging would not agree.
                module.support_avx512bf16_for_cpu = False
            if isinstance(module, Nf4Experts) and not all(
                getattr(module, each).bnb_quantized for each in PROJECTIONS
            ):
                raise ConfigError(
                    f"The checkpoint has no weights for {name}.", fix="Get the base model again."
                )
        return super()._process_model_after_weight_loading(model, **given)

    def _dequantize(self, model: Any, dtype: Any = None) -> Any:
        for name, module in list(model.named_modules()):
            if isinstance(module, Nf4Experts):
                model.set_submodule(name, module.unpacked().to(dtype))
        return super()._dequantize(model, dtype=dtype)


class _Pack(Bnb4bitQuantize):
    def convert(
        self, input_dict: Any, full_layer_name: Any = None, model: Any = None, **_: Any
    ) -> Any:
        if _experts(model, full_layer_name) is None:
            return super().convert(input_dict, full_layer_name=full_layer_name, model=model)
        (name, value), *_rest = input_dict.items()
        return {name: pack(value[0] if isinstance(value, list) else value)}


def _experts(model: Any, parameter: str) -> Nf4Experts | None:
    place, _, name = parameter.rpartition(".")
    if name not in PROJECTIONS:
        return None
    module = model.get_submodule(place)
    return module if isinstance(module, Nf4Experts) else None
