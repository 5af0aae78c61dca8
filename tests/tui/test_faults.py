"""What goes wrong beside the room: it says what happened, and how to go on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from textual.widgets import HelpPanel, OptionList, Static, TextArea

from novelcraft.tools.storage.lock import holder
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.standing import Standing
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import settings
from tests.tui.conftest import MakeNovel, room_of, until
from tests.tui.test_steering import book_of, is_asked

Serve = Callable[..., FakeServer]


def said(app: NovelcraftApp) -> str:
    """What the notices on the screen say."""
    return "\n".join(str(toast.render()) for toast in app.screen.query("Toast"))


def found(app: NovelcraftApp) -> str:
    """What the search of the palette found."""
    lists = app.screen.query(OptionList)
    return "\n".join(str(each.get_option_at_index(0).prompt) for each in lists if each.options)


async def test_a_run_that_is_killed_is_told_and_gone_on_with(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    go_on, script = threading.Event(), s.Script()
    script.on(s.prose, s.hold(go_on, after=10), after=2, count=1)
    folder = await make_novel(serve(script=script), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        strip = app.screen.query_one(LoopStrip)
        await pilot.press("w")
        await until(pilot, lambda: strip.live == "draft")
        await until(pilot, lambda: "process" in str(holder(folder)))
        running = holder(folder)
        assert running is not None
        heading = app.screen.query_one("#title", Static)
        await until(pilot, lambda: f"written by {running}" in str(heading.render()))
        os.kill(running.pid, signal.SIGKILL)
        await until(pilot, lambda: f"{running} is gone without a word" in said(app))
        assert strip.live == ""
        standing = app.screen.query_one(Standing)
        await until(pilot, lambda: "press w to write on" in str(standing.render()))
        go_on.set()
        await pilot.press("w")
        await until(pilot, lambda: len(book_of(app).chain) > 3)
        await pilot.press("p")
        await until(pilot, lambda: book_of(app).is_paused or holder(folder) is None)
        if (running := holder(folder)) is not None:
            os.kill(running.pid, signal.SIGTERM)
        await until(pilot, lambda: "nobody is writing" in str(heading.render()))
        assert said(app).count("without a word") == 1


async def test_what_was_typed_outlives_a_full_disk(
    serve: Serve,
    small_disk: Path,
) -> None:
    from novelcraft.graphs.novel import Novel

    folder = small_disk / "novel"
    with Novel.create(folder, settings(serve())) as novel:
        await novel.write(on_event=lambda _event: None, until=1)
    app = room_of(folder)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        text = "Let it rain amber. " * 2000
        await pilot.press("n")
        await until(pilot, lambda: is_asked(app))
        app.screen.query_one(TextArea).text = text
        await pilot.press("ctrl+s")
        problem = app.screen.query_one("#problem", Static)
        await until(pilot, lambda: "space" in str(problem.render()))
        assert isinstance(app.screen, FormScreen)
        assert app.screen.given == {"text": text}
        ballast.unlink()
        app.screen.query_one(TextArea).text = "Let it rain amber."
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NovelScreen))
        assert [record.status for record in book.acts()] == ["applied"]


async def test_all_that_can_be_done_is_in_the_palette_and_the_keys_on_a_page(
    serve: Serve, make_novel: MakeNovel
) -> None:
    folder = await make_novel(serve(), 1)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        for begins in ("Note to", "Approve a", "Change the world", "Write on", "Export", "Theme"):
            assert any(title.startswith(begins) for title in titles), begins
        await pilot.press("f1")
        await until(pilot, lambda: app.screen.query(HelpPanel))
        await pilot.press("f1")
        await until(pilot, lambda: not app.screen.query(HelpPanel))
        await pilot.press("s")
        await until(pilot, lambda: app.screen.query("CommandInput"))
        await pilot.press(*"approve")
        await until(pilot, lambda: "Approve a chapter" in found(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FormScreen))
        await pilot.press("escape")
