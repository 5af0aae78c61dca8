"""Who wrote a paragraph, and how it is pointed at."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.widgets import Static, TabbedContent

from novelcraft.tools.storage.lock import holder
from novelcraft.tui.origins import authors, spans
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.reader import Reader
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until
from tests.tui.test_steering import book_of, fill, form

NARRATED = "The sea was calm.\n\nA gull laughed at the keeper.\n\nNils rowed out.\n\nIt was late."


def test_a_persons_paragraphs_are_told_from_the_narrators() -> None:
    prose = (
        "The sea was calm.\n\nA gull laughed at the old keeper.\n"
        "He wrote back to it, as one does.\n\nIt was late."
    )
    assert authors(prose, NARRATED) == [
        "the narrator",
        "the narrator, changed by a person",
        "a person",
        "the narrator",
    ]
    assert authors(prose, "") == ["a person"] * 4
    assert authors(NARRATED, NARRATED) == ["the narrator"] * 4


class Page(App[None]):
    def compose(self) -> ComposeResult:
        yield Reader("|", id="reader")


def pointed(reader: Reader) -> str:
    """The rows with the sign, as the screen shows them."""
    rows = [reader.render_line(y).text for y in range(reader.size.height)]
    return " ".join(row.split("|", 1)[1].strip() for row in rows if "|" in row)


async def test_keys_and_mouse_point_at_paragraphs_and_a_long_one_is_read_to_its_end() -> None:
    long = "And on it went, wave upon wave. " * 40
    app = Page()
    async with app.run_test(size=(60, 12)) as pilot:
        reader = app.query_one(Reader)
        reader.show(f"{NARRATED}\n\n{long.strip()}\n\nThe end.")
        reader.focus()
        await until(pilot, lambda: pointed(reader) == "The sea was calm.")
        await pilot.press("j", "down", "k")
        assert pointed(reader) == "A gull laughed at the keeper."
        await pilot.click(Reader, offset=(10, reader.row_at(reader.text.find("Nils")) + 1))
        assert pointed(reader) == "Nils rowed out."
        seen = set[int]()
        while reader.at < len(spans(reader.text)) - 1:
            await pilot.press("down")
            top = reader.scroll_offset.y
            seen |= set(range(top, top + reader.size.height))
        assert seen >= set(range(reader.row_at(reader.text.find("And on")), len(reader.rows) - 1))
        assert "The end." in pointed(reader)
        while reader.at:
            await pilot.press("up")
        assert pointed(reader) == "The sea was calm."


async def test_the_page_from_says_which_call_wrote_the_paragraph_or_that_a_person_did(
    serve: Callable[..., FakeServer], make_novel: MakeNovel, left_alone: None
) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book, room = book_of(app), app.screen
        narrated = book.chain[0]
        pages = room.query_one(BookPages)
        origin = pages.query_one("#page-from Static", Static)
        await pilot.press("2")
        pages.open(1, "")
        await until(pilot, lambda: pages.reader.focus().has_focus)
        await pilot.press("enter")
        made = narrated.provenance
        await until(pilot, lambda: "Paragraph 1 of" in str(origin.render()))
        said = str(origin.render())
        assert "by the narrator\n" in said
        assert made.calls[0][:16] in said
        for fact in (made.model, str(made.seed), made.prompt_hash[:16], str(made.prompt_tokens)):
            assert fact in said

        first, *rest = narrated.prose.split("\n\n")
        words = "\n\n".join([first, "I put this here myself.", *rest])
        await fill(pilot, app, form(book, "Put your own words", 1), {"prose": words})
        await until(pilot, lambda: book.chain[0].prose == words)
        await until(pilot, lambda: holder(folder) is None)
        pages.query_one(TabbedContent).active = "page-text"
        await until(pilot, lambda: pages.reader.focus().has_focus)
        await until(pilot, lambda: pages.reader.text == words)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Paragraph 2 of" in str(origin.render()))
        said = str(origin.render())
        assert "written  by a person" in said
        assert made.calls[0][:16] not in said
        assert "by a person: 2" in said
        pages.query_one(TabbedContent).active = "page-text"
        await until(pilot, lambda: pages.reader.focus().has_focus)
        await pilot.press("k", "enter")
        await until(pilot, lambda: "Paragraph 1 of" in str(origin.render()))
        assert made.calls[0][:16] in str(origin.render())
