"""A novel that is begun in the room."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Input, Static, TextArea

from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.screens.start import StartScreen
from novelcraft.tui.shelf import FolderShelf
from tests.cli.conftest import point_roles_at
from tests.fakes.server import FakeServer
from tests.tui.conftest import until

PREMISE = "A lighthouse keeper finds that the sea answers letters"


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
        app.screen.query_one("#premise", TextArea).text = PREMISE
        app.screen.query_one("#people", TextArea).text = "Elias Marrow, who cannot swim."
        app.screen.query_one("#pages", Input).value = "3"
        app.screen.query_one("#folder", Input).value = "../elsewhere"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "cannot be a folder" in str(problem.render()))
        app.screen.query_one("#folder", Input).value = ""
        assert isinstance(app.screen, StartScreen)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, NovelScreen))
        room = app.screen
        assert isinstance(room, NovelScreen)
        assert room.home.folder is not None
        await until(pilot, lambda: len(room.chain) >= 1)
    made = tomllib.loads((room.home.folder / "novel.toml").read_text())["novel"]
    assert room.home.name == "a-lighthouse-keeper-finds-that-the-sea"
    assert made["premise"].split("\n\n") == [PREMISE, "People:\nElias Marrow, who cannot swim."]
    assert made["pages"] == 3
    # The planner is told it.
    assert any("who cannot swim." in request.prompt for request in server.requests)
