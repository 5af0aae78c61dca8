"""Pictures of the main screens, at the smallest size that they are made for and at a large one.

After a change that is meant: pytest tests/tui/test_pictures.py --snapshot-update, and look at them.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from docs.draw_rooms import draw
from novelcraft.graphs.novel import Novel
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.place import FILE
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.reader import Reader
from novelcraft.tui.widgets.standing import Standing
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import settings
from tests.tui.conftest import room_of, until

Compare = Callable[..., bool]
THEN = datetime(2026, 1, 2, 3, 4)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A shelf with a novel of three scenes, as if it had taken no time."""
    root = tmp_path_factory.mktemp("pictures") / "shelf"
    script = s.Script()
    script.on(s.prose, s.loop(), after=2, count=2)  # the third scene comes in with findings
    with FakeServer(script=script) as server, Novel.create(root / "sea", settings(server)) as novel:
        asyncio.run(novel.write(on_event=lambda _event: None, until=3))
    database = root / "sea" / "novel.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE events SET at = ?", (THEN.isoformat() + "+00:00",))
    os.utime(database, (THEN.timestamp(), THEN.timestamp()))
    here = Path.cwd()
    os.chdir(root.parent)
    yield Path("shelf")
    os.chdir(here)


def room(pilot: Pilot[Any]) -> NovelScreen:
    screen = pilot.app.screen
    assert isinstance(screen, NovelScreen)
    return screen


async def still(pilot: Pilot[Any]) -> None:
    """Wait until the screen does not change any more."""
    before = ""
    while (now := pilot.app.export_screenshot()) != before:
        before = now
        await pilot.pause(0.3)


async def opened(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, NovelScreen) and room(pilot).chain)
    counters = room(pilot).query_one(Standing)
    await until(pilot, lambda: "pages" in str(counters.render()))
    await still(pilot)


async def at_the_third_scene(pilot: Pilot[Any]) -> None:
    await opened(pilot)
    await pilot.press("2")
    room(pilot).query_one(BookPages).open(3, "")
    await until(pilot, lambda: (scene := room(pilot).scene) is not None and scene.number == 3)
    reader, prose = room(pilot).query_one(Reader), room(pilot).chain[2].prose
    await until(pilot, lambda: reader.text == prose and pilot.app.focused)
    await still(pilot)


async def in_a_form(pilot: Pilot[Any]) -> None:
    await at_the_third_scene(pilot)
    await pilot.press("n")
    await until(pilot, lambda: isinstance(pilot.app.screen, FormScreen) and pilot.app.focused)
    send = pilot.app.screen.query_one("#send").focus()  # a cursor in a text blinks
    await until(pilot, lambda: pilot.app.focused is send)
    await still(pilot)


async def on_the_shelf(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: getattr(pilot.app.screen, "rows", ()))
    await still(pilot)


SCREENS: dict[str, Callable[[Pilot[Any]], Awaitable[None]]] = {
    "shelf": on_the_shelf,
    "writing": opened,
    "book": at_the_third_scene,
    "form": in_a_form,
}


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=["small", "large"])
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_looks_as_it_did(
    snap_compare: Compare, shelf: Path, screen: str, size: tuple[int, int]
) -> None:
    app = NovelcraftApp(FolderShelf(shelf)) if screen == "shelf" else room_of(shelf / "sea")
    (shelf / "sea" / FILE).unlink(missing_ok=True)
    assert snap_compare(app, terminal_size=size, run_before=SCREENS[screen])


async def test_the_pictures_of_the_guide_can_be_drawn(shelf: Path, tmp_path: Path) -> None:
    drawn = await draw(shelf / "sea", tmp_path)
    texts = {file.stem: file.read_text("utf-8").replace("&#160;", " ") for file in drawn}
    assert list(texts) == ["tui-writing", "tui-book", "tui-prompt", "tui-form"]
    assert "The&#160;Sea" in drawn[0].read_text("utf-8") or "The Sea" in texts["tui-writing"]
    assert "Note to the narrator" in texts["tui-form"]
