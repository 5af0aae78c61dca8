"""Counting tokens: by the server's own tokenizer where it offers one, else by an estimate."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import httpx2

from novelcraft.tools.models.faults import transport_fault
from novelcraft.tools.models.http import RedirectedError, require_same_origin
from novelcraft.tools.models.server import PROBE_TIMEOUT

if TYPE_CHECKING:
    from novelcraft.tools.models.endpoint import Endpoint

BYTES_PER_TOKEN = 3.5
"""Of the estimate. English prose has 4.2 to 4.8, so that the estimate errs on the safe side."""
MESSAGE_TOKENS = 8
"""Allowance for what a chat template puts around a message."""
_CACHED = 1_024
"""Texts whose counts are kept: those of some ten scenes."""


def estimate_tokens(text: str) -> int:
    """Tokens that a text has at most, for a server that does not count them."""
    return math.ceil(len(text.encode("utf-8")) / BYTES_PER_TOKEN)


class TokenCounter:
    """Counts the tokens of texts as one endpoint's model sees them. The last counts are kept."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._server = endpoint.server
        self._counts: OrderedDict[int, int] = OrderedDict()
        """By the hash of the text, which may be long."""
        self.exact = endpoint.flavour != "openai"
        """Whether the server counts; False once it has turned out that it does not."""
        self._client: httpx2.Client | None = None
        self._lock = threading.Lock()
        """Calls at once count in threads of their own."""

    def follow(self, endpoint: Endpoint) -> None:
        """Count for another model from now on."""
        with self._lock:
            self.close()
            self._endpoint, self._server, self._client = endpoint, endpoint.server, None
            self._counts.clear()
            self.exact = endpoint.flavour != "openai"

    def __call__(self, text: str) -> int:
        """Tokens of a text, without those of a template.

        Raises:
            ServerUnreachableError: The server that counts does not answer.
        """
        with self._lock:
            key = hash(text)
            if key not in self._counts:
                self._counts[key] = self._count(text) if self.exact else estimate_tokens(text)
                if len(self._counts) > _CACHED:
                    self._counts.popitem(last=False)
            return self._counts[key]

    def close(self) -> None:
        """Close the connection to the server."""
        if self._client is not None:
            self._client.close()

    def _count(self, text: str) -> int:
        self._server.ready_now()
        try:
            response = self._connected().post(
                f"{self._server.root}/tokenize", json=self._body(text)
            )
        except (httpx2.TransportError, RedirectedError) as error:
            fault = transport_fault(self._endpoint.role, self._server.url, error)
            raise fault from self._server.secrets.cause(error)
        count = None if response.is_error else _count_in(response)
        if count is None:
            # A proxy before the server may pass on nothing but OpenAI's protocol.
            self.exact = False
            return estimate_tokens(text)
        return count

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            options = self._server.connection_options
            options["headers"] |= self._server.headers
            hooks = {"response": [require_same_origin]}
            self._client = httpx2.Client(timeout=PROBE_TIMEOUT, event_hooks=hooks, **options)
        return self._client

    def _body(self, text: str) -> dict[str, Any]:
        if self._endpoint.flavour == "vllm":
            model = self._endpoint.wire_model
            return {"model": model, "prompt": text, "add_special_tokens": False}
        return {"content": text, "add_special": False, "parse_special": False}


def _count_in(response: httpx2.Response) -> int | None:
    """The count in an answer; None where it has none."""
    try:
        body = response.json()
        return int(body["count"]) if "count" in body else len(body["tokens"])
    except (ValueError, TypeError, KeyError):
        return None
