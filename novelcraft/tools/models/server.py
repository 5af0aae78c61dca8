"""One server, as the roles share it: what it is, what it serves, how much at once."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from novelcraft.tools.models.embedded.engine import Engine
from novelcraft.tools.models.faults import (
    BUSY,
    Fault,
    Passing,
    authentication,
    excerpt,
    retry_after,
    server_fault,
    transport_fault,
)
from novelcraft.tools.models.http import (
    RedirectedError,
    connection_options,
    require_same_origin_async,
)
from novelcraft.tools.models.learned import words_of
from novelcraft.tools.models.patience import Patience
from novelcraft.tools.models.profile import (
    Profile,
    ServedModel,
    flavour_of,
    listed_entries,
    listed_models,
    value_at,
    whole_number,
)
from novelcraft.tools.models.secrets import Secrets

PROBE_TIMEOUT = 15.0
"""Seconds for what a server answers without computing."""
IDLE_TIMEOUT = 30.0
SETTLE_POLL = 0.02

_NO_LIST = (404, 405, 501)
"""Statuses of servers that have no list of models."""


@dataclass
class Server:
    """A server that speaks the OpenAI protocol, at a URL or run by us."""

    url: str
    """Base URL with `/v1`; for the embedded engine it changes when it is restarted."""
    key: str
    max_concurrency: int
    engine: Engine | None = None
    auth: tuple[str, str] | None = None
    """User and password, where the URL had them."""
    params: tuple[tuple[str, str], ...] = ()
    """The query that every request carries."""
    secrets: Secrets = field(default_factory=Secrets)
    """What nothing that comes from here may show."""
    seen: set[str] = field(default_factory=set)
    """Hashes of the prompts that the embedded engine was sent since it started."""

    def __post_init__(self) -> None:
        self.semaphore = asyncio.Semaphore(self.max_concurrency)
        self._profile: Profile | None = None

    def afresh(self) -> Server:
        """The same server, of which nothing is known yet."""
        return replace(self)

    @property
    def embedded(self) -> bool:
        """Whether the server is our own child."""
        return self.engine is not None

    @property
    def root(self) -> str:
        """The URL without `/v1`, where servers have what is not OpenAI's protocol."""
        return self.url.rstrip("/").removesuffix("/v1")

    @property
    def headers(self) -> dict[str, str]:
        """Headers that carry the key."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    async def ready(self) -> str:
        """The URL to ask, with the embedded engine running behind it.

        Raises:
            EngineError: The engine cannot be started, or died too often.
        """
        if self.engine is not None and not self.engine.running:
            await asyncio.to_thread(self.ready_now)
        return self.url

    def ready_now(self) -> str:
        """The same for callers that cannot wait asynchronously."""
        if self.engine is not None and not self.engine.running:
            self.seen.clear()
            self.url = self.engine.ensure_running()
        return self.url

    @property
    def connection_options(self) -> dict[str, Any]:
        """What every client of httpx for this server gets."""
        return connection_options(self.url, self.auth, self.params)

    def _client(self) -> httpx2.AsyncClient:
        options = self.connection_options
        options["headers"] |= self.headers
        hooks = {"response": [require_same_origin_async]}
        return httpx2.AsyncClient(timeout=PROBE_TIMEOUT, event_hooks=hooks, **options)

    async def probe(self, role: str, key_variable: str, patience: Patience) -> Profile:
        """Ask what the server is and serves. It is asked once.

        Args:
            role: For whom, for the errors.
            key_variable: Environment variable of the key, for the errors.
            patience: How long a server is waited for that has yet to load its model.

        Raises:
            ServerUnreachableError: Nothing answers.
            AuthenticationError: The key is refused.
            ServerFaultError: What answers does not speak the protocol.
        """
        await self.ready()
        if self._profile is None:
            asking = _Asking(self, role, key_variable)
            self._profile = await patience.persist(asking.profile, lambda e: asking.fault(e))
        return self._profile

    async def settle(self) -> None:
        """Wait until an embedded engine has noticed that a stream was ended.

        Two requests that are computed together give other numbers than one alone.
        """
        if self.engine is None:
            return
        deadline = time.monotonic() + IDLE_TIMEOUT
        async with self._client() as client:
            while self.engine.running and time.monotonic() < deadline:
                try:
                    slots = (await client.get(f"{self.root}/slots")).json()
                except httpx2.TransportError:
                    continue  # it is dying, and has nothing left to compute
                if not any(slot["is_processing"] for slot in slots):
                    return
                await asyncio.sleep(SETTLE_POLL)


class _RefusedError(Exception):
    """A probe that failed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault.error))
        self.fault = fault


@dataclass(frozen=True)
class _Asking:
    """Questions to a server that it answers without computing."""

    server: Server
    role: str
    key_variable: str

    async def profile(self) -> Profile:
        """What the server is and serves."""
        async with self.server._client() as client:
            listed = await self._get(client, f"{self.server.url}/models", optional=True)
            if listed is None:
                return Profile("openai", ())
            entries = listed_entries(listed)
            if entries is None:
                raise self._refused("its list of models is not OpenAI's", listed)
            flavour = flavour_of(entries)
            if flavour != "llamacpp":
                return Profile(flavour, listed_models(entries))
            return await self._llamacpp(client, entries)

    async def _llamacpp(self, client: httpx2.AsyncClient, entries: list[dict[str, Any]]) -> Profile:
        root = self.server.root
        models = listed_models(entries)
        if any(not model.context for model in models):
            props = await self._get(client, f"{root}/props")
            context = whole_number(value_at(props, "default_generation_settings", "n_ctx"))
            models = tuple(ServedModel(m.id, m.names, m.context or context) for m in models)
        listed = await self._get(client, f"{root}/lora-adapters")
        try:
            adapters = sorted(listed, key=lambda adapter: int(adapter["id"]))
            return Profile("llamacpp", models, tuple(str(a["path"]) for a in adapters))
        except (TypeError, KeyError, ValueError):
            raise self._refused("its list of adapters is not llama.cpp's", listed) from None

    async def _get(self, client: httpx2.AsyncClient, url: str, *, optional: bool = False) -> Any:
        response = await client.get(url)
        status = response.status_code
        if status in (401, 403):
            refused = authentication(
                self.role, self.server.url, self.key_variable, given=bool(self.server.key)
            )
            raise _RefusedError(Fault(refused))
        if optional and status in _NO_LIST:
            return None
        text = self.server.secrets.hide(response.text)
        try:
            body = json.loads(text)
        except ValueError:
            body = text
        if response.is_error:
            passing: Passing = "busy" if status in BUSY else "never"
            after = retry_after(response.headers)
            raise self._refused(f"HTTP {status} for {url}", words_of(body), passing, after)
        if not isinstance(body, list | dict):
            raise self._refused(f"{url} does not answer in JSON", body)
        return body

    def _refused(
        self, what: str, said: Any, passing: Passing = "never", after: float = 0.0
    ) -> _RefusedError:
        error = server_fault(self.role, self.server.url, f"{what}: {excerpt(str(said))}")
        return _RefusedError(Fault(error, passing, after))

    def fault(self, error: Exception) -> Fault | None:
        """What a failed question means."""
        if isinstance(error, _RefusedError):
            return error.fault
        if isinstance(error, httpx2.TransportError | RedirectedError):
            return Fault(transport_fault(self.role, self.server.url, error))
        if isinstance(error, httpx2.HTTPError | httpx2.DecodingError):
            return Fault(server_fault(self.role, self.server.url, str(error)))
        return None
