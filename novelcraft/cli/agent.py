"""`novelcraft agent`: one tool from the shell, JSON in and JSON out."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer


def agent(
    name: Annotated[str, typer.Argument(metavar="TOOL", help="Its name; without it, a list.")] = "",
    json_text: Annotated[
        str, typer.Option("--json", metavar="JSON", help="The input; `-` reads standard input.")
    ] = "-",
    schema: Annotated[bool, typer.Option("--schema", help="Show its input and output.")] = False,
    novel: Annotated[str, typer.Option(help="Folder of the novel that it may read.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Let it steer a novel.")] = False,
) -> None:
    """Run one of our agents or checks in a program of your own: JSON in, JSON out."""
    from novelcraft.doors.catalogue import TOOLS, find_tool
    from novelcraft.doors.desk import open_desk
    from novelcraft.doors.python import call_tool

    if not name:
        for tool in TOOLS:
            typer.echo(f"{tool.name.replace('_', '-'):<20} {tool.description}")
        return
    found = find_tool(name)
    if schema and found is not None:
        shown = {
            "input": found.input.model_json_schema(),
            "output": found.output.model_json_schema(mode="serialization"),
        }
        typer.echo(json.dumps(shown, indent=2))
        return
    given = sys.stdin.read() if json_text == "-" else json_text

    async def run() -> str:
        async with open_desk(novel, write=write) as desk:
            return (await call_tool(name, given, desk)).model_dump_json(indent=2)

    typer.echo(asyncio.run(run()))
