"""Sampling by model family, for prose and for structured answers.

Keys are llama.cpp's names; `wire.py` gives them the names that a server knows. What a family's
authors recommend is taken where they recommend something, and for SmolLM2 what was measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["prose", "structured"]
Thinking = Literal["never", "optional", "always"]


@dataclass(frozen=True)
class Family:
    """How models of one family are asked."""

    name: str
    prose: Mapping[str, Any]
    structured: Mapping[str, Any]
    thinking: Thinking = "never"
    """Whether it writes a think block: `optional` when the request can tell it not to."""
    opens: bool = False
    """Whether its chat template opens the think block, so that the answer has only the end."""
    while_thinking: Mapping[str, Any] | None = None
    """Sampling of both tasks while it thinks, where that differs."""

    def sampling(self, task: Task, *, thinks: bool) -> dict[str, Any]:
        """The preset for a task."""
        if thinks and self.while_thinking is not None:
            return dict(self.while_thinking)
        return dict(self.prose if task == "prose" else self.structured)


_SMOLLM2 = Family(
    "smollm2",
    # Without a repetition sampler its prose loops after some 200 words. Of what was tried on
    # whole scenes with their checks, this let most first drafts through.
    prose={
        "temperature": 0.7,
        "min_p": 0.08,
        "top_p": 0.95,
        "top_k": 0,
        "repeat_penalty": 1.1,
        "repeat_last_n": 512,
        "dry_multiplier": 1.0,
        "dry_base": 1.75,
        "dry_allowed_length": 2,
        "dry_penalty_last_n": 4096,
    },
    structured={
        "temperature": 0.5,
        "min_p": 0.1,
        "top_p": 1.0,
        "top_k": 0,
        "repeat_penalty": 1.05,
        "repeat_last_n": 256,
    },
)

_QWEN_INSTRUCT = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.0}
_QWEN_THINKING = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.0}

_QWEN3 = Family(
    "qwen3",
    prose={**_QWEN_INSTRUCT, "presence_penalty": 0.5},
    structured=_QWEN_INSTRUCT,
    thinking="optional",
    while_thinking=_QWEN_THINKING,
)
_QWEN3_INSTRUCT = Family(
    "qwen3-instruct",
    prose={**_QWEN_INSTRUCT, "presence_penalty": 0.5},
    structured=_QWEN_INSTRUCT,
)
_QWEN3_THINKING = Family(
    "qwen3-thinking",
    prose=_QWEN_THINKING,
    structured=_QWEN_THINKING,
    thinking="always",
    opens=True,
    while_thinking=_QWEN_THINKING,
)
_REASONER = Family(
    "reasoner",
    # What DeepSeek recommends for R1, and Qwen for QwQ.
    prose={"temperature": 0.6, "top_p": 0.95},
    structured={"temperature": 0.6, "top_p": 0.95},
    thinking="always",
)
_GPT_OSS = Family(
    "gpt-oss",
    prose={"temperature": 1.0, "top_p": 1.0},
    structured={"temperature": 1.0, "top_p": 1.0},
    thinking="always",
)
_LLAMA3 = Family(
    "llama-3",
    prose={"temperature": 0.9, "top_p": 1.0, "min_p": 0.05, "repeat_penalty": 1.03},
    structured={"temperature": 0.5, "top_p": 0.9},
)
_NEMO = Family(
    "mistral-nemo",
    # Nemo and its descendants fall apart at the temperatures that others like.
    prose={
        "temperature": 0.75,
        "top_p": 1.0,
        "min_p": 0.05,
        "repeat_penalty": 1.03,
        "dry_multiplier": 0.8,
        "dry_base": 1.75,
        "dry_allowed_length": 2,
        "dry_penalty_last_n": 2048,
    },
    structured={"temperature": 0.3, "top_p": 1.0},
)
_DEFAULT = Family(
    "default",
    prose={"temperature": 0.8, "top_p": 0.95, "min_p": 0.05},
    structured={"temperature": 0.5, "top_p": 0.95},
)
_HOSTED = Family("hosted", prose={}, structured={})
"""Models of hosted services, several of which refuse any sampling but their own."""

_PATTERNS: tuple[tuple[str, Family], ...] = (
    (r"smollm2", _SMOLLM2),
    (r"qwen-?3.*thinking", _QWEN3_THINKING),
    (r"qwen-?3.*(instruct|coder)", _QWEN3_INSTRUCT),
    (r"qwen-?3", _QWEN3),
    (r"llama-?3", _LLAMA3),
    (r"nemo|mag-?mell|rocinante|lyra", _NEMO),
    # Others that think are known by what they send, see `learned`.
    (r"gpt-oss", _GPT_OSS),
    (r"deepseek-r1|qwq|magistral|glm-(4\.[5-9]|z1)", _REASONER),
    (r"^(gpt-|o\d|chatgpt)", _HOSTED),
)


def family_of(model: str) -> Family:
    """The family that a model's name speaks of; a general one when it speaks of none.

    Args:
        model: Name under which it is served, in any spelling: `Qwen/Qwen3-4B`, `magmell-12b`.
    """
    name = model.lower().replace("_", "-").rsplit("/", 1)[-1]
    return next((family for pattern, family in _PATTERNS if re.search(pattern, name)), _DEFAULT)
