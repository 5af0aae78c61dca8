"""`novelcraft proxy`: an OpenAI-compatible server that knows a novel's canon."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from novelcraft.cli.common import BranchOption, Folder, needs_extra, say


def proxy(
    folder: Folder,
    upstream: Annotated[
        str, typer.Option(metavar="URL", help="The server that answers; by default the narrator's.")
    ] = "",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    budget: Annotated[int, typer.Option(min=1, help="Tokens of canon a request gets.")] = 600,
    cite: Annotated[bool, typer.Option("--cite", help="End answers with their scenes.")] = False,
    branch: BranchOption = "main",
) -> None:
    """Let an editor or chat client know your novel: point it at this in place of its server.

    Requests get what the book has established about the people and places they name. On another
    address than loopback, clients must send the key in NOVELCRAFT_DOOR_KEY.
    """
    from novelcraft.doors.desk import open_desk

    with needs_extra("doors"):
        from novelcraft.doors.http import Door
        from novelcraft.doors.proxy import ProxySettings, Upstream, loop_factory, serve_proxy

    async def run() -> None:
        async with open_desk(str(folder)) as desk:
            novel = desk.require_view(branch=branch).novel
            role = novel.settings.roles.narrator
            url = upstream or role.base_url
            if not url:
                raise typer.BadParameter(
                    "Name the server that answers: --upstream http://127.0.0.1:8000/v1"
                )
            door = Door(host, port, os.environ.get("NOVELCRAFT_DOOR_KEY", ""))
            door.require_safe()
            # With a key of its own, the door takes the place of the client's key for the upstream.
            key = os.environ.get(role.api_key_env, "") if door.key else ""
            say(f"http://{host}:{port}/v1 answers by {url}, with the canon of {folder}")
            settings = ProxySettings(Upstream(url, key), branch, budget, cite)
            await serve_proxy(desk, settings, door)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run())
