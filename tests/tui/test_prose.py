"""How prose is laid out in its column."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.strip import Strip

from novelcraft.tui.rows import wrap
from novelcraft.tui.widgets.prose import Mark, ProseView
from tests.tui.conftest import until

TEXTS = st.text(alphabet="ab 海\n", max_size=200)


class Page(App[None]):
    def compose(self) -> ComposeResult:
        yield ProseView()


@given(TEXTS, st.integers(2, 12))
def test_rows_fit_and_hold_all_words_in_order(text: str, width: int) -> None:
    rows = wrap(text, 0, width)
    shown = [text[row.begin : row.end] for row in rows]
    assert all(cell_len(line.strip()) <= width for line in shown)
    assert "".join("".join(shown).split()) == "".join(text.split())


@given(TEXTS, st.lists(st.integers(0, 200)))
def test_a_text_that_grows_in_pieces_has_the_rows_of_the_whole(text: str, cuts: list[int]) -> None:
    view = ProseView()
    at = 0
    for cut in [*sorted(c for c in cuts if c < len(text)), len(text)]:
        view.take_in(at, text[at:cut], 11)
        at = cut
    assert view.text == text
    assert view.rows == wrap(text, 0, 11)


async def test_its_end_stays_in_view_until_a_person_scrolls_away() -> None:
    app = Page()
    async with app.run_test(size=(60, 10)) as pilot:
        view = app.query_one(ProseView)
        for _ in range(30):
            view.grow(len(view.text), "One more sentence for the book that grows. \n")
            await pilot.pause()
        await until(pilot, lambda: view.scroll_offset.y == view.max_scroll_y > 0)
        view.scroll_to(y=0, animate=False)
        await until(pilot, lambda: view.scroll_offset.y == 0)
        before = view.max_scroll_y
        view.grow(len(view.text), "Another line.\n" * 5)
        await until(pilot, lambda: view.max_scroll_y > before)
        await pilot.pause()
        assert view.scroll_offset.y == 0


async def test_its_end_stays_in_view_of_a_text_that_outgrows_the_screen_at_once() -> None:
    app = Page()
    async with app.run_test(size=(60, 10)) as pilot:
        view = app.query_one(ProseView)
        view.grow(0, "One sentence of the book.\n")
        await pilot.pause()
        view.grow(len(view.text), "All that came meanwhile.\n" * 20)
        await until(pilot, lambda: view.scroll_offset.y == view.max_scroll_y > 0, seconds=20)


async def test_who_comes_in_the_middle_of_a_draft_sees_its_end() -> None:
    app = Page()
    async with app.run_test(size=(60, 10)) as pilot:
        view = app.query_one(ProseView)
        view.show("The scene before.\n" * 40)
        await until(pilot, lambda: view.max_scroll_y > 0)
        # As it is told to a room that opens: all at once.
        view.show("")
        view.grow(0, "What there is of the draft so far.\n" * 20)
        await until(pilot, lambda: view.scroll_offset.y == view.max_scroll_y > 0)
        await pilot.pause()
        view.grow(len(view.text), "And what comes.\n" * 5)
        await until(pilot, lambda: view.max_scroll_y > 15)
        await pilot.pause()
        assert view.scroll_offset.y == view.max_scroll_y


def shown(view: ProseView) -> list[Strip]:
    return [view.render_line(y) for y in range(view.size.height)]


async def test_a_quote_is_marked_with_its_number_in_the_margin() -> None:
    app = Page()
    async with app.run_test(size=(60, 10)) as pilot:
        view = app.query_one(ProseView)
        view.show("The sea was calm. " * 40 + "\n\nA gull laughed.", [Mark("A gull laughed.", "3")])
        assert view.go_to("A gull laughed.")
        await until(pilot, lambda: any("gull" in strip.text for strip in shown(view)))
        marked = next(strip for strip in shown(view) if "gull" in strip.text)
        assert marked.text.split()[0] == "3"
        underlined = "".join(s.text for s in marked if s.style and s.style.underline)
        assert underlined == "A gull laughed."
