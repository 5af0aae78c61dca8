"""LoRA on experts in four bits, in the form that PEFT gives to experts in 16 bits.

PEFT changes a fused parameter by adding the product of the factors to it for the time of a
forward pass: a change as large as all experts of a layer in 16 bits, and nothing that can be added
to packed weights. Here the factors go to the experts' own module. Their names, shapes and first
values stay PEFT's, so that an adapter that was trained on the one loads on the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from peft import LoraConfig
from peft.tuners import lora

from novelcraft.errors import ConfigError
from novelcraft.finetune.sparse.experts import Factors, Nf4Experts


class ParamWrapper(lora.ParamWrapper):
    """The adapter of one projection of `Nf4Experts`.

    It bears PEFT's name for such wrappers, by which PEFT knows that they may be nested: one
    module's two projections have two of them, one around the other.
    """

    def _get_in_out_features(self, module: Any) -> tuple[int, int]:
        """PEFT's names for the sides of a parameter, which it exchanges afterwards."""
        shape = module.shapes[self.parameter_name]
        self.num_experts, self._param_ndim = int(shape[0]), len(shape)
        return int(shape[1]), int(shape[2])

    @contextmanager
    def _activate_lora(self, active_adapters: Sequence[str]) -> Iterator[None]:
        mine = [self._factors(name) for name in active_adapters if name in self.lora_A]
        with ExitStack() as stack:
            if mine:
                stack.enter_context(self.get_base_layer().adapted(self.parameter_name, mine))
            yield

    def _factors(self, name: str) -> Factors:
        down, up = self.lora_A[name].weight, self.lora_B[name].weight
        # The one counts experts before ranks, the other ranks before experts.
        return Factors(
            down.reshape(self.num_experts, -1, down.shape[1]),
            up.reshape(up.shape[0], -1, self.num_experts).permute(2, 0, 1),
            self.scaling[name],
        )

    def merge(self, *_args: Any, **_kwargs: Any) -> None:
        """Refuse: the rounding to four bits would erase the adapter.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            "An adapter cannot be merged into experts in four bits: it would be rounded away.",
            fix="Merge it with `novelcraft adapter merge`, into the base at full precision.",
        )


def adapts_experts(config: LoraConfig) -> LoraConfig:
    """Have PEFT use these adapters where a model has its experts in four bits."""
    config._register_custom_module({Nf4Experts: ParamWrapper})
    return config
