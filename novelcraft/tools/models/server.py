"""One server, as the roles share it: what it is, what it serves, how much at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import httpx

from novelcraft.tools.models.embedded.engine import Engine
from novelcraft.tools.models.faults import (
    authentication,
    server_fault,
    unreachable,
)
from novelcraft.tools.models.wire import Flavour

PROBE_TIMEOUT = 15.0
"""Seconds for what a server answers without computing."""
IDLE_TIMEOUT = 30.0
SETTLE_POLL = 0.02

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OWNERS: dict[str, Flavour] = {"llamacpp": "llamacpp", "vllm": "vllm"}


@dataclass(frozen=True)
class ServedModel:
    """A model that a server lists."""

    id: str
    names: tuple[str, ...]
    """Everything it may be called by, its id first."""
    context: int
    """Context length in tokens; 0 when the server does not say."""
    root: str = ""
    """Where vLLM has its weights from."""
    parent: str = ""
    """The model that it is an adapter of, as vLLM lists adapters; empty for a model."""


@dataclass(frozen=True)
class Profile:
    """What a server said about itself."""

    flavour: Flavour
    models: tuple[ServedModel, ...]
    adapters: tuple[str, ...] = ()
    """Files of the LoRA adapters of a llama.cpp server, in the order of their ids."""

    def find(self, name: str) -> ServedModel | None:
        """The model of that name; None when it is not served."""
        return next((model for model in self.models if name in model.names), None)


@dataclass
class Server:
    """A server that speaks the OpenAI protocol, at a URL or run by us."""

    url: str
    """Base URL with `/v1`; for the embedded engine it changes when it is restarted."""
    key: str
    max_concurrency: int
    engine: Engine | None = None
    seen: set[str] = field(default_factory=set)
    """Hashes of the prompts that the embedded engine was sent since it started."""

    def __post_init__(self) -> None:
        self.semaphore = asyncio.Semaphore(self.max_concurrency)

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
    def trusts_proxies(self) -> bool:
        """Whether proxies named in the environment may carry the requests."""
        return httpx.URL(self.url).host not in _LOOPBACK

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=self.headers, timeout=PROBE_TIMEOUT, trust_env=self.trusts_proxies
        )

    async def probe(self, role: str, key_variable: str) -> Profile:
        """Ask what the server is and serves.

        Args:
            role: For whom, for the errors.
            key_variable: Environment variable of the key, for the errors.

        Raises:
            ServerUnreachableError: Nothing answers.
            AuthenticationError: The key is refused.
            ServerFaultError: What answers does not speak the protocol.
        """
        await self.ready()
        async with self._client() as client:
            listed = await self._get(client, f"{self.url}/models", role, key_variable)
            entries = _entries(listed)
            if entries is None:
                raise server_fault(role, self.url, "its list of models is not OpenAI's")
            flavour = _flavour(entries)
            if flavour != "llamacpp":
                return Profile(flavour, _models(entries))
            return await self._llamacpp(client, entries, role, key_variable)

    async def _llamacpp(
        self,
        client: httpx.AsyncClient,
        entries: list[dict[str, Any]],
        role: str,
        key_variable: str,
    ) -> Profile:
        models = _models(entries)
        if any(not model.context for model in models):
            props = await self._get(client, f"{self.root}/props", role, key_variable)
            context = int((props.get("default_generation_settings") or {}).get("n_ctx") or 0)
            models = tuple(ServedModel(m.id, m.names, m.context or context) for m in models)
        listed = await self._get(client, f"{self.root}/lora-adapters", role, key_variable)
        adapters = sorted(listed, key=lambda adapter: int(adapter["id"]))
        return Profile("llamacpp", models, tuple(str(a["path"]) for a in adapters))

    async def _get(self, client: httpx.AsyncClient, url: str, role: str, key_variable: str) -> Any:
        try:
            response = await client.get(url)
        except httpx.TransportError as error:
            raise unreachable(role, self.url, str(error) or type(error).__name__) from error
        if response.status_code in (401, 403):
            raise authentication(role, self.url, key_variable, given=bool(self.key))
        if response.is_error:
            raise server_fault(role, self.url, f"HTTP {response.status_code} for {url}")
        try:
            return response.json()
        except ValueError as error:
            raise server_fault(role, self.url, f"{url} does not answer in JSON") from error

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
                except httpx.TransportError:
                    continue  # it is dying, and has nothing left to compute
                if not any(slot["is_processing"] for slot in slots):
                    return
                await asyncio.sleep(SETTLE_POLL)


def _entries(listed: Any) -> list[dict[str, Any]] | None:
    data = listed.get("data") if isinstance(listed, Mapping) else None
    if not isinstance(data, list) or not all(isinstance(e, dict) and "id" in e for e in data):
        return None
    return data


def _flavour(entries: list[dict[str, Any]]) -> Flavour:
    owners = (str(entry.get("owned_by", "")).lower() for entry in entries)
    return next((_OWNERS[owner] for owner in owners if owner in _OWNERS), "openai")


def _models(entries: list[dict[str, Any]]) -> tuple[ServedModel, ...]:
    contexts = {str(entry["id"]): _context(entry) for entry in entries}
    return tuple(
        ServedModel(
            id=str(entry["id"]),
            names=_names(entry),
            # An adapter of vLLM has the context of the model beneath it.
            context=_context(entry) or contexts.get(str(entry.get("parent")), 0),
            root=str(entry.get("root") or ""),
            parent=str(entry.get("parent") or ""),
        )
        for entry in entries
    )


def _context(entry: Mapping[str, Any]) -> int:
    meta = entry.get("meta") or {}
    return int(entry.get("max_model_len") or meta.get("n_ctx") or 0)


def _names(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The id, the aliases, and of an id that is a path the file's name with and without suffix."""
    model = str(entry["id"])
    names = [model, *map(str, entry.get("aliases") or ())]
    if model.endswith(".gguf"):
        names += [PurePath(model).name, PurePath(model).stem]
    return tuple(dict.fromkeys(names))
