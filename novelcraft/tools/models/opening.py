"""Open the models of all roles, starting what must be started."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleName, RoleSettings
from novelcraft.tools.models.adapters import gguf_of
from novelcraft.tools.models.calls import CallLog
from novelcraft.tools.models.chat import ChatModels
from novelcraft.tools.models.embedded.engine import Engine, EngineSpec
from novelcraft.tools.models.embedded.fetch import Notify, quiet
from novelcraft.tools.models.embedded.library import InstalledModel, ModelLibrary
from novelcraft.tools.models.endpoint import Endpoint, connect
from novelcraft.tools.models.fallbacks import RoleEndpoints
from novelcraft.tools.models.http import Address
from novelcraft.tools.models.patience import Patience, Sleep
from novelcraft.tools.models.secrets import Secrets, clean_key
from novelcraft.tools.models.server import Server
from novelcraft.tools.models.spending import Spending

OPENAI_URL = "https://api.openai.com/v1"
"""Where the provider `openai` is when no URL is set."""
EMBEDDED = "embedded"
EMBEDDED_CONCURRENCY = 1
SERVER_CONCURRENCY = 8


Place = tuple[Address, str]
"""A server's address and the key for it."""


class ServerPool:
    """Servers, engines among them, that several runs of this process share.

    Whoever names the same address with the same key, or the same embedded model, gets the same
    server: its limit on calls in flight holds for all of them together, and waiting calls are
    served in the order in which they came. Close the pool when the last run is over.
    """

    def __init__(self) -> None:
        self.servers: dict[Place | EngineSpec, Server] = {}
        self.installed: dict[str, InstalledModel] = {}
        self.installing = asyncio.Lock()
        self.secrets = Secrets()
        """The keys and passwords of all servers: any of them might send any of these back."""

    async def close(self) -> None:
        """End the engines that were started."""
        for server in self.servers.values():
            if server.engine is not None:
                await asyncio.to_thread(server.engine.stop)


@asynccontextmanager
async def open_models(
    settings: Settings,
    log: CallLog,
    *,
    notify: Notify = quiet,
    environ: Mapping[str, str] = os.environ,
    library: ModelLibrary | None = None,
    sleep: Sleep = asyncio.sleep,
    pool: ServerPool | None = None,
    spending: Spending | None = None,
) -> AsyncIterator[ChatModels]:
    """The models of all roles, closed at the end.

    Roles that name the same server share its connections and its limit on calls in flight; roles
    on the same embedded model share one engine.

    Args:
        settings: The loaded settings.
        log: Where calls are written down.
        notify: Is told when a model has to be fetched first, or a server is waited for.
        environ: Holds the keys.
        library: The embedded models; None takes this user's.
        sleep: Waits before a request is sent again.
        pool: Servers to share with other runs; it stays open. None makes one for this run.
        spending: Counts the calls. None makes one of the settings and the log.

    Raises:
        ConfigError, ModelError: A role cannot be served; the message says which and why.
    """
    roles: dict[RoleName, RoleSettings] = {role: getattr(settings.roles, role) for role in ROLES}
    shared = pool or ServerPool()
    opened = _Servers(shared, roles, environ, library or ModelLibrary(), notify)
    try:

        async def connected(role: RoleName, given: RoleSettings) -> Endpoint:
            server, name = await opened.find(given)
            patience = Patience(role, given.patience, notify, shared.secrets, sleep)
            return await connect(role, given, server, name, patience)

        endpoints = RoleEndpoints(
            {
                role: [partial(connected, role, one) for one in (given, *given.fallbacks)]
                for role, given in roles.items()
            },
            notify,
        )
        await endpoints.open()
        counted = spending or Spending(settings, log.model_lines())
        models = ChatModels(endpoints, log, counted, tell=notify, sleep=sleep)
        try:
            yield models
        finally:
            await models.close()
    finally:
        if pool is None:
            await shared.close()


def server_of(settings: RoleSettings, environ: Mapping[str, str] = os.environ) -> Server | None:
    """The server that a role's settings name, to be looked at; None for the embedded engine.

    Args:
        settings: The role's.
        environ: Holds the key.

    Raises:
        ConfigError: The URL is none.
        AuthenticationError: The key cannot be sent.
    """
    place = _place(settings, environ)
    if place is None:
        return None
    address, key = place
    return Server(
        address.url,
        key,
        1,
        auth=address.auth,
        params=address.params,
        secrets=Secrets((key, *address.secrets)),
    )


def _place(settings: RoleSettings, environ: Mapping[str, str]) -> Place | None:
    if settings.provider == EMBEDDED:
        return None
    variable = settings.api_key_env
    key = clean_key(variable, environ.get(variable, "")) if variable else ""
    return Address.of(settings.base_url or OPENAI_URL), key


class _Servers:
    """The servers of the roles, one for those that share it."""

    def __init__(
        self,
        pool: ServerPool,
        roles: Mapping[RoleName, RoleSettings],
        environ: Mapping[str, str],
        library: ModelLibrary,
        notify: Notify,
    ) -> None:
        self._pool = pool
        self._roles = roles
        self._environ = environ
        self._library = library
        self._notify = notify
        self._all = [one for given in roles.values() for one in (given, *given.fallbacks)]
        """The settings of all models, those to go on with included."""
        served = [place for s in self._all if (place := self._place(s))]
        pool.secrets.add(v for address, key in served for v in (key, *address.secrets))

    async def find(self, settings: RoleSettings) -> tuple[Server, str]:
        """The server of some settings, and the name of their model with `auto` resolved."""
        place = self._place(settings)
        if place is None:
            model = await self._model(settings.name)
            return self._embedded(model), model.name
        address, key = place
        servers = self._pool.servers
        if place not in servers:
            sharing = [s for s in self._all if self._place(s) == place]
            limit = max((s.max_concurrency for s in sharing), default=0)
            servers[place] = Server(
                address.url,
                key,
                limit or SERVER_CONCURRENCY,
                auth=address.auth,
                params=address.params,
                secrets=self._pool.secrets,
            )
        return servers[place], settings.name

    def _place(self, settings: RoleSettings) -> Place | None:
        return _place(settings, self._environ)

    async def _model(self, name: str) -> InstalledModel:
        installed = self._pool.installed
        async with self._pool.installing:
            if name not in installed:
                installed[name] = await asyncio.to_thread(
                    self._library.ensure, name, notify=self._notify
                )
        return installed[name]

    def _embedded(self, model: InstalledModel) -> Server:
        sharing = {
            role: s
            for role, s in self._roles.items()
            if s.provider == EMBEDDED and s.name in ("auto", model.name)
        }
        context = max(s.context for s in sharing.values())
        files = [gguf_of(role, s.adapter) for role, s in sharing.items() if s.adapter]
        spec = EngineSpec.of(model.name, model.path, context, tuple(dict.fromkeys(files)))
        servers = self._pool.servers
        if spec not in servers:
            limit = max(s.max_concurrency for s in sharing.values()) or EMBEDDED_CONCURRENCY
            engine = Engine(spec)
            servers[spec] = Server("", engine.key, limit, engine)
        return servers[spec]
