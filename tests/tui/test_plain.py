"""The room without colours, and in ASCII: what is shown is still told."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import TabbedContent, Tabs

from novelcraft.state.events import SceneStarted, StepStarted
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.marks import is_plain
from novelcraft.tui.plain import STAND_INS
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.screens.start import StartScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.acts import ActsTable
from novelcraft.tui.widgets.book_pages import PAGES, BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.side import Side
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until

Serve = Callable[..., FakeServer]


def shown(app: NovelcraftApp) -> str:
    """All that is on the screen."""
    texts = re.findall(r"<text [^>]*>(.*?)</text>", app.export_screenshot(title="n"), re.DOTALL)
    return "\n".join(html.unescape(text).replace("\N{NO-BREAK SPACE}", " ") for text in texts)


def strange(app: NovelcraftApp) -> set[str]:
    return {sign for sign in shown(app) if not sign.isascii()}


async def opened(pilot: Pilot[None]) -> NovelScreen:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
    assert isinstance(app.screen, NovelScreen)
    return app.screen


def test_a_stand_in_takes_the_cells_of_its_symbol() -> None:
    assert all(cell_len(chr(code)) == len(sign) for code, sign in STAND_INS.items())
    assert all(sign.isascii() for sign in STAND_INS.values())


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LC_CTYPE": "de_DE.ISO-8859-15@euro"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LANG": "de_DE.utf8@euro"}, False),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "C", "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}, False),
    ],
)
def test_a_terminal_without_utf8_is_known_by_its_locale(
    environ: dict[str, str], plain: bool
) -> None:
    assert is_plain(environ) is plain


def test_a_locale_that_python_replaces_is_the_persons_all_the_same() -> None:
    ask = "from novelcraft.tui.marks import is_plain; print(is_plain())"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    environ = {**kept, "LANG": "C", "TERM": "xterm"}
    made = subprocess.run([sys.executable, "-c", ask], env=environ, capture_output=True, check=True)
    assert made.stdout.strip() == b"True"


async def test_a_plain_terminal_gets_nothing_but_ascii(serve: Serve, make_novel: MakeNovel) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), after=1, count=2)  # the second scene comes in with findings
    folder = await make_novel(serve(script=script), 2)
    app = NovelcraftApp(FolderShelf(folder.parent), FolderHome(folder), plain=True)
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot)
        pages = room.query_one(BookPages)
        looks = dict[str, set[str]]()

        async def look(name: str) -> None:
            await pilot.pause(0.1)
            looks[name] = strange(app)

        await look("writing")
        pages.open(2, "")
        await pilot.press("2")
        for page in PAGES:
            pages.query_one(TabbedContent).active = f"page-{page.lower()}"
            await look(page)
        for name, key in (("ask", "f4"), ("acts", "f5"), ("keys", "f1")):
            await pilot.press(key)
            await look(name)
        await pilot.press("f1", "n")
        await until(pilot, lambda: isinstance(app.screen, FormScreen) and app.focused)
        await look("form")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is room)
        await pilot.press("f2", "s")
        await until(pilot, lambda: app.screen is not room)
        await look("steer")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is room)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, NovelScreen))
        await look("shelf")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.focused)
        await look("start")
    assert {name: signs for name, signs in looks.items() if signs} == {}


def drawn(widget: Widget) -> list[Segment]:
    """What is drawn of a widget."""
    return [segment for strip in widget.render_lines(widget.outer_size.region) for segment in strip]


def reversed_text(widget: Widget) -> str:
    return "".join(s.text for s in drawn(widget) if s.style and s.style.reverse)


def colours_of(widget: Widget) -> list[Color]:
    return [s.style.color for s in drawn(widget) if s.style and s.style.color]


async def test_without_colours_the_live_step_severities_and_what_is_chosen_are_told(
    serve: Serve, make_novel: MakeNovel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    script = s.Script()
    script.on(s.prose, s.loop(), after=1, count=2)
    folder = await make_novel(serve(script=script), 2)
    app = room_of(folder)
    async with app.run_test(size=(140, 40)) as pilot:
        room = await opened(pilot)
        strip = room.query_one(LoopStrip)
        event = SceneStarted(
            scene_id="s003",
            chapter_id="ch01",
            position=3,
            scenes=9,
            attempt=1,
            target_words=100,
            goal="Go",
        )
        strip.take(event, 1.0, None)
        strip.take(StepStarted(step="checks"), 2.0, None)
        assert "[checks]" in strip.content_now().plain
        await until(pilot, lambda: "block: " in shown(app))
        side = room.query_one(Side)
        await until(pilot, lambda: colours_of(side))
        colours = colours_of(side)
        assert all(len(set(colour.get_truecolor())) == 1 for colour in colours), "not all are grey"
        active = room.query_one("#room", TabbedContent).query_one(Tabs).active_tab
        assert active is not None
        assert "1 Writing" in reversed_text(active)
        await pilot.press("4")
        acts = room.query_one(ActsTable)
        await until(pilot, lambda: app.focused is acts)
        await until(pilot, lambda: "Nothing was left" in reversed_text(acts))
