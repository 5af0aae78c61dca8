"""How the servers of the roles are, and those that `serve` started."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleName, RoleSettings
from novelcraft.tools.models.opening import server_of
from novelcraft.tools.models.server import Server
from novelcraft.tools.serving.record import ServingRecord
from novelcraft.tools.serving.status import ServerStatus, ask_status


@dataclass(frozen=True)
class WatchedServer:
    """A server, and for whom it is."""

    roles: Mapping[RoleName, RoleSettings]
    """Those whose settings name it; empty for one that `serve` started and no role uses."""
    server: Server | None
    """None for the embedded engine, which runs only while something is written."""
    pid: int = 0
    """Of the process, for one that `serve` started."""


def watched_servers(
    settings: Settings, folder: Path, environ: Mapping[str, str] = os.environ
) -> list[WatchedServer]:
    """The servers that the settings name, then those that `serve` has running besides.

    Args:
        settings: Whose roles count.
        folder: Where `serve` keeps its record.
        environ: Holds the keys.

    Raises:
        ConfigError, AuthenticationError: A URL or a key cannot be used.
    """
    started = {server.url: server for server in ServingRecord(folder).read()}
    servers: dict[str, Server | None] = {}
    named: dict[str, dict[RoleName, RoleSettings]] = {}
    for role in ROLES:
        given: RoleSettings = getattr(settings.roles, role)
        server = server_of(given, environ)
        url = server.url if server else ""
        servers.setdefault(url, server)
        named.setdefault(url, {})[role] = given
    watched = [
        WatchedServer(named[url], server, started[url].pid if url in started else 0)
        for url, server in servers.items()
    ]
    others = [
        WatchedServer({}, Server(url, "", 1), server.pid)
        for url, server in started.items()
        if url not in servers
    ]
    return watched + others


async def ask_all(watched: list[WatchedServer]) -> list[ServerStatus | None]:
    """Ask all of them at once; None for the embedded engine."""

    async def ask(one: WatchedServer) -> ServerStatus | None:
        if one.server is None:
            return None
        role, given = next(iter(one.roles.items()), ("narrator", RoleSettings()))
        # What was asked once is remembered: each look needs a server of its own.
        return await ask_status(one.server.afresh(), role, given.api_key_env)

    return list(await asyncio.gather(*map(ask, watched)))
