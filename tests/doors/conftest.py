"""A novel of three scenes on a fake server, and the environment that names the server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from novelcraft.doors.desk import Desk, open_desk
from novelcraft.graphs.novel import Novel
from tests.fakes.server import FakeServer
from tests.graphs.conftest import settings

Serve = Callable[..., FakeServer]


def environ_of(server: FakeServer, folder: Path) -> dict[str, str]:
    """Variables that point all roles at a server, as a person would set them."""
    user_file = folder / "config.toml"
    user_file.touch()
    roles = ("REASONING", "NARRATOR", "CHEAP")
    return {
        "NOVELCRAFT_CONFIG": str(user_file),
        "OPENAI_API_KEY": "",
        **dict.fromkeys(roles, "openai:fake-model"),
        **{f"{role}_BASE_URL": server.base_url for role in roles},
    }


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A novel with a plan and three scenes, to be copied. Its server is gone."""
    folder = tmp_path_factory.mktemp("written") / "novel"
    with FakeServer() as server, Novel.create(folder, settings(server)) as novel:
        asyncio.run(novel.write(on_event=lambda _: None, until=3))
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A novel with a plan and three scenes. Its models are those that the environment names."""
    return shutil.copytree(written, tmp_path / "novel")


@pytest.fixture
async def desk(fake_server: FakeServer, folder: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk whose novel that is."""
    async with open_desk(str(folder), environ_of(fake_server, tmp_path)) as opened:
        yield opened


@pytest.fixture
async def bare_desk(fake_server: FakeServer, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk without a novel."""
    async with open_desk("", environ_of(fake_server, tmp_path)) as opened:
        yield opened
