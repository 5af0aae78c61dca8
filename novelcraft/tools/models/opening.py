"""Open the models of all roles, starting what must be started."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleName, RoleSettings
from novelcraft.tools.models.adapters import gguf_of
from novelcraft.tools.models.calls import CallLog
from novelcraft.tools.models.chat import BACKOFF, ChatModels
from novelcraft.tools.models.embedded.engine import Engine, EngineSpec
from novelcraft.tools.models.embedded.fetch import Notify, quiet
from novelcraft.tools.models.embedded.library import InstalledModel, ModelLibrary
from novelcraft.tools.models.endpoint import Endpoint, connect
from novelcraft.tools.models.server import Server

OPENAI_URL = "https://api.openai.com/v1"
"""Where the provider `openai` is when no URL is set."""
EMBEDDED = "embedded"
EMBEDDED_CONCURRENCY = 1
SERVER_CONCURRENCY = 8


@asynccontextmanager
async def open_models(
    settings: Settings,
    log: CallLog,
    *,
    notify: Notify = quiet,
    environ: Mapping[str, str] = os.environ,
    library: ModelLibrary | None = None,
    backoff: Sequence[float] = BACKOFF,
) -> AsyncIterator[ChatModels]:
    """The models of all roles, closed at the end.

    Roles that name the same server share its connections and its limit on calls in flight; roles
    on the same embedded model share one engine.

    Args:
        settings: The loaded settings.
        log: Where calls are written down.
        notify: Is told when a model has to be fetched first.
        environ: Holds the keys.
        library: The embedded models; None takes this user's.
        backoff: Seconds before each repetition of a request after a fault that may pass.

    Raises:
        ConfigError, ModelError: A role cannot be served; the message says which and why.
    """
    roles: dict[RoleName, RoleSettings] = {role: getattr(settings.roles, role) for role in ROLES}
    opened = _Servers(roles, environ, library or ModelLibrary(), notify)
    try:
        endpoints: dict[RoleName, Endpoint] = {}
        for role in roles:
            server, name = await opened.for_role(role)
            endpoints[role] = await connect(role, roles[role], server, name)
        models = ChatModels(endpoints, log, backoff=backoff)
    except BaseException:
        await opened.stop()
        raise
    try:
        yield models
    finally:
        await models.close()


class _Servers:
    """The servers of the roles, one for those that share it."""

    def __init__(
        self,
        roles: Mapping[RoleName, RoleSettings],
        environ: Mapping[str, str],
        library: ModelLibrary,
        notify: Notify,
    ) -> None:
        self._roles = roles
        self._environ = environ
        self._library = library
        self._notify = notify
        self._servers: dict[tuple[str, str], Server] = {}
        self._installed: dict[str, InstalledModel] = {}

    async def for_role(self, role: RoleName) -> tuple[Server, str]:
        """The role's server, and the name of its model with `auto` resolved."""
        settings = self._roles[role]
        if settings.provider == EMBEDDED:
            model = await self._model(settings.name)
            return self._embedded(model), model.name
        url = full_url(settings.base_url)
        key = self._environ.get(settings.api_key_env, "") if settings.api_key_env else ""
        if (url, key) not in self._servers:
            sharing = [
                s
                for s in self._roles.values()
                if s.provider != EMBEDDED and full_url(s.base_url) == url
            ]
            limit = max((s.max_concurrency for s in sharing), default=0)
            self._servers[url, key] = Server(url, key, limit or SERVER_CONCURRENCY)
        return self._servers[url, key], settings.name

    async def stop(self) -> None:
        """End the engines that were started."""
        for server in self._servers.values():
            if server.engine is not None:
                await asyncio.to_thread(server.engine.stop)

    async def _model(self, name: str) -> InstalledModel:
        if name not in self._installed:
            self._installed[name] = await asyncio.to_thread(
                self._library.ensure, name, notify=self._notify
            )
        return self._installed[name]

    def _embedded(self, model: InstalledModel) -> Server:
        if (EMBEDDED, model.name) not in self._servers:
            sharing = {
                role: s
                for role, s in self._roles.items()
                if s.provider == EMBEDDED and s.name in ("auto", model.name)
            }
            context = max(s.context for s in sharing.values())
            limit = max(s.max_concurrency for s in sharing.values()) or EMBEDDED_CONCURRENCY
            files = [gguf_of(role, s.adapter) for role, s in sharing.items() if s.adapter]
            adapters = tuple(dict.fromkeys(files))
            engine = Engine(EngineSpec.of(model.name, model.path, context, adapters))
            self._servers[EMBEDDED, model.name] = Server("", engine.key, limit, engine)
        return self._servers[EMBEDDED, model.name]


def full_url(given: str) -> str:
    """The URL that a person gave, with the `/v1` that is easily forgotten."""
    url = (given or OPENAI_URL).rstrip("/")
    scheme, _, rest = url.partition("://")
    if not rest:
        scheme, rest = "http", url
    return f"{scheme}://{rest}" if "/" in rest else f"{scheme}://{rest}/v1"
