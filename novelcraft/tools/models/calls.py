"""What a model is asked, what it answered, and where both are written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from novelcraft.config.settings import RoleName
from novelcraft.state.calls import CallRecord, Message, ModelLine, Usage

STOPPED_BY_CALLER = "stopped_by_caller"
"""Finish reason of a stream that its reader ended."""


@dataclass(frozen=True)
class ModelRequest:
    """What an agent asks."""

    role: RoleName
    purpose: str
    """What it is for: `plan.core`, `scene.narrate`, …"""
    step: str
    """Which step of the run asks. The same step asking the same is replayed from the log."""
    messages: tuple[Message, ...]
    max_tokens: int
    """Bound on the answer. A model that thinks gets an allowance for that on top."""
    seed: int
    schema: type[BaseModel] | None = None
    """Enforced while decoding."""
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """Overrides of the role's sampling."""
    prefill: str = ""
    """The completion so far, which the answer carries on."""
    stop: tuple[str, ...] = ()
    """Texts before which the answer ends; servers take up to four."""


@dataclass(frozen=True)
class ModelAnswer:
    """What a model answered."""

    text: str
    """Without the think block, and without the prefill."""
    thinking: str
    usage: Usage
    finish_reason: str
    """As the server gave it, or `stopped_by_caller`."""
    seconds: float
    key: str
    """Key of the call in the log."""
    model: str
    adapter: str
    sampling: dict[str, Any]
    prompt_hash: str
    replayed: bool
    """Whether it came from the log."""


class CallLog(Protocol):
    """Where calls are written down. The manuscript store is one."""

    @property
    def session(self) -> str:
        """What all calls that belong together carry, so that a router can keep them on one replica
        with its cache; empty for nothing."""

    def find_call(self, key: str) -> CallRecord | None:
        """The call with that key that ended well; None when there is none."""

    def find_answered(self, key: str) -> CallRecord | None:
        """The call with that key that ended well, else one whose answer its schema does not allow;
        None when there is neither."""

    def log_call(self, record: CallRecord) -> None:
        """Write a call down."""

    def model_lines(self) -> Sequence[ModelLine]:
        """Sums over all calls that were written down, by role and model."""


class MemoryLog:
    """A call log that is gone with the process."""

    session = ""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []

    def find_call(self, key: str) -> CallRecord | None:
        """See `CallLog`."""
        return next((r for r in self.records if r.key == key and r.outcome == "ok"), None)

    def find_answered(self, key: str) -> CallRecord | None:
        """See `CallLog`."""
        invalid = (r for r in self.records if r.key == key and r.outcome == "invalid")
        return self.find_call(key) or next(invalid, None)

    def log_call(self, record: CallRecord) -> None:
        """See `CallLog`."""
        self.records.append(record)

    def model_lines(self) -> list[ModelLine]:
        """See `CallLog`; a line for each call."""
        return [
            ModelLine(
                *(r.role, r.model, r.adapter, 1, int(r.outcome != "ok")),
                *(r.usage.prompt_tokens, r.usage.cached_tokens, r.usage.completion_tokens),
                r.seconds,
            )
            for r in self.records
        ]
