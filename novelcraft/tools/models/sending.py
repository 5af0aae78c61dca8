"""Sends a prepared request: again where a fault may pass, and without what a server refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING

from novelcraft.config.settings import RoleName
from novelcraft.tools.models.calls import STOPPED_BY_CALLER
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.faults import Fault, fault_of, server_fault
from novelcraft.tools.models.patience import Patience, Sleep, Tell
from novelcraft.tools.models.prepared import Prepared
from novelcraft.tools.models.streaming import OnText, Reply, StreamBrokenError, read_reply
from novelcraft.tools.models.thinking import ThinkFilter
from novelcraft.tools.models.tokens import TokenCounter

if TYPE_CHECKING:
    from novelcraft.tools.models.client import Client

_MOST_LESSONS = 12
"""How often one request is changed to what its server takes."""
_LEAST_CHARS_PER_TOKEN = 7
"""No tokenizer makes so little of prose, in any language. A server that counts fewer tokens than
that did not read the whole of a prompt."""
_LONG_PROMPT = 2_000
"""Characters of a prompt at which that can be told."""


class Sender:
    """The connections to the models' servers.

    Args:
        counter: Counts the tokens of a role's model.
        session: The run, as requests name it.
        tell: Hears of waits, and of what a server does not take.
        sleep: Waits before a request is sent again.
    """

    def __init__(
        self,
        counter: Callable[[RoleName], TokenCounter],
        session: str,
        *,
        tell: Tell,
        sleep: Sleep,
    ) -> None:
        self.tell = tell
        self._counter = counter
        self._session = session
        self._sleep = sleep
        self._clients: dict[tuple[RoleName, int], Client] = {}
        """By role and server: one that was left may still have calls in flight."""
        self._told: set[tuple[str, str, str]] = set()
        """What was told of models, by name and URL."""

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()

    async def send(self, prepared: Prepared, on_text: OnText | None) -> Reply:
        """Send a request, again and again while its faults may pass.

        Args:
            prepared: The request.
            on_text: Watches prose come; see `ChatModels.stream`.

        Raises:
            InvalidAnswerError: The server itself found that the answer breaks its schema.
            ModelError: The server failed, refused, or could not be reached.
        """
        endpoint = prepared.endpoint
        seconds, secrets = endpoint.settings.patience, endpoint.server.secrets
        patience = Patience(endpoint.role, seconds, self.tell, secrets, self._sleep)
        return await patience.persist(
            lambda: self._send_as_taken(prepared, on_text), lambda error: _fault(error, prepared)
        )

    async def _send_as_taken(self, prepared: Prepared, on_text: OnText | None) -> Reply:
        """Send a request, without what its server turns out to refuse."""
        endpoint = prepared.endpoint
        for _ in range(_MOST_LESSONS):
            body: dict[str, object] = {}
            known = deepcopy(endpoint.learned)
            try:
                return await self._send_once(prepared, on_text, body)
            except Exception as error:
                fault = _fault(error, prepared)
                if not fault or not fault.refusal:
                    raise
                lesson = endpoint.learned.take(fault.refusal, body)
                # Of two calls at once that are refused, the second finds it learnt already.
                if not lesson and endpoint.learned == known:
                    raise
            told = endpoint.model, endpoint.server.url, lesson
            if lesson and told not in self._told:
                # Roles with the same model learn the same.
                self._told.add(told)
                self.tell(f"{endpoint.model} at {endpoint.server.url} {lesson}.")
        return await self._send_once(prepared, on_text, {})

    async def _send_once(
        self, prepared: Prepared, on_text: OnText | None, body: dict[str, object]
    ) -> Reply:
        """Send a request once; `body` gets the fields that were sent."""
        endpoint, request = prepared.endpoint, prepared.request
        server = endpoint.server
        await server.ready()
        # The engine's numbers differ when all but the last token of a prompt come from its
        # cache, as they do for a prompt that it was sent before, or for one that carries on
        # its own answer. Those it computes afresh, so that they give the same text every time.
        cached = not request.prefill and prepared.prompt_key not in server.seen
        server.seen.add(prepared.prompt_key)
        client = self._client(endpoint)
        send = client.stream if prepared.streams else client.complete
        counter = self._counter(request.role)
        body.update(await asyncio.to_thread(prepared.body, counter, cached=cached))
        pieces = send(endpoint.wire_model, prepared.messages(), body)
        thinking = ThinkFilter(opened=prepared.opens_thinking, carried_on=bool(request.prefill))
        reply = await read_reply(pieces, thinking, on_text)
        endpoint.learned.thinks |= reply.thought
        endpoint.learned.opens |= thinking.unopened
        self._notice_cut(prepared, reply)
        if reply.finish_reason == STOPPED_BY_CALLER:
            await server.settle()
        return reply

    def _notice_cut(self, prepared: Prepared, reply: Reply) -> None:
        """Tell when a server did not read the whole of a prompt: it says so only in its counts."""
        learned, usage = prepared.endpoint.learned, reply.usage
        chars = sum(len(m.content) for m in prepared.logged_messages)
        read = usage.prompt_tokens if usage else 0
        if learned.cuts or chars < _LONG_PROMPT or not 0 < read < chars / _LEAST_CHARS_PER_TOKEN:
            return
        learned.cuts = True
        self.tell(
            f"{prepared.endpoint.model} read only {read:,} tokens of a prompt of {chars:,} "
            f"characters: {prepared.endpoint.server.url} cuts prompts without a word. Serve the "
            "model with a longer context (Ollama: OLLAMA_CONTEXT_LENGTH), or the book will not "
            "keep to its plan."
        )

    def _client(self, endpoint: Endpoint) -> Client:
        from novelcraft.tools.models.client import Client

        place = endpoint.role, id(endpoint.server)
        if place not in self._clients:
            self._clients[place] = Client(endpoint.server, endpoint.settings.timeout, self._session)
        return self._clients[place]


def _fault(error: Exception, prepared: Prepared) -> Fault | None:
    asked, secrets = prepared.endpoint.asked, prepared.endpoint.server.secrets
    if isinstance(error, StreamBrokenError):
        return Fault(server_fault(asked.role, asked.url, str(error)), "broken")
    fault = fault_of(error, asked)
    if fault is not None:
        fault.error.message = secrets.hide(fault.error.message)
    return fault
