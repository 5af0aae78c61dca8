"""Deterministic capabilities, one folder a subject.

The name is also where other programs find our tools: `from novelcraft import tools` gives
`tools.langchain()` and a coroutine for each tool, as `tools.check_continuity(...)`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any


def __getattr__(name: str) -> Any:
    """A tool as a function, `langchain` or `open_desk`, loaded when it is first asked for.

    They live in `novelcraft.doors`, above this package, which knows nothing of them otherwise.
    """
    if name.startswith("__") or find_spec(f"{__name__}.{name}"):
        # A package below this one, which is about to be imported.
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "langchain":
        return import_module("novelcraft.doors.langchain").langchain
    if name == "open_desk":
        return import_module("novelcraft.doors.desk").open_desk
    tool = import_module("novelcraft.doors.catalogue").find_tool(name)
    if tool is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("novelcraft.doors.python").function_of(tool)
