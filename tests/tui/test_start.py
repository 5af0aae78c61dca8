"""A novel that is begun in the room."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input, Static, TextArea

from novelcraft.graphs.steering import waiting_at
from novelcraft.state.acts import Stop
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.screens.start import StartScreen
from novelcraft.tui.shelf import FolderShelf
from tests.cli.conftest import point_roles_at
from tests.fakes.server import FakeServer
from tests.tui.conftest import until
from tests.tui.test_faults import said

CAST = "## Elias Marrow\n\nHe cannot swim."
ENDING = "Nobody lights the lamp again."
PREMISE = "A lighthouse keeper finds that the sea answers letters"


def heading(room: NovelScreen) -> str:
    """What the room's first line says."""
    return str(room.query_one("#title", Static).render())


async def test_a_book_is_begun_with_what_the_author_says_word_for_word(
    serve: Callable[..., FakeServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left_alone: None,
) -> None:
    server = serve()
    point_roles_at(server, monkeypatch)
    app = NovelcraftApp(FolderShelf(tmp_path))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query("#write") and app.focused)
        await pilot.press("ctrl+s")
        problem = app.screen.query_one("#problem", Static)
        await until(pilot, lambda: "no book" in str(problem.render()))
        assert {field.size.height for field in app.screen.query(Input)} == {1}
        app.screen.query_one("#premise", TextArea).text = PREMISE
        app.screen.query_one("#people", TextArea).text = CAST
        app.screen.query_one("#must", TextArea).text = "The lamp goes out."
        app.screen.query_one("#ending", Input).value = ENDING
        app.screen.query_one("#attend", Input).value = "plan, dawn"
        app.screen.query_one("#pages", Input).value = "3"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "cannot wait at 'dawn'" in str(problem.render()))
        app.screen.query_one("#attend", Input).value = ""
        app.screen.query_one("#folder", Input).value = "../elsewhere"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "cannot be a folder" in str(problem.render()))
        app.screen.query_one("#folder", Input).value = ""
        app.screen.query_one("#attend", Input).value = "plan, chapter"
        assert isinstance(app.screen, StartScreen)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NovelScreen))
        room = app.screen
        assert isinstance(room, NovelScreen)
        assert room.home.folder is not None
        # Nobody is told to begin what was begun, and a key too many begins nothing.
        await pilot.press("w")
        seen: set[str] = set()

        def is_written() -> str:
            seen.add(heading(room))
            return room.writer

        await until(pilot, is_written)
        assert not [line for line in seen if "nobody is writing" in line]
        # It waits at the plan, as was asked, and the plan holds what the author says.
        await until(pilot, lambda: room.book and waiting_at(room.book.store, "main"))
        assert room.book is not None
        store = room.book.store
        plan = store.plan(store.branch("main").plan_version or 0)
        store.put_act(Stop(), branch="main", by="")
    made = tomllib.loads((room.home.folder / "novel.toml").read_text())
    assert room.home.name == "a-lighthouse-keeper-finds-that-the-sea"
    assert made["novel"] == {"premise": PREMISE, "ending": ENDING, "pages": 3, "seed": 1}
    assert made["write"]["attend"] == ["plan", "chapter"]
    assert (room.home.folder / "cast.md").read_text() == f"{CAST}\n"
    assert (plan.cast[0].name, plan.cast[0].about) == ("Elias Marrow", "He cannot swim.")
    assert plan.core.ending == ENDING
    assert plan.authored.must_happen == "The lamp goes out."
    assert any("He cannot swim." in request.prompt for request in server.requests)


async def test_a_run_that_cannot_even_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NARRATOR_ADAPTER", "nobody-has-it")
    app = NovelcraftApp(FolderShelf(tmp_path))
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query("#write") and app.focused)
        app.screen.query_one("#premise", TextArea).text = PREMISE
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "nobody-has-it" in said(app))
        room = app.screen
        assert isinstance(room, NovelScreen)
        await until(pilot, lambda: "nobody is writing" in heading(room))


async def test_what_was_typed_is_neither_left_out_nor_thrown_away_unasked(tmp_path: Path) -> None:
    app = NovelcraftApp(FolderShelf(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query("#write") and app.focused)
        form = app.screen
        problem = form.query_one("#problem", Static)
        form.query_one("#pages", Input).value = ""
        # Keys that come faster than the fields take them.
        for key in (*"A lamp", "tab", *"Mara", "ctrl+s"):
            app.simulate_key(key)
        await until(pilot, lambda: "How long" in str(problem.render()))
        assert form.query_one("#premise", TextArea).text == "A lamp"
        assert form.query_one("#people", TextArea).text == "Mara"
        assert problem.region.bottom <= 24
        await pilot.press("escape")
        await until(pilot, lambda: "throw away" in str(problem.render()))
        assert app.screen is form
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not form)
    assert not list(tmp_path.iterdir())


async def test_files_that_are_there_are_named_and_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "sea").mkdir()
    file = tmp_path / "sea" / "world.md"
    file.write_text("A rock in 1911.\n", encoding="utf-8")
    app = NovelcraftApp(FolderShelf(tmp_path))
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query("#write") and app.focused)
        found = app.screen.query_one("#found", Static)
        assert "outline.md in its folder are taken up" in str(found.render())
        app.screen.query_one("#premise", TextArea).text = PREMISE
        app.screen.query_one("#folder", Input).value = "sea"
        await until(pilot, lambda: "Taken up, and kept" in str(found.render()))
        assert "world.md (4 words)" in str(found.render())
        app.screen.query_one("#world", TextArea).text = "Somewhere else."
        await pilot.press("ctrl+s")
        problem = app.screen.query_one("#problem", Static)
        await until(pilot, lambda: "world.md is there already" in str(problem.render()))
        app.screen.query_one("#world", TextArea).text = ""
        app.screen.query_one("#people", TextArea).text = "## Ada\n\n## ada"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "on line 1 already" in str(problem.render()))
        file.write_bytes(b"\xff")
        app.screen.query_one("#folder", Input).value = "sea "
        await until(pilot, lambda: "byte 0 is not UTF-8" in str(found.render()))
    assert [path.name for path in (tmp_path / "sea").iterdir()] == ["world.md"]
