"""Matrices of a layer's experts in four bits (NF4), the constants of their blocks in eight.

The format is bitsandbytes': blocks of 64 weights with a scale each, and blocks of 256 scales with
a scale each. It holds all experts of a layer in one parameter, and can bring back one of them.
"""

from __future__ import annotations

from typing import Any

import torch
from bitsandbytes.functional import (
    QuantState,
    dequantize_4bit,
    dequantize_blockwise,
    quantize_4bit,
    quantize_blockwise,
)
from bitsandbytes.nn import Params4bit

BLOCK = 64
"""Weights that share a scale."""
_SCALES = 256
"""Scales that share a scale."""


def placeholder(shape: torch.Size) -> Any:
    """A parameter that stands where packed matrices are to come; it takes no memory."""
    return Params4bit(torch.empty(shape, device="meta"), quant_type="nf4")


def pack(weights: torch.Tensor) -> Any:
    """Quantise the matrices of a layer's experts, one expert at a time.

    What is needed beside the matrices themselves is as large as one of them.

    Args:
        weights: Experts by outputs by inputs, where it is to stay.

    Returns:
        A frozen parameter: two weights to a byte, and `quant_state` with what brings them back.
    """
    experts = weights.shape[0]
    codes = torch.empty((weights.numel() // 2, 1), dtype=torch.uint8, device=weights.device)
    scales = torch.empty(weights.numel() // BLOCK, device=weights.device)
    # Rows of one block: on a processor bitsandbytes reads shorter rows wrongly.
    blocks = weights.reshape(experts, -1, BLOCK)
    for mine, block, scale in zip(codes.chunk(experts), blocks, scales.chunk(experts), strict=True):
        packed, state = quantize_4bit(block.contiguous(), blocksize=BLOCK, quant_type="nf4")
        mine.copy_(packed)
        scale.copy_(state.absmax)
    offset = scales.mean()
    scales, second = quantize_blockwise(scales - offset, blocksize=_SCALES)
    whole = QuantState(
        absmax=scales,
        shape=weights.shape,
        code=state.code,
        blocksize=BLOCK,
        quant_type="nf4",
        dtype=weights.dtype,
        offset=offset,
        state2=second,
    )
    return Params4bit(codes, quant_state=whole, quant_type="nf4", bnb_quantized=True)


class Unpacked:
    """Packed matrices while they are in use: brings back one expert's, or all."""

    def __init__(self, packed: Any) -> None:
        state = packed.quant_state
        self._codes = packed.data
        self._scales = dequantize_blockwise(state.absmax, state.state2) + state.offset
        self._state = state
        self.experts = int(state.shape[0])
        """The number of experts."""

    def one(self, expert: int) -> torch.Tensor:
        """The matrix of an expert: outputs by inputs."""
        codes = len(self._codes) // self.experts
        scales = len(self._scales) // self.experts
        return self._bring_back(
            self._codes[expert * codes : (expert + 1) * codes],
            self._scales[expert * scales : (expert + 1) * scales],
        )[0]

    def all(self) -> torch.Tensor:
        """The matrices of all: experts by outputs by inputs."""
        return self._bring_back(self._codes, self._scales)

    def _bring_back(self, codes: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
        state = QuantState(
            absmax=scales,
            shape=torch.Size((len(scales), BLOCK)),
            code=self._state.code,
            blocksize=BLOCK,
            quant_type="nf4",
            dtype=self._state.dtype,
        )
        found: torch.Tensor = dequantize_4bit(codes, state)
        return found.reshape(-1, *self._state.shape[1:])
