"""Novels for the text interface, and runs of them in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from novelcraft.graphs.novel import Novel
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.shelf import FolderShelf
from tests.cli.conftest import plain_environment  # noqa: F401 (used by all tests here)
from tests.fakes.server import FakeServer
from tests.graphs.conftest import settings

MakeNovel = Callable[..., Awaitable[Path]]


@pytest.fixture
def make_novel(tmp_path: Path) -> MakeNovel:
    """Makes the folder of a novel on a fake server, with so many scenes written."""

    async def make(
        server: FakeServer, scenes: int | None = None, **sections: dict[str, object]
    ) -> Path:
        folder = tmp_path / "novel"
        with Novel.create(folder, settings(server, **sections)) as novel:
            if scenes is not None:
                await novel.write(on_event=lambda _event: None, until=scenes)
        return folder

    return make


@pytest.fixture
def left_alone(tmp_path: Path) -> Iterator[None]:
    """Waits at the test's end until no run is left in the folder."""
    yield
    ends = time.monotonic() + 60
    while any(holder(folder) for folder in tmp_path.iterdir() if folder.is_dir()):
        assert time.monotonic() < ends, "a run was left behind"
        time.sleep(0.05)


def room_of(folder: Path) -> NovelcraftApp:
    """The writing room with a novel's folder open in it."""
    return NovelcraftApp(FolderShelf(folder.parent), FolderHome(folder))


async def until(
    pilot: Pilot[None], done: Callable[[], object], seconds: float = 60.0, say: str = ""
) -> None:
    """Wait until something is so on the screen, or in the database."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, say or "it did not come to be"
        await pilot.pause(0.05)
