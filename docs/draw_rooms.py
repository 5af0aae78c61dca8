"""Draw the screens of the writing room, as they show a novel that is there.

python docs/draw_rooms.py NOVEL [FOLDER]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.homes import FolderHome
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.shelf import FolderShelf
from novelcraft.tui.widgets.book_pages import BookPages

IMAGES = Path(__file__).parent / "images"
SIZE = (120, 34)
PATIENCE = 400
"""Looks at whether a screen is there, a twentieth of a second each."""


async def draw(novel: Path, images: Path = IMAGES) -> list[Path]:
    """Draw writing, the book, a prompt with its budget, and a form; the files that were written."""
    app = NovelcraftApp(FolderShelf(novel.parent), FolderHome(novel))
    drawn = []

    def keep(name: str) -> None:
        drawn.append(images / f"tui-{name}.svg")
        drawn[-1].write_text(app.export_screenshot(title="Novelcraft"), encoding="utf-8")

    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        await pilot.pause(1.2)
        keep("writing")
        room = app.screen
        assert isinstance(room, NovelScreen)
        await pilot.press("2")
        shown = next((c for c in room.chain if c.findings), room.chain[-1])
        room.query_one(BookPages).open(shown.position, "")
        await _until(pilot, lambda: room.scene is not None)
        await pilot.pause(0.5)
        keep("book")
        await pilot.press(*["right_square_bracket"] * 6)
        await pilot.pause(0.5)
        keep("prompt")
        await pilot.press("n")
        await _until(pilot, lambda: isinstance(app.screen, FormScreen) and app.focused)
        await pilot.press(*"Let the letter be answered before dawn.")
        await pilot.pause(0.2)
        keep("form")
    return drawn


async def _until(pilot: Pilot[None], done: Callable[[], object]) -> None:
    for _ in range(PATIENCE):
        if done():
            return
        await pilot.pause(0.05)
    raise TimeoutError("a screen did not come")


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), Path(*sys.argv[2:]) if sys.argv[2:] else IMAGES))
