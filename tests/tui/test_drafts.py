"""Choices between the drafts of a scene, made on the screen, and the pairs that come of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, TabbedContent, TextArea

from novelcraft.tools.pairs.novels import find_preferences
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.prose import ProseView
from tests.fakes import script as s
from tests.tui.conftest import MakeNovel, room_of, until
from tests.tui.test_steering import Serve, book_of, fill, form, is_asked

Act = Callable[[Pilot[None], NovelcraftApp], Awaitable[str]]
"""Does something to the second scene; what stands in it then."""

FIRST = "The sea went on and on."
OWN = "She rowed out alone."


async def choose(pilot: Pilot[None], app: NovelcraftApp) -> str:
    """Put the first draft in the place of the second."""
    await fill(pilot, app, form(book_of(app), "Take draft 1 of scene 2", 2), {})
    return FIRST


async def write(pilot: Pilot[None], app: NovelcraftApp) -> str:
    """Put one's own words in the place of both."""
    await fill(pilot, app, form(book_of(app), "Put your own words", 2), {"prose": OWN})
    return OWN


async def mix(pilot: Pilot[None], app: NovelcraftApp) -> str:
    """Take a paragraph of each draft, and write one between, by keys alone."""
    screen = app.screen
    assert isinstance(screen, NovelScreen)
    chosen = form(book_of(app), "Mix scene 2", 2)
    screen.ask_form(chosen)
    await until(pilot, lambda: is_asked(app) and isinstance(app.focused, OptionList))
    await pilot.press("home", "enter", "tab", "tab")
    text = app.screen.query_one(TextArea)
    await until(pilot, lambda: app.focused is text)
    await pilot.press("enter", "enter", *OWN, "shift+tab")
    await until(pilot, lambda: isinstance(app.focused, OptionList))
    await pilot.press("home", "enter")
    first, second = (source.paragraphs for source in chosen.sources)
    mixed = "\n\n".join([first[0], OWN, second[0]])
    await until(pilot, lambda: text.text == mixed)
    await pilot.press("ctrl+s")
    return mixed


@pytest.mark.parametrize("act", [choose, write, mix])
async def test_a_choice_between_drafts_goes_into_the_book_and_into_the_pairs(
    serve: Serve, make_novel: MakeNovel, left_alone: None, act: Act
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(FIRST), after=1, count=1)  # the first draft of the second scene
    folder = await make_novel(serve(script=script), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        old = list(book.chain)
        chosen = await act(pilot, app)
        await until(pilot, lambda: book.acts() and book.acts()[0].status == "applied")
        await until(pilot, lambda: holder(folder) is None)
        await until(pilot, lambda: book.chain[1].id != old[1].id)
        now = book.chain[1]
        assert chosen in now.prose
        assert (book.chain[0], now.accepted_by, len(book.chain)) == (old[0], "person", 2)
        (pair,) = find_preferences(book.store).pairs
        assert (pair.source, pair.chosen, pair.rejected) == ("person", now.prose, old[1].prose)


async def test_a_redrawn_scene_stands_beside_what_it_took_the_place_of(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book, pages = book_of(app), app.screen.query_one(BookPages)
        old = book.chain[0]
        await fill(pilot, app, form(book, "Redraw scene 1", 1), {"note": "More rain."})
        await until(pilot, lambda: book.chain[0].id != old.id)
        await until(pilot, lambda: holder(folder) is None)
        pages.open(1, "")
        pages.query_one(TabbedContent).active = "page-drafts"
        await until(pilot, lambda: len(pages.query("Columns ProseView")) == 2)
        shown = {view.text for view in pages.query("Columns ProseView").results(ProseView)}
        assert shown == {book.chain[0].prose, old.prose}
        back = f"Take version {old.id[:8]}, by the narrator"
        await fill(pilot, app, form(book, back, 1), {})
        await until(pilot, lambda: book.chain[0].prose == old.prose)
        await until(pilot, lambda: holder(folder) is None)
