"""The record of a model call."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from novelcraft.state.base import Frozen

Outcome = Literal["ok", "invalid", "error"]

ONLY_THOUGHT = "only_thought"
"""Finish reason of an answer whose tokens all went into thinking."""


class Message(Frozen):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Usage(Frozen):
    """Tokens of one call, as the server counted them."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class CallRecord(Frozen):
    """One call to a model: everything needed to trace, replay and bill it."""

    key: str
    """SHA-256 over role, model, adapter, sampling, seed, step, messages and schema."""
    role: str
    purpose: str
    """What it was for: `plan.core`, `scene.narrate`, …"""
    step: str
    """Which step of which run asked: `main/s003/1`."""
    model: str
    adapter: str = ""
    prompt_hash: str
    messages: tuple[Message, ...]
    sampling: dict[str, Any]
    seed: int
    text: str
    """The answer without its think block; empty when the call failed."""
    thinking: str = ""
    finish_reason: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    outcome: Outcome = "ok"
    error: str = ""
    at: str = ""
    """UTC time the call ended, ISO 8601."""


class ModelLine(NamedTuple):
    """What a role asked of one model, over all runs of the novel."""

    role: str
    model: str
    adapter: str
    calls: int
    failed: int
    """Calls that ended in an error, or whose answer broke its schema."""
    prompt_tokens: int
    cached_tokens: int
    """Prompt tokens that the server had in its cache; counted in `prompt_tokens` too."""
    completion_tokens: int
    seconds: float
