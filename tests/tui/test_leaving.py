"""The room is left while it has things to do: none of them looks for what is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Unmount
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TabbedContent

from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until

Serve = Callable[..., FakeServer]


class SlowHome(FolderHome):
    """A home of which it takes long to learn who writes there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.known = asyncio.Event()

    async def writer(self) -> str:
        await self.known.wait()
        return ""


@pytest.mark.parametrize("to", ["shelf", "shell"])
async def test_a_worker_that_wakes_while_the_screen_goes_looks_for_nothing_any_more(
    serve: Serve, make_novel: MakeNovel, to: str
) -> None:
    folder = await make_novel(serve(), 1)
    home, gone = SlowHome(folder), list[Widget]()

    def wake(message: Message) -> None:
        if isinstance(message, Unmount) and isinstance(message._sender, LoopStrip):
            gone.append(message._sender)
            home.known.set()

    app = NovelcraftApp(FolderShelf(folder.parent), home)
    async with app.run_test(message_hook=wake) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        if to == "shelf":
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, NovelScreen))
    assert gone


@pytest.mark.parametrize("turns", [0, 1, 3, 10])
async def test_a_room_can_be_left_in_the_middle_of_anything(
    serve: Serve, make_novel: MakeNovel, turns: int
) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        room = app.screen
        assert isinstance(room, NovelScreen)
        pages = room.query_one(BookPages)
        for page in ("page-drafts", "page-prompt", "page-drafts"):
            room.action_tab("book")
            pages.open(2, "")
            pages.query_one(TabbedContent).active = page
            room.reread()
        for _ in range(turns):
            await asyncio.sleep(0)
        room.dismiss(None)
        for _ in range(turns):
            await asyncio.sleep(0)
