"""Writing a batch of scenes at once, each drawn with random numbers of its own.

transformers' own `generate` draws a whole batch from one source, so that a scene would change with
the scenes beside it. Here each has its own source. What still ties a scene to its batch is the
rounding of sums, which depends on the tensors' sizes: where two tokens are all but equally likely,
another batch size may draw the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import DynamicCache

RECENT = 64
"""Tokens that the repetition penalty looks back on, as llama.cpp does. Over a whole scene it would
drive the commonest words out of the prose, which style scores count."""
_LIKELY = 256
"""Tokens among which the nucleus is looked for first: sorting all of them takes far longer."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn."""

    tokens: int
    """Most tokens of a scene."""
    temperature: float
    top_p: float
    repetition_penalty: float


@dataclass(frozen=True)
class Endings:
    """Where a scene ends."""

    tokens: frozenset[int]
    texts: tuple[str, ...]
    tail: Callable[[Sequence[int]], str]
    """From tokens to the end of their text, at least as long as the longest of `texts`."""

    def reached(self, written: Sequence[int]) -> bool:
        """Whether what is written ends a scene."""
        if written[-1] in self.tokens:
            return True
        tail = self.tail(written)
        return any(text in tail for text in self.texts)


@dataclass
class _Line:
    """A scene that is being generated."""

    prompt: tuple[int, ...]
    chance: torch.Generator
    written: list[int] = field(default_factory=list)

    @property
    def recent(self) -> list[int]:
        """The last tokens, always as many, so that lines make a tensor."""
        last = [*self.prompt[-RECENT:], *self.written[-RECENT:]][-RECENT:]
        return [last[0]] * (RECENT - len(last)) + last


def generate(
    model: Any,
    asked: Sequence[tuple[tuple[int, ...], int]],
    sampling: Sampling,
    endings: Endings,
    watch: Callable[[], None],
) -> list[list[int]]:
    """Write a scene to each prompt.

    Args:
        model: A causal language model; gradients are the caller's to switch off.
        asked: Prompts in tokens, and the seed of each.
        sampling: How to draw.
        endings: Where to end.
        watch: Called before each token; may raise.

    Returns:
        The tokens of each scene, without a special token at its end.
    """
    lines = [_Line(prompt, torch.Generator().manual_seed(seed)) for prompt, seed in asked]
    going = list(lines)
    tokens, mask = _padded([line.prompt for line in lines], model.device)
    places = (mask.cumsum(-1) - 1).clamp(min=0)
    cache = DynamicCache(config=model.config)
    for _ in range(sampling.tokens):
        watch()
        logits = model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=places,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        for line, token in zip(going, _drawn(logits.float(), going, sampling), strict=True):
            line.written.append(token)
        kept = [n for n, line in enumerate(going) if not endings.reached(line.written)]
        if not kept:
            break
        if len(kept) < len(going):
            going = [going[n] for n in kept]
            rows = torch.tensor(kept, device=model.device)
            cache.batch_select_indices(rows)
            mask, places = mask[rows], places[rows]
        tokens = torch.tensor([[line.written[-1]] for line in going], device=model.device)
        mask = torch.cat([mask, mask.new_ones(len(going), 1)], dim=1)
        places = places[:, -1:] + 1
    return [_without_end(line.written, endings.tokens) for line in lines]


def _padded(
    prompts: Sequence[tuple[int, ...]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts that end side by side, and where they are: both (prompts, tokens)."""
    width = max(map(len, prompts))
    # What stands before a prompt is never looked at, so that any token will do.
    tokens = [[0] * (width - len(prompt)) + list(prompt) for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)


def _drawn(logits: torch.Tensor, lines: Sequence[_Line], sampling: Sampling) -> list[int]:
    """Draw a token for each line: from the fewest tokens that have `top_p` of the probability."""
    chances = torch.cat([torch.rand(1, generator=line.chance) for line in lines])
    recent = torch.tensor([line.recent for line in lines], device=logits.device)
    weighed = _penalised(logits, recent, sampling.repetition_penalty) / sampling.temperature
    shares = weighed.softmax(-1)
    top, names = shares.topk(min(_LIKELY, shares.shape[-1]))
    if (top.sum(-1) < sampling.top_p).any():
        top, names = shares.sort(descending=True)
    nucleus = top * (top.cumsum(-1) - top < sampling.top_p)
    sums = nucleus.cumsum(-1)
    at = (sums < chances.to(sums.device)[:, None] * sums[:, -1:]).sum(-1, keepdim=True)
    return [int(token) for token in names.gather(-1, at)[:, 0].tolist()]


def _penalised(logits: torch.Tensor, recent: torch.Tensor, penalty: float) -> torch.Tensor:
    """Make recent tokens less likely, as Keskar and others (2019) do."""
    found = logits.gather(-1, recent)
    return logits.scatter(-1, recent, torch.where(found < 0, found * penalty, found / penalty))


def _without_end(written: list[int], ends: frozenset[int]) -> list[int]:
    return written[:-1] if written and written[-1] in ends else written
