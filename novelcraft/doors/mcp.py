"""The tools, and a novel to read, as a server of the Model Context Protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from novelcraft import __version__
from novelcraft.doors.catalogue import Tool, offered
from novelcraft.doors.desk import BookView, Desk
from novelcraft.doors.http import Door, serve_app
from novelcraft.doors.python import call_tool
from novelcraft.errors import NovelcraftError
from novelcraft.present.acts import act_line

Context = ServerRequestContext[Any, Any]

SCHEME = "novel://"
_READERS: dict[str, Callable[[BookView, str], str]] = {
    "scene": lambda view, number: {str(c.position): c.prose for c in view.chain}[number],
    "plan": lambda view, _: view.plan.model_dump_json(indent=1),
    "canon": lambda view, _: "\n".join(view.facts()),
    "summary": lambda view, _: view.summary,
    "acts": lambda view, _: "\n".join(
        act_line(view.novel.folder, view.novel.store, record) for record in view.novel.store.acts()
    ),
}
"""What can be read of a novel: `novel://my-novel/scene/12`, `novel://my-novel/plan`, …"""

PROMPTS = {
    "continue": "Write the next scene with the tool narrate, then look for contradictions with "
    "check_continuity and for faults with check. Show me the scene and what was found.",
    "review": "Read the last scene as novel:// resource. Check it with check and check_continuity "
    "as that scene, and tell me in three sentences what to change.",
}


def make_server(desk: Desk) -> Server[Any]:
    """A server over a desk. It changes novels only where the desk lets it."""

    async def list_tools(_: Context, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in offered(desk.write)])

    async def call(context: Context, given: types.CallToolRequestParams) -> types.CallToolResult:
        await context.session.report_progress(0, 1, f"{given.name} is at work")
        try:
            output = await call_tool(given.name, given.arguments or {}, desk)
        except NovelcraftError as error:
            # An error of the tool is an answer, which the client's model can act on.
            return types.CallToolResult(content=[_text(str(error))], is_error=True)
        await context.session.report_progress(1, 1)
        fields = output.model_dump(mode="json")
        return types.CallToolResult(
            content=[_text(json.dumps(fields, ensure_ascii=False))], structured_content=fields
        )

    async def list_resources(_: Context, __: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=_resources(desk))

    async def list_templates(_: Context, __: Any) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="scene",
            uri_template=f"{SCHEME}{{novel}}/scene/{{number}}",
            description="The prose of a scene, by its number in the book.",
            mime_type="text/markdown",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read(_: Context, given: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(given.uri)
        text = read_resource(desk, uri)
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, text=text)])

    async def list_prompts(_: Context, __: Any) -> types.ListPromptsResult:
        prompts = [types.Prompt(name=name, description=text) for name, text in PROMPTS.items()]
        return types.ListPromptsResult(prompts=prompts)

    async def get_prompt(_: Context, given: types.GetPromptRequestParams) -> types.GetPromptResult:
        if given.name not in PROMPTS:
            raise MCPError(types.INVALID_PARAMS, f"There is no prompt {given.name!r}.")
        message = types.PromptMessage(role="user", content=_text(PROMPTS[given.name]))
        return types.GetPromptResult(messages=[message])

    return Server(
        "novelcraft",
        version=__version__,
        instructions="Agents and checks for writing novels. Tools with a field `novel` read from "
        "that novel what they need. Only steer changes one, where it is offered.",
        on_list_tools=list_tools,
        on_call_tool=call,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def read_resource(desk: Desk, uri: str) -> str:
    """The text behind a `novel://` address.

    Raises:
        MCPError: There is no such novel or part of one.
    """
    path, _, number = unquote(uri.removeprefix(SCHEME)).rpartition("/")
    kind = number
    if path.endswith("/scene"):
        path, kind = path.removesuffix("/scene"), "scene"
    try:
        view = desk.require_view("" if path == _name(desk) else path)
        return _READERS[kind](view, number)
    except KeyError as error:
        raise MCPError(types.INVALID_PARAMS, f"There is nothing at {uri}.") from error
    except NovelcraftError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from error


async def serve_stdio(desk: Desk) -> None:
    """Serve over standard input and output until the client hangs up."""
    server = make_server(desk)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def serve_http(desk: Desk, door: Door) -> None:
    """Serve streamable HTTP at `/mcp` until stopped.

    Raises:
        ConfigError: The address is open and no key is set.
    """
    await serve_app(make_server(desk).streamable_http_app(host=door.host), door)


def _listed(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.input.model_json_schema(),
        output_schema=tool.output.model_json_schema(mode="serialization"),
        # An act takes nothing away: scenes that were written stay in the chain.
        annotations=types.ToolAnnotations(read_only_hint=not tool.writes, destructive_hint=False),
    )


def _resources(desk: Desk) -> list[types.Resource]:
    view = desk.view()
    if view is None:
        return []
    base = SCHEME + quote(_name(desk))
    scenes = [
        types.Resource(
            name=f"Scene {commit.position}",
            uri=f"{base}/scene/{commit.position}",
            mime_type="text/markdown",
        )
        for commit in view.chain
    ]
    parts = [
        types.Resource(name=part, uri=f"{base}/{part}") for part in _READERS if part != "scene"
    ]
    return [*parts, *scenes]


def _name(desk: Desk) -> str:
    """What the desk's own novel is called in addresses: its folder, without where that is."""
    return Path(desk.default_novel).resolve().name if desk.default_novel else ""


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)
