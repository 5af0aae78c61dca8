"""`novelcraft mcp`: our tools and a novel for clients of the Model Context Protocol."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from novelcraft.cli.common import needs_extra, say


def mcp(
    novel: Annotated[str, typer.Option(help="Folder of the novel that is meant by default.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Let clients steer novels.")] = False,
    http: Annotated[bool, typer.Option("--http", help="Serve streamable HTTP at /mcp.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on, with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on, with --http.")] = 8160,
) -> None:
    """Serve our agents and checks as tools: over standard input and output, or HTTP.

    On another address than loopback, clients must send the key in NOVELCRAFT_DOOR_KEY.
    """
    from novelcraft.doors.desk import open_desk

    with needs_extra("doors"):
        from novelcraft.doors.http import Door
        from novelcraft.doors.mcp import serve_http, serve_stdio

    async def run() -> None:
        async with open_desk(novel, write=write) as desk:
            # A novel that is not there is told at the start, not at the first call.
            desk.view()
            if http:
                door = Door(host, port, os.environ.get("NOVELCRAFT_DOOR_KEY", ""))
                door.require_safe()
                say(f"Tools at http://{host}:{port}/mcp")
                await serve_http(desk, door)
            else:
                await serve_stdio(desk)

    asyncio.run(run())
