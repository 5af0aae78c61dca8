"""Acts that are left through the screen, without a run and beside one in another process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from novelcraft.state.acts import ActRecord
from novelcraft.state.plan import Plan
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.book import Book
from novelcraft.tui.fields import Form
from novelcraft.tui.forms import forms
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.widgets.acts import ActsTable
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until

Serve = Callable[..., FakeServer]


def is_asked(app: NovelcraftApp) -> bool:
    return (
        isinstance(app.screen, FormScreen)
        and bool(app.screen.query("#send"))
        and (app.focused is not None)
    )


def book_of(app: NovelcraftApp) -> Book:
    screen = app.screen
    assert isinstance(screen, NovelScreen)
    assert screen.book is not None
    return screen.book


def form(book: Book, begins: str, scene: int | None = None) -> Form:
    found = forms(book, book.scene(scene) if scene else None)
    return next(form for form in found if form.title.startswith(begins))


async def fill(pilot: Pilot[None], app: NovelcraftApp, form: Form, given: dict[str, str]) -> None:
    """Open a form, write into its fields and send it, by its widgets and keys."""
    screen = app.screen
    assert isinstance(screen, NovelScreen)
    screen.ask_form(form)
    await until(pilot, lambda: is_asked(app))
    for name, text in given.items():
        widget = app.screen.query_one(f"#field-{name}")
        if isinstance(widget, TextArea):
            widget.text = text
        else:
            assert isinstance(widget, Input)
            widget.value = text
    await pilot.press("ctrl+s")


def plan(book: Book) -> Plan:
    book.refresh()
    assert book.plan is not None
    return book.plan


CASES: list[tuple[str, int | None, dict[str, str], Callable[[Book], Any], Any]] = [
    ("Change the brief", 4, {"goal": "Find it"}, lambda b: plan(b).scenes[3].goal, "Find it"),
    ("Change the outline", 4, {"title": "Salt"}, lambda b: plan(b).chapters[1].title, "Salt"),
    ("Change the world", None, {"text": "All wet."}, lambda b: plan(b).world.text, "All wet."),
    ("Change {name}", None, {"want": "Sleep"}, lambda b: plan(b).cast[0].want, "Sleep"),
    (
        "Fork after",
        2,
        {"name": "dark"},
        lambda b: len(b.store.chain(b.store.branch("dark").head)),
        2,
    ),
    (
        "Pin a fact of",
        None,
        {"subject": "Nils", "statement": "limps"},
        lambda b: b.acts()[0].status,
        "applied",
    ),
]


@pytest.mark.parametrize(("begins", "scene", "given", "now", "expected"), CASES)
async def test_what_needs_no_model_is_done_at_once(
    serve: Serve,
    make_novel: MakeNovel,
    begins: str,
    scene: int | None,
    given: dict[str, str],
    now: Callable[[Book], Any],
    expected: Any,
) -> None:
    folder = await make_novel(serve(), 3)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        before = plan(book)
        chosen = form(book, begins.format(name=before.cast[0].name), scene)
        await fill(pilot, app, chosen, given)
        await until(pilot, lambda: book.acts() and book.acts()[0].status != "pending")
        record = book.acts()[0]
        assert record.status == "applied", record.reason
        assert now(book) == expected
        # What it did not say stands as it was.
        assert len(plan(book).scenes) == len(before.scenes)
        assert plan(book).core == before.core
        assert len(book.chain) == 3


async def test_a_form_whose_act_is_refused_stays_with_what_was_typed(
    serve: Serve, make_novel: MakeNovel
) -> None:
    app = room_of(await make_novel(serve(), 3))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        await fill(pilot, app, form(book, "Fork after", 2), {"name": "she stays"})
        problem = app.screen.query_one("#problem", Static)
        await until(pilot, lambda: "Use letters" in str(problem.render()))
        name = app.screen.query_one("#field-name", Input)
        assert name.value == "she stays"
        name.value = "she-stays"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NovelScreen))
        assert [record.status for record in book.acts()] == ["applied", "refused"]


async def test_a_note_reaches_the_narrator_of_a_run_and_can_be_taken_back_until_then(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    go_on, script = threading.Event(), s.Script()
    script.on(s.prose, s.hold(go_on, after=10), after=1, count=1)
    server = serve(script=script)
    folder = await make_novel(server)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("w")
        await until(pilot, lambda: holder(folder))
        screen = app.screen
        assert isinstance(screen, NovelScreen)
        await until(pilot, lambda: len(screen.chain) == 1)
        # The second scene is held in its draft: until then a note could be taken at once.
        await until(pilot, lambda: sum(map(s.prose, server.requests)) == 2)
        book = book_of(app)
        for text in ("Let it rain amber.", "Let nobody speak."):
            await pilot.press("n")
            await until(pilot, lambda: is_asked(app))
            app.screen.query_one(TextArea).text = text
            await pilot.press("ctrl+s")
            await until(pilot, lambda: app.screen is screen)
        assert [r.status for r in book.acts()] == ["pending", "pending"]
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.focused, ActsTable))
        # The newest is under the cursor.
        await pilot.press("u")
        await until(pilot, lambda: book.acts()[0].status == "undone")
        go_on.set()
        await until(pilot, lambda: _taken(book.acts()[1]))
        await until(pilot, lambda: holder(folder) is None)
    told = "\n".join(request.prompt for request in server.requests)
    assert "Let it rain amber." in told
    assert "Let nobody speak." not in told


def _taken(record: ActRecord) -> bool:
    assert record.status in ("pending", "applied"), record.reason
    return record.status == "applied"


async def test_what_was_typed_is_thrown_away_only_when_asked_twice(
    serve: Serve, make_novel: MakeNovel
) -> None:
    folder = await make_novel(serve(), 1)
    app = room_of(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        room = app.screen
        await pilot.press("n")
        await until(pilot, lambda: is_asked(app))
        await pilot.press("h", "i", "escape")
        assert is_asked(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is room)
        assert book_of(app).acts() == []
