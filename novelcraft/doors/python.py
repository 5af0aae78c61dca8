"""The tools as Python functions: `from novelcraft import tools; await tools.summarize(…)`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from novelcraft.doors.catalogue import TOOLS, Tool, find_tool
from novelcraft.doors.desk import Desk, open_desk
from novelcraft.errors import InputError


def read_input(tool: Tool, given: Any) -> BaseModel:
    """A tool's input, from JSON text or fields.

    Raises:
        InputError: It does not fit; names each field, what is wrong and the value.
    """
    try:
        if isinstance(given, str | bytes):
            return tool.input.model_validate_json(given)
        return tool.input.model_validate(given)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'input'}: {e['msg']}" for e in error.errors()]
        fields = ", ".join(tool.input.model_fields)
        raise InputError(
            f"The input of {tool.name} cannot be used:\n" + "\n".join(lines),
            fix=f"Its fields are: {fields}.",
        ) from error


async def call_tool(name: str, given: Any, desk: Desk | None = None) -> BaseModel:
    """Run a tool.

    Args:
        name: With underscores or hyphens.
        given: Its input, as fields or JSON text.
        desk: What it works with; None opens one for this call alone.

    Raises:
        InputError: There is no such tool, the input does not fit, or the tool changes novels and
            the desk lets none.
        NovelcraftError: What the tool raises.
    """
    tool = find_tool(name)
    if tool is None:
        known = ", ".join(tool.name for tool in TOOLS)
        raise InputError(f"There is no tool {name!r}.", fix=f"Tools: {known}.")
    read = read_input(tool, given)
    if desk is None:
        async with open_desk() as opened:
            return await _run(tool, read, opened)
    return await _run(tool, read, desk)


async def _run(tool: Tool, read: BaseModel, desk: Desk) -> BaseModel:
    if tool.writes and not desk.write:
        raise InputError(
            f"{tool.name} changes a novel, and nothing here may.",
            fix="Start with --write; in Python: open_desk(novel, write=True).",
        )
    return await tool.run(read, desk)


def function_of(tool: Tool) -> Callable[..., Awaitable[Any]]:
    """A tool as a coroutine function that takes the fields of its input by name."""

    async def function(*, desk: Desk | None = None, **fields: Any) -> Any:
        return await call_tool(tool.name, fields, desk)

    function.__name__ = function.__qualname__ = tool.name
    function.__doc__ = f"{tool.description}\n\nFields: {', '.join(tool.input.model_fields)}."
    return function
