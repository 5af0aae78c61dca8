"""Novels for the text interface, and runs of them in processes of their own."""

from __future__ import annotations

import shutil
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


@pytest.fixture(scope="session")
def originals() -> dict[str, tuple[Path, str]]:
    """Novels that were made, each with the URL of its server, by what they were made of."""
    return {}


@pytest.fixture
def make_novel(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    originals: dict[str, tuple[Path, str]],
) -> MakeNovel:
    """Makes the folder of a novel on a fake server, with so many scenes written.

    What servers without a script write is the same: it is written once, and copied.
    """

    async def make(
        server: FakeServer, scenes: int | None = None, **sections: dict[str, object]
    ) -> Path:
        folder = tmp_path / "novel"
        if scenes is None or server.script.rules:
            return await write(server, folder, scenes, sections)
        made_of = repr((scenes, sections))
        if made_of not in originals:
            original = tmp_path_factory.mktemp("original") / "novel"
            with FakeServer() as gone:
                await write(gone, original, scenes, sections)
                originals[made_of] = original, gone.base_url
        original, url = originals[made_of]
        shutil.copytree(original, folder)
        toml = folder / "novel.toml"
        toml.write_text(toml.read_text("utf-8").replace(url, server.base_url), "utf-8")
        return folder

    async def write(
        server: FakeServer, folder: Path, scenes: int | None, sections: dict[str, dict[str, object]]
    ) -> Path:
        with Novel.create(folder, settings(server, **sections)) as novel:
            if scenes is not None:
                await novel.write(on_event=lambda _event: None, until=scenes)
        return folder

    return make


@pytest.fixture
def left_alone(tmp_path: Path) -> Iterator[None]:
    """Waits at the test's end until no run is left in the folder."""
    yield
    ends = time.monotonic() + 120
    while any(holder(folder) for folder in tmp_path.iterdir() if folder.is_dir()):
        assert time.monotonic() < ends, "a run was left behind"
        time.sleep(0.05)


def room_of(folder: Path) -> NovelcraftApp:
    """The writing room with a novel's folder open in it."""
    return NovelcraftApp(FolderShelf(folder.parent), FolderHome(folder))


async def until(
    pilot: Pilot[None], done: Callable[[], object], seconds: float = 120.0, say: str = ""
) -> None:
    """Wait until something is so on the screen, or in the database."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, say or "it did not come to be"
        await pilot.pause(0.05)
