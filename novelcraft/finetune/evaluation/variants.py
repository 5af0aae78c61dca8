"""Base and tuned: one loaded model, without the adapter and with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from trl.trainer import add_fused_lm_head

from novelcraft.errors import TrainingMemoryError
from novelcraft.finetune.attach import attach
from novelcraft.finetune.evaluation.material import Material
from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.models import find_compute_device, load_base
from novelcraft.finetune.training.threads import use_threads

_NO_MEMORY = "can't allocate memory"
"""What torch says where the processor's memory is full; it has no class for that."""


class Sides:
    """The loaded model.

    The base is held in four bits where the adapter was trained so and there is an accelerator, as
    it then would be served.

    Raises:
        AdapterError: The adapter is of another base.
        BaseModelError, ConfigError: The base cannot be read, or not be held in four bits.
        TrainingMemoryError: It does not fit the memory.
    """

    def __init__(self, material: Material) -> None:
        self._machine = machine = find_compute_device(material.config)
        if machine.cpu:
            use_threads(material.threads)
        model = load_base(
            material.base_model,
            machine,
            four_bits=material.adapter.four_bits and not machine.cpu,
            attention=material.config.attention,
        )
        add_fused_lm_head(model)
        self.model = attach(model, material.adapter).eval()

    @property
    def device(self) -> str:
        """The accelerator's name, or `cpu`."""
        return "cpu" if self._machine.cpu else str(torch.cuda.get_device_name())

    @contextmanager
    def as_side(self, side: Side) -> Iterator[Any]:
        """The model as one of the two, computing as it was trained and holding no gradients."""
        machine = self._machine
        with ExitStack() as held:
            held.enter_context(torch.inference_mode())
            if machine.precision != "fp32":
                held.enter_context(torch.autocast(machine.device, machine.dtype))
            if side == "base":
                held.enter_context(self.model.disable_adapter())
            yield self.model

    def log_probs(self, side: Side, batch: dict[str, Any]) -> torch.Tensor:
        """See `finetune.training.losses.LogProbs`."""
        given = {name: tensor.to(self.model.device) for name, tensor in batch.items()}
        with self.as_side(side) as model:
            out = model(**given, use_cache=False, fused_lm_head=True)
        return torch.as_tensor(out.log_probs).float().cpu()


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn torch's errors about memory into ours.

    Raises:
        TrainingMemoryError: There was too little.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        full = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not full and _NO_MEMORY not in str(error):
            raise
        raise TrainingMemoryError(
            "The evaluation does not fit the memory.",
            fix="Set a smaller batch_size or scene_tokens for it.",
        ) from error
