"""What the tests of the models share: a log in memory, a schema, settings for a fake server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from novelcraft.config.root import Settings
from novelcraft.config.settings import ROLES, RoleSettings
from novelcraft.state.calls import Message
from novelcraft.tools.models.calls import MemoryLog
from novelcraft.tools.models.chat import ChatModels, ModelRequest
from novelcraft.tools.models.opening import open_models
from tests.fakes.server import FakeServer

MESSAGES = (
    Message(role="system", content="You are a novelist."),
    Message(role="user", content="Point of view: Mara Voss. Write about 60 words."),
)


class Person(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    age: int


def request(**changes: Any) -> ModelRequest:
    given: dict[str, Any] = {
        "role": "narrator",
        "purpose": "scene.narrate",
        "step": "main/s001/1",
        "messages": MESSAGES,
        "max_tokens": 400,
        "seed": 7,
    }
    return ModelRequest(**{**given, **changes})


def settings_for(server: FakeServer | str, **role: Any) -> Settings:
    """Settings whose roles are all served there."""
    url = server if isinstance(server, str) else server.base_url
    given = {"model": "openai:fake-model", "base_url": url, "timeout": 60, **role}
    return Settings(roles={name: RoleSettings(**given) for name in ROLES})


@asynccontextmanager
async def opened(
    server: FakeServer | str,
    log: MemoryLog | None = None,
    environ: dict[str, str] | None = None,
    **role: Any,
) -> AsyncIterator[ChatModels]:
    """The models on a server, with no waiting between repetitions."""
    settings = settings_for(server, **role)
    log = log or MemoryLog()
    async with open_models(settings, log, environ=environ or {}, sleep=no_wait) as models:
        yield models


async def no_wait(_seconds: float) -> None:
    """Sleeps for no time."""


def everything(_text: str) -> bool:
    """A reader that reads to the end."""
    return True


def read_into(seen: list[str]) -> Callable[[str], bool]:
    """A reader that reads to the end, and keeps each text that it was shown."""

    def read(text: str) -> bool:
        seen.append(text)
        return True

    return read
