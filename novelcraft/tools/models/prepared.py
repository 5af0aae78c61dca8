"""A request made ready for its endpoint: the body that goes out, and the key it is known by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from novelcraft.prompts.narrator import prompt_hash
from novelcraft.state.base import content_hash
from novelcraft.state.calls import CallRecord, Message
from novelcraft.tools.models import wire
from novelcraft.tools.models.calls import ModelRequest
from novelcraft.tools.models.endpoint import THINK_TOKENS, Endpoint
from novelcraft.tools.models.presets import Task
from novelcraft.tools.models.tokens import MESSAGE_TOKENS, TokenCounter, estimate_tokens

_LEAST_ANSWER = 16
_MARGIN = 1.25
"""By how much a prompt may have more tokens than is estimated."""


@dataclass(frozen=True)
class Prepared:
    """A request and everything that follows from it and its endpoint."""

    endpoint: Endpoint
    request: ModelRequest
    sampling: dict[str, Any]
    """Sampling and what else decides about the answer, for the log."""
    key: str
    """The same for the same question to the same model: a call with it is replayed."""

    @property
    def prompt_hash(self) -> str:
        """SHA-256 of the messages, without the prefill."""
        return prompt_hash(self.request.messages)

    @property
    def prompt_key(self) -> str:
        """Hash of all that the server's cache could know again."""
        return content_hash([self.prompt_hash, self.endpoint.adapter])

    @property
    def logged_messages(self) -> tuple[Message, ...]:
        """The messages with the prefill as the last."""
        if not self.request.prefill:
            return self.request.messages
        return (*self.request.messages, Message(role="assistant", content=self.request.prefill))

    @property
    def streams(self) -> bool:
        """Whether the answer is watched while it comes."""
        return self.request.schema is None

    @property
    def opens_thinking(self) -> bool:
        """Whether the chat template may have opened the think block already."""
        opens = self.endpoint.family.opens or self.endpoint.learned.opens
        return opens and self.request.schema is None and not self.request.prefill

    def messages(self) -> list[dict[str, str]]:
        """The messages as they go over the wire."""
        return wire.wire_messages(self.request.messages, self.request.prefill)

    def body(self, count: TokenCounter, *, cached: bool) -> dict[str, Any]:
        """All other fields of the request.

        Args:
            count: Counts tokens of the endpoint's model.
            cached: Whether an embedded engine may take the prompt from its cache.
        """
        request, endpoint = self.request, self.endpoint
        hosted = endpoint.family.name == "hosted"
        body: dict[str, Any] = {
            "max_completion_tokens" if hosted else "max_tokens": self._max_tokens(count),
            "seed": request.seed,
            **self.sampling,
            **endpoint.template_fields(carried_on=bool(request.prefill)),
            **endpoint.adapter_fields(),
        }
        if self.streams:
            body |= wire.stream_fields(endpoint.flavour)
        if request.schema is None:
            body |= wire.repetition_fields(endpoint.flavour)
        if request.stop:
            body["stop"] = list(request.stop)
        if request.prefill:
            body |= wire.prefill_fields(endpoint.flavour)
        if request.schema is not None:
            body |= wire.schema_fields(request.schema, compact=endpoint.compact_json)
        if endpoint.server.embedded:
            body["cache_prompt"] = cached
        return endpoint.learned.fields(body | endpoint.settings.extra)

    def most_tokens(self, count: TokenCounter) -> tuple[int, int]:
        """Tokens of the prompt with its template, and of the longest answer to it."""
        messages = self.logged_messages
        prompt = MESSAGE_TOKENS * (len(messages) + 1) + sum(count(m.content) for m in messages)
        return prompt, self._max_tokens(count)

    def record(self, **outcome: Any) -> CallRecord:
        """A record of this call for the log."""
        return CallRecord(
            key=self.key,
            role=self.request.role,
            purpose=self.request.purpose,
            step=self.request.step,
            model=self.endpoint.model,
            adapter=self.endpoint.adapter,
            prompt_hash=self.prompt_hash,
            messages=self.logged_messages,
            sampling=self.sampling,
            seed=self.request.seed,
            **outcome,
        )

    def _max_tokens(self, count: TokenCounter) -> int:
        """The bound that goes out: with what thinking takes, and never over the room there is."""
        wanted, learned = self.request.max_tokens, self.endpoint.learned
        if self.endpoint.thinks and not self.request.prefill:
            wanted += THINK_TOKENS
        bounds = [wanted, learned.most_tokens or wanted]
        if learned.context:
            bounds.append(
                learned.context
                - prompt_tokens(self.logged_messages, count, wanted, learned.context)
            )
        return max(_LEAST_ANSWER, min(bounds))


def prompt_tokens(
    messages: tuple[Message, ...], count: Callable[[str], int], wanted: int, context: int
) -> int:
    """Tokens of a prompt with its template: estimated, and counted where that might be too much.

    Args:
        messages: The prompt.
        count: Counts tokens of its model.
        wanted: Tokens of the answer that should fit beside it.
        context: The model's context in tokens.
    """
    around = MESSAGE_TOKENS * (len(messages) + 1)
    estimate = around + sum(estimate_tokens(m.content) for m in messages)
    if round(estimate * _MARGIN) + wanted <= context:
        return estimate
    return around + sum(count(m.content) for m in messages)


def prepare(endpoint: Endpoint, request: ModelRequest) -> Prepared:
    """Make a request ready.

    Raises:
        ConfigError: The request's sampling names something that no server knows.
    """
    task: Task = "prose" if request.schema is None else "structured"
    sampling = endpoint.sampling(task, dict(request.sampling))
    schema = wire.strict_schema(request.schema) if request.schema else None
    key = content_hash(
        {
            "role": request.role,
            "model": endpoint.model,
            "adapter": endpoint.adapter,
            "sampling": sampling,
            "extra": endpoint.settings.extra,
            # Not what the model was seen to do: another run would ask it the same under other keys.
            "think": endpoint.meant_to_think,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
            "step": request.step,
            "messages": [[m.role, m.content] for m in request.messages],
            "prefill": request.prefill,
            "stop": list(request.stop),
            "schema": schema,
        }
    )
    return Prepared(endpoint, request, sampling, key)
