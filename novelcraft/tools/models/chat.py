"""The one place that every model call goes through.

A call is made ready, looked up in the log, made under its server's limit, repeated when a fault
may pass, and written down. A run that was killed asks the same questions again and is answered
from the log up to the call that was under way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from novelcraft.config.settings import RoleName
from novelcraft.errors import InvalidAnswerError, ModelError
from novelcraft.state.base import derive_seed
from novelcraft.state.calls import CallRecord, Usage
from novelcraft.tools.models.calls import (
    STOPPED_BY_CALLER,
    CallLog,
    ModelAnswer,
    ModelRequest,
)
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.faults import MAX_RETRIES, Fault, fault_of, server_fault
from novelcraft.tools.models.preflight import RoleReport, check_context
from novelcraft.tools.models.prepared import Prepared, prepare
from novelcraft.tools.models.streaming import OnText, Reply, StreamBrokenError, read_reply
from novelcraft.tools.models.thinking import ThinkFilter
from novelcraft.tools.models.tokens import MESSAGE_TOKENS, TokenCounter

if TYPE_CHECKING:
    from novelcraft.tools.models.client import Client

__all__ = ["CallLog", "ChatModels", "ModelAnswer", "ModelRequest"]

T = TypeVar("T", bound=BaseModel)

MAX_TRIES = 3
"""How often a question is asked before its invalid answers are an error."""
BACKOFF = (1.0, 4.0, 15.0, 30.0)
"""Seconds before a request is sent again."""


class ChatModels:
    """The models of all roles.

    Args:
        endpoints: Where each role's calls go; see `opening.open_models`.
        log: Where calls are written down and looked up.
        backoff: Seconds before each repetition of a request after a fault that may pass.
    """

    def __init__(
        self,
        endpoints: Mapping[RoleName, Endpoint],
        log: CallLog,
        *,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        self._endpoints = dict(endpoints)
        self._log = log
        self._backoff = tuple(backoff)
        self._clients: dict[RoleName, Client] = {}
        self._counters: dict[RoleName, TokenCounter] = {}

    def endpoint(self, role: RoleName) -> Endpoint:
        """Where the calls of a role go."""
        return self._endpoints[role]

    async def ask(self, request: ModelRequest, schema: type[T]) -> tuple[T, ModelAnswer]:
        """Ask for an answer that keeps to a schema.

        An answer that breaks it, or is cut off, is asked for again with another seed.

        Returns:
            The validated answer, and the call that gave it.

        Raises:
            InvalidAnswerError: No try gave a valid answer.
            ModelError: The server failed, refused, or could not be reached.
        """
        said: list[str] = []
        for number in range(MAX_TRIES):
            seed = derive_seed(request.seed, "try", number) if number else request.seed
            asked = replace(request, schema=schema, seed=seed)
            answer, problem = await self._call(asked, judge=lambda text: _problem(schema, text))
            if not problem:
                return schema.model_validate_json(answer.text), answer
            said.append(f"  try {number + 1}: {problem} ({answer.finish_reason})")
        raise _invalid(request, self.endpoint(request.role), said)

    async def stream(self, request: ModelRequest, on_text: OnText) -> ModelAnswer:
        """Ask for prose, and watch it come.

        Args:
            request: What is asked.
            on_text: Called with the whole text so far at every blank and at the end, and after
                a fault again from the beginning. Once it returns False the answer ends with
                exactly the text it was called with, and `stopped_by_caller` as the reason. A
                replayed answer is shown at once.

        Raises:
            ModelError: The server failed, refused, or could not be reached.
        """
        answer, _ = await self._call(request, on_text=on_text)
        return answer

    async def count_tokens(self, role: RoleName, text: str) -> int:
        """Tokens of a text for a role's model; see `token_counter`."""
        return await asyncio.to_thread(self.token_counter(role), text)

    def token_counter(self, role: RoleName) -> TokenCounter:
        """Counts tokens of a role's model: by its server, or by an estimate on the safe side."""
        if role not in self._counters:
            self._counters[role] = TokenCounter(self.endpoint(role))
        return self._counters[role]

    async def preflight(self, needs: Mapping[RoleName, int]) -> list[RoleReport]:
        """Check that every role can do what will be asked of it.

        That its server answers, takes the key and serves the model was checked when it was
        opened.

        Args:
            needs: Tokens of the longest prompt and answer, by role.

        Raises:
            ContextOverflowError: A model's context is too short.
        """
        return [check_context(self.endpoint(role), need) for role, need in needs.items()]

    async def close(self) -> None:
        """Close all connections, and end the engines that were started."""
        for client in self._clients.values():
            await client.close()
        for counter in self._counters.values():
            counter.close()
        for endpoint in self._endpoints.values():
            if endpoint.server.engine is not None:
                await asyncio.to_thread(endpoint.server.engine.stop)

    async def _call(
        self,
        request: ModelRequest,
        *,
        on_text: OnText | None = None,
        judge: Callable[[str], str] = lambda _text: "",
    ) -> tuple[ModelAnswer, str]:
        prepared = prepare(self.endpoint(request.role), request)
        known = self._log.find_call(prepared.key)
        if known is not None:
            if on_text is not None:
                on_text(known.text)
            return _answer(known, replayed=True), judge(known.text)
        async with prepared.endpoint.server.semaphore:
            started = time.monotonic()
            try:
                reply = await self._persist(prepared, on_text)
            except ModelError as error:
                self._log_failure(prepared, error, time.monotonic() - started)
                raise
            seconds = time.monotonic() - started
        problem = judge(reply.text)
        record = prepared.record(
            text=reply.text,
            thinking=reply.thinking,
            finish_reason=reply.finish_reason,
            usage=self._usage(prepared, reply),
            seconds=seconds,
            outcome="invalid" if problem else "ok",
            error=problem,
            at=_now(),
        )
        self._log.log_call(record)
        return _answer(record, replayed=False), problem

    async def _persist(self, prepared: Prepared, on_text: OnText | None) -> Reply:
        """Send a request, again and again while its faults may pass."""
        for number in range(MAX_RETRIES + 1):
            try:
                return await self._send(prepared, on_text)
            except Exception as error:
                fault = _fault(error, prepared)
                if fault is None:
                    raise
                if number >= fault.retries:
                    raise fault.error from error
            await asyncio.sleep(self._backoff[min(number, len(self._backoff) - 1)])
        raise AssertionError("the last try returns or raises")

    async def _send(self, prepared: Prepared, on_text: OnText | None) -> Reply:
        endpoint, request = prepared.endpoint, prepared.request
        server = endpoint.server
        await server.ready()
        # The engine's numbers differ when all but the last token of a prompt come from its
        # cache, as they do for a prompt that it was sent before, or for one that carries on
        # its own answer. Those it computes afresh, so that they give the same text every time.
        cached = not request.prefill and prepared.prompt_key not in server.seen
        server.seen.add(prepared.prompt_key)
        counter = self.token_counter(request.role)
        client = self._client(endpoint)
        send = client.stream if prepared.streams else client.complete
        body = prepared.body(counter, cached=cached)
        pieces = send(endpoint.wire_model, prepared.messages(), body)
        thinking = ThinkFilter(opened=prepared.opens_thinking, carried_on=bool(request.prefill))
        reply = await read_reply(pieces, thinking, on_text)
        if reply.finish_reason == STOPPED_BY_CALLER:
            await server.settle()
        return reply

    def _client(self, endpoint: Endpoint) -> Client:
        from novelcraft.tools.models.client import Client

        if endpoint.role not in self._clients:
            self._clients[endpoint.role] = Client(endpoint.server, endpoint.settings.timeout)
        return self._clients[endpoint.role]

    def _usage(self, prepared: Prepared, reply: Reply) -> Usage:
        """What a call took; of a stream that was ended, what its text takes."""
        count = self.token_counter(prepared.request.role)
        counted = reply.usage
        if counted is not None and reply.finish_reason != STOPPED_BY_CALLER:
            return counted
        completion = count(reply.text) + (count(reply.thinking) if reply.thinking else 0)
        # Whether the server's own count came before the end is a matter of moments, and a
        # commit's id follows from these numbers: so they are always counted here.
        prompt = sum(count(m.content) + MESSAGE_TOKENS for m in prepared.logged_messages)
        cached = counted.cached_tokens if counted is not None else 0
        return Usage(prompt_tokens=prompt, cached_tokens=cached, completion_tokens=completion)

    def _log_failure(self, prepared: Prepared, error: ModelError, seconds: float) -> None:
        record = prepared.record(
            text="", seconds=seconds, outcome="error", error=str(error), at=_now()
        )
        self._log.log_call(record)


def _fault(error: Exception, prepared: Prepared) -> Fault | None:
    asked = prepared.endpoint.asked
    if isinstance(error, StreamBrokenError):
        return Fault(server_fault(asked.role, asked.url, str(error)), retries=MAX_RETRIES)
    return fault_of(error, asked)


def _problem(schema: type[BaseModel], text: str) -> str:
    """Why a text does not keep to a schema; empty when it does."""
    try:
        schema.model_validate_json(text)
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{first['msg']}{f' at {where}' if where else ''}"
    return ""


def _invalid(request: ModelRequest, endpoint: Endpoint, said: Sequence[str]) -> InvalidAnswerError:
    tries = "\n".join(said)
    return InvalidAnswerError(
        f"{endpoint.model} gave no valid answer to {request.purpose} ({request.step}) in "
        f"{len(said)} tries:\n{tries}",
        fix=f"Run the same command to try again from here, or give the role {request.role} a "
        "more able model.",
    )


def _answer(record: CallRecord, *, replayed: bool) -> ModelAnswer:
    return ModelAnswer(
        text=record.text,
        thinking=record.thinking,
        usage=record.usage,
        finish_reason=record.finish_reason,
        seconds=record.seconds,
        key=record.key,
        model=record.model,
        adapter=record.adapter,
        sampling=record.sampling,
        prompt_hash=record.prompt_hash,
        replayed=replayed,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
