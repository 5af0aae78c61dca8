"""The one place that every model call goes through.

A call is made ready, looked up in the log, made under its server's limit, repeated when a fault
may pass, and written down. A run that was killed asks the same questions again and is answered
from the log up to the call that was under way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel

from novelcraft.config.settings import RoleName
from novelcraft.errors import InvalidAnswerError, ModelError
from novelcraft.state.base import derive_seed
from novelcraft.state.calls import ONLY_THOUGHT, CallRecord, Message, Outcome, Usage
from novelcraft.tools.models.answers import read_answer
from novelcraft.tools.models.calls import (
    STOPPED_BY_CALLER,
    CallLog,
    ModelAnswer,
    ModelRequest,
)
from novelcraft.tools.models.endpoint import THINK_TOKENS, Endpoint
from novelcraft.tools.models.fallbacks import Gate, RoleEndpoints
from novelcraft.tools.models.patience import Sleep, Tell
from novelcraft.tools.models.preflight import TRIAL, Need, check_needs
from novelcraft.tools.models.prepared import Prepared, prepare, prompt_tokens
from novelcraft.tools.models.sending import Sender
from novelcraft.tools.models.spending import Spending
from novelcraft.tools.models.streaming import OnText, Reply
from novelcraft.tools.models.tokens import MESSAGE_TOKENS, TokenCounter

__all__ = ["CallLog", "ChatModels", "ModelAnswer", "ModelRequest"]

T = TypeVar("T", bound=BaseModel)
Judge = Callable[[str], str]
"""What is wrong with the text of an answer; empty when nothing is."""

MAX_TRIES = 3
"""How often a question is asked in a run before its invalid answers are an error."""
_PROSE_TRIES = 2
"""How often prose is asked for when a model only thinks: the second try has room for thoughts."""


class ChatModels:
    """The models of all roles.

    Args:
        endpoints: Where each role's calls go; see `opening.open_models`.
        log: Where calls are written down and looked up.
        spending: Holds calls to the limits on tokens and money.
        tell: Hears of waits, and of what a server does not take.
        sleep: Waits before a request is sent again.
    """

    def __init__(
        self,
        endpoints: RoleEndpoints,
        log: CallLog,
        spending: Spending,
        *,
        tell: Tell,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._endpoints = endpoints
        self._log = log
        self._spending = spending
        self._sender = Sender(self.token_counter, log.session, tell=tell, sleep=sleep)
        self._counters: dict[RoleName, TokenCounter] = {}

    def endpoint(self, role: RoleName) -> Endpoint:
        """Where the calls of a role go."""
        return self._endpoints.current(role)

    async def ask(self, request: ModelRequest, schema: type[T]) -> tuple[T, ModelAnswer]:
        """Ask for an answer that keeps to a schema.

        An answer that breaks it, or is cut off, is asked for again with another seed.

        Returns:
            The validated answer, and the call that gave it.

        Raises:
            InvalidAnswerError: No try gave a valid answer.
            ModelError: The server failed, refused, or could not be reached.
        """
        answer = await self._answer(
            replace(request, schema=schema), lambda text: read_answer(schema, text)[1]
        )
        value, problem = read_answer(schema, answer.text)
        assert value is not None, problem
        return value, answer

    async def stream(self, request: ModelRequest, on_text: OnText) -> ModelAnswer:
        """Ask for prose, and watch it come.

        Args:
            request: What is asked.
            on_text: Called with the whole text so far at every blank, after every thousand
                characters without one, and at the end; after a fault again from the
                beginning. Once it returns False the answer ends with
                exactly the text it was called with, and `stopped_by_caller` as the reason. A
                replayed answer is shown at once.

        Returns:
            The answer. It has no text where the model was silent, or only thought at every try:
            then `only_thought` is its finish reason.

        Raises:
            ModelError: The server failed, refused, or could not be reached.
        """
        return await self._answer(request, lambda _text: "", on_text)

    def token_counter(self, role: RoleName) -> TokenCounter:
        """Counts tokens of a role's model: by its server, or by an estimate on the safe side."""
        if role not in self._counters:
            self._counters[role] = TokenCounter(self.endpoint(role))
        return self._counters[role]

    def listen(self, tell: Tell) -> None:
        """Have somebody else told of waits, of what a server does not take, and of fallbacks."""
        self._sender.tell = tell
        self._endpoints.listen(tell)

    def hold_to(self, gate: Gate) -> None:
        """Go on, where a server fails, with no model that a gate refuses."""
        self._endpoints.hold_to(gate)

    def room(self, role: RoleName, messages: Sequence[Message], enough: int) -> int | None:
        """Tokens that an answer to a prompt can have; None where nobody tells.

        Of a model that thinks, what its thoughts may take is no room for an answer.

        Args:
            role: Whose model.
            messages: The prompt.
            enough: Tokens that would do. Where an estimate of the prompt leaves as many, its
                tokens are not counted.
        """
        endpoint = self.endpoint(role)
        learned = endpoint.learned
        thoughts = THINK_TOKENS if endpoint.thinks else 0
        bounds = [learned.most_tokens] if learned.most_tokens else []
        if learned.context:
            counter = self.token_counter(role)
            wanted = enough + thoughts
            asked = prompt_tokens(tuple(messages), counter, wanted, learned.context)
            bounds.append(learned.context - asked)
        return min(bounds) - thoughts if bounds else None

    async def preflight(self, needs: Collection[Need]) -> None:
        """Check that every role can do what will be asked of it.

        That its server answers, takes the key and serves the model was checked when it was
        opened. A server that speaks nobody's extensions is asked one short question, with all
        that requests will carry: so it is known what it does not take, before there is a prompt.

        Args:
            needs: The longest calls of each kind.

        Raises:
            ContextOverflowError: A model's context, or its longest answer, is too short.
            ModelError: The question was not answered.
        """
        self._endpoints.expect(needs)
        bounds: dict[RoleName, int] = {}
        for need in needs:
            bounds[need.role] = max(bounds.get(need.role, 0), need.bound, need.answer)
        for role, bound in bounds.items():
            if self.endpoint(role).flavour == "openai":
                trial = replace(TRIAL, role=role, max_tokens=bound)
                await self._sender.send(prepare(self.endpoint(role), trial), None)
            check_needs(self.endpoint(role), needs)

    async def close(self) -> None:
        """Close all connections. Servers and engines belong to whoever opened them."""
        await self._sender.close()
        for counter in self._counters.values():
            counter.close()

    async def _answer(
        self, request: ModelRequest, judge: Judge, on_text: OnText | None = None
    ) -> ModelAnswer:
        """Ask until there is an answer without a problem, each time with another seed.

        What earlier runs were answered with in vain is not asked again.
        """
        said: list[str] = []
        number = 0
        answer: ModelAnswer | None = None
        while len(said) < (MAX_TRIES if on_text is None else _PROSE_TRIES):
            seed = derive_seed(request.seed, "try", number) if number else request.seed
            number += 1
            prepared = prepare(self.endpoint(request.role), replace(request, seed=seed))
            known = self._log.find_answered(prepared.key)
            if known is not None and known.outcome != "ok":
                continue
            if known is not None:
                if on_text is not None:
                    on_text(known.text)
                return _answer(known, replayed=True)
            try:
                answer, problem = await self._call(prepared, judge, on_text)
            except ModelError as error:
                if not await self._fall_back(prepared.endpoint, error):
                    raise
                number -= 1
                continue
            if answer is not None and not problem:
                return answer
            said.append(f"  try {len(said) + 1}: {problem}")
        if answer is not None and on_text is not None:
            return answer
        raise _invalid(request, self.endpoint(request.role), said)

    async def _fall_back(self, failed: Endpoint, error: ModelError) -> bool:
        """Go on with the role's next model, if one failed that may be replaced."""
        if not await self._endpoints.replace(failed, error):
            return False
        if counter := self._counters.get(failed.role):
            await asyncio.to_thread(counter.follow, self.endpoint(failed.role))
        return True

    async def _call(
        self, prepared: Prepared, judge: Judge, on_text: OnText | None
    ) -> tuple[ModelAnswer | None, str]:
        """Make a call and write it down; with what is wrong with its answer."""
        async with prepared.endpoint.server.semaphore, self._reserved(prepared):
            started = time.monotonic()
            try:
                reply = await self._sender.send(prepared, on_text)
            except InvalidAnswerError as error:
                # The server itself found that the answer breaks its schema.
                self._log_failure(prepared, error, time.monotonic() - started, "invalid")
                return None, error.message
            except ModelError as error:
                self._log_failure(prepared, error, time.monotonic() - started, "error")
                raise
            seconds = time.monotonic() - started
        problem = _unfinished(reply) or judge(reply.text)
        if problem:
            problem = f"{problem} ({reply.finish_reason})"
        record = prepared.record(
            text=reply.text,
            thinking=reply.thinking,
            finish_reason=reply.finish_reason if reply.complete else ONLY_THOUGHT,
            usage=self._usage(prepared, reply),
            seconds=seconds,
            outcome="invalid" if problem else "ok",
            error=problem,
            at=_now(),
        )
        self._spending.add(record)
        # It waits for the disk, and the calls of other novels should not.
        await asyncio.to_thread(self._log.log_call, record)
        return _answer(record, replayed=False), problem

    @asynccontextmanager
    async def _reserved(self, prepared: Prepared) -> AsyncIterator[None]:
        """Hold back what a call may take, where there are limits.

        Raises:
            CostCapError: It could pass one.
        """
        if not self._spending.limited:
            yield
            return
        role = prepared.request.role
        prompt, answer = await asyncio.to_thread(prepared.most_tokens, self.token_counter(role))
        with self._spending.reserve(role, prompt, answer):
            yield

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

    def _log_failure(
        self, prepared: Prepared, error: ModelError, seconds: float, outcome: Outcome
    ) -> None:
        record = prepared.record(
            text="", seconds=seconds, outcome=outcome, error=str(error), at=_now()
        )
        self._log.log_call(record)
        self._spending.add(record)


def _unfinished(reply: Reply) -> str:
    return "" if reply.complete else "it only thought, and gave no answer"


def _invalid(request: ModelRequest, endpoint: Endpoint, said: Sequence[str]) -> InvalidAnswerError:
    tries = "\n".join(said)
    return InvalidAnswerError(
        f"{endpoint.model} gave no valid answer to {request.purpose} ({request.step}) in "
        f"{len(said)} tries:\n{tries}",
        fix=f"Run the same command to try again from here, with other seeds, or give the role "
        f"{request.role} a more able model.",
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
