"""The room of a novel: a run in another process is followed, started and read."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static, TabbedContent

from novelcraft.present.writing import WritingProgress
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.book import Book
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.marks import PLAIN
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.prose import ProseView
from novelcraft.tui.widgets.standing import Standing
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until
from tests.tui.test_faults import said

Serve = Callable[..., FakeServer]


def room(app: NovelcraftApp) -> NovelScreen:
    screen = app.screen
    assert isinstance(screen, NovelScreen)
    return screen


async def test_a_run_that_the_room_starts_is_seen_to_its_end(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    go_on, script = threading.Event(), s.Script()
    hold, slow = s.hold(go_on, after=60), s.pace(0.01)
    script.on(s.prose, lambda r, plain: hold(r, slow(r, plain)), after=1, count=1)
    folder = await make_novel(serve(script=script))
    app = room_of(folder)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("w")
        await until(pilot, lambda: holder(folder))
        assert holder(folder) is not None
        screen = room(app)
        strip = screen.query_one(LoopStrip)
        prose = screen.query_one("#draft", ProseView)
        # The second scene hangs in the middle of its draft: what is there so far is on the screen.
        await until(pilot, lambda: len(screen.chain) == 1 and strip.live == "draft")
        await until(pilot, lambda: len(prose.text.split()) > 20)
        assert prose.text != screen.chain[0].prose
        assert str(screen.query_one("#found", Static).render()) == "Not checked yet."
        heading = screen.query_one("#title", Static)
        await until(pilot, lambda: "being written by process" in str(heading.render()))
        go_on.set()
        await until(pilot, lambda: screen.book is not None and len(screen.chain) == 9)
        await until(pilot, lambda: "9 of 9 scenes passed the checks" in said(app))
        await until(pilot, lambda: holder(folder) is None)
        await until(pilot, lambda: "finished" in str(screen.query_one(Standing).render()))
        await until(pilot, lambda: prose.text == screen.chain[-1].prose)


async def test_counters_are_left_out_rather_than_cut_off(
    serve: Serve, make_novel: MakeNovel
) -> None:
    app = room_of(await make_novel(serve(), 2))

    def line() -> str:
        return str(room(app).query_one(Standing).render())

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and room(app).chain)
        await until(pilot, lambda: line().endswith(" tokens"))
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: line().endswith("press w"))
        assert " words" in line()
        await pilot.resize_terminal(50, 24)
        await until(pilot, lambda: " words" not in line())
        assert " pages" in line()


class Counters(App[None]):
    """The counters alone, shown once, before they have a width."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book

    def compose(self) -> ComposeResult:
        yield Standing(PLAIN)

    def on_mount(self) -> None:
        counters = self.query_one(Standing)
        counters.show(self.book, WritingProgress(), 0.0, running=False, starting=False)


async def test_counters_take_the_width_that_they_get(serve: Serve, make_novel: MakeNovel) -> None:
    book = Book(FolderHome(await make_novel(serve(), 2)))
    app = Counters(book)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert str(app.query_one(Standing).render()).endswith(" tokens")
        await pilot.resize_terminal(120, 24)
        await pilot.pause()
        assert "press w to write on" in str(app.query_one(Standing).render())
    book.close()


async def test_closing_the_room_changes_nothing_of_the_run(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    go_on, script = threading.Event(), s.Script()
    script.on(s.prose, s.hold(go_on, after=20), after=1, count=1)
    folder = await make_novel(serve(script=script))
    app = room_of(folder)
    async with app.run_test() as pilot:
        await pilot.press("w")
        await until(pilot, lambda: len(room(app).chain) == 1)
        running = holder(folder)
        await pilot.press("ctrl+q")
    assert running is not None
    assert holder(folder) == running
    go_on.set()
    with ManuscriptStore.open(folder / "novel.db") as store:
        while store.finished_head("main") is None:  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.05)
        assert len(store.chain(store.branch("main").head)) == 9


async def test_the_shelf_tells_how_far_each_novel_is_and_opens_one(
    serve: Serve, make_novel: MakeNovel, tmp_path: Path
) -> None:
    await make_novel(serve(), 2)
    app = NovelcraftApp(FolderShelf(tmp_path))
    async with app.run_test(size=(120, 30)) as pilot:
        table = app.screen.query_one("#novels", DataTable)
        await until(pilot, lambda: table.row_count == 1)
        title, state, scenes, *_ = table.get_row_at(0)
        assert (title, state, scenes) == ("The Sea", "stopped", "2 of 9")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and room(app).chain)
        await pilot.press("2")
        tabs = room(app).query_one("#room", TabbedContent)
        await until(pilot, lambda: tabs.active == "book")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, NovelScreen))


@pytest.mark.parametrize("arguments", [[], ["novel"]])
async def test_nothing_heavy_is_loaded_before_the_first_screen(
    serve: Serve, make_novel: MakeNovel, arguments: list[str]
) -> None:
    folder = await make_novel(serve(), 1)
    heavy = [
        "chromadb",
        "onnxruntime",
        "langgraph",
        "langchain_core",
        "openai",
        "torch",
        "pypandoc",
    ]
    code = f"""
import asyncio, json, sys
from pathlib import Path
from novelcraft.cli.app import program
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.shelf import FolderShelf
program()
async def main():
    folder = Path({str(folder)!r})
    home = FolderHome(folder) if {bool(arguments)} else None
    app = NovelcraftApp(FolderShelf(folder.parent), home)
    async with app.run_test() as pilot:
        await pilot.pause()
asyncio.run(main())
print(json.dumps([name for name in {heavy} if name in sys.modules]))
"""
    command = [sys.executable, "-c", code]
    done = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
