"""The tools as LangChain tools. A call gives JSON for the model and the output as its artifact."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from novelcraft.doors.catalogue import Tool, offered
from novelcraft.doors.desk import Desk
from novelcraft.doors.python import call_tool
from novelcraft.errors import NovelcraftError


def langchain(desk: Desk | None = None) -> list[BaseTool]:
    """All tools, asynchronous; those that change novels where the desk lets them.

    Args:
        desk: What they work with; None opens one for each call. For many calls, open one with
            `open_desk` and keep it: it holds the models.
    """
    return [_structured(tool, desk) for tool in offered(desk is not None and desk.write)]


def _structured(tool: Tool, desk: Desk | None) -> BaseTool:
    async def run(**fields: Any) -> tuple[str, Any]:
        try:
            output = await call_tool(tool.name, fields, desk)
        except NovelcraftError as error:
            # What the caller's model may read and heed, if the caller lets it.
            raise ToolException(str(error)) from error
        return output.model_dump_json(), output

    return StructuredTool.from_function(
        coroutine=run,
        name=tool.name,
        description=tool.description,
        args_schema=tool.input,
        response_format="content_and_artifact",
    )
