"""What the room shows of a book: steps, notes beside sentences, drafts, files changed by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App, ComposeResult
from textual.widgets import OptionList, Static, TabbedContent

from novelcraft.present.wording import number
from novelcraft.present.writing import WritingProgress
from novelcraft.state.acts import EditBrief, EditWorld
from novelcraft.state.events import DraftChecked, Drafting, PlanReady, SceneStarted, StepStarted
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.book import Place, Scene
from novelcraft.tui.forms import forms
from novelcraft.tui.marks import PLAIN
from novelcraft.tui.scene_forms import forks
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.widgets.asking import AskPane
from novelcraft.tui.widgets.book_pages import BookPages
from novelcraft.tui.widgets.loop_strip import LoopStrip, Took
from novelcraft.tui.widgets.outline import Outline
from novelcraft.tui.widgets.prose import Mark, ProseView
from novelcraft.tui.widgets.standing import Standing
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until

Serve = Callable[..., FakeServer]


def room(app: NovelcraftApp) -> NovelScreen:
    assert isinstance(app.screen, NovelScreen)
    return app.screen


async def opened(pilot: object, app: NovelcraftApp) -> NovelScreen:
    await until(pilot, lambda: isinstance(app.screen, NovelScreen) and room(app).chain)  # type: ignore[arg-type]
    return room(app)


class Strip(App[None]):
    def compose(self) -> ComposeResult:
        yield LoopStrip(PLAIN, attempts=3)


async def test_the_strip_takes_the_time_and_tokens_of_each_step() -> None:
    app = Strip()
    async with app.run_test(size=(120, 5)):
        strip = app.query_one(LoopStrip)
        plan = PlanReady(version=1, title="A", chapters=1, scenes=2, mends=0)
        scene = SceneStarted(
            scene_id="s001",
            chapter_id="ch01",
            position=1,
            scenes=2,
            attempt=1,
            target_words=100,
            goal="Go",
        )
        checked = DraftChecked(
            scene_id="s001", attempt=1, words=9, blocks=("a",), warns=0, verdict="redraft"
        )
        for event, at, tokens in (
            (plan, 100.0, 10),
            (StepStarted(step="recall"), 101.0, 10),
            (scene, 103.0, 10),
            (StepStarted(step="checks"), 110.0, 90),
            (checked, 111.0, 90),
            (scene.model_copy(update={"attempt": 2}), 111.0, 90),
            (StepStarted(step="checks"), 112.0, 90),  # heard after what is logged with its time
            (scene.model_copy(update={"attempt": 3}), 111.5, 90),
        ):
            strip.take(event, at, tokens)
        assert strip.took == {
            "brief": Took(1.0, 0),
            "recall": Took(2.0, 0),
            "draft": Took(8.0, 80),
            "checks": Took(1.0, 0),
        }
        assert "[draft 3 of 3]" in strip.content_now().plain


async def test_a_scene_that_is_drawn_again_does_not_count_twice(
    serve: Serve, make_novel: MakeNovel
) -> None:
    app = room_of(await make_novel(serve(), 3))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        book, standing, progress = screen.book, screen.query_one(Standing), WritingProgress()
        assert book is not None
        for position, words in ((2, book.words), (4, book.words + 500)):
            started = SceneStarted(
                scene_id=f"s00{position}",
                chapter_id="ch01",
                position=position,
                scenes=9,
                attempt=1,
                target_words=600,
                goal="Go",
            )
            progress.update(started, 1.0)
            drafted = Drafting(scene_id=started.scene_id, words=500, target_words=600)
            progress.update(drafted, 2.0)
            standing.show(book, progress, 3.0, running=True, starting=False)
            assert f" {number(words)} words" in str(standing.render())


class Page(App[None]):
    def compose(self) -> ComposeResult:
        yield ProseView()


def row_with(word: str, view: ProseView) -> str:
    """The first row that shows a word; empty where none does."""
    rows = (view.render_line(y).text for y in range(view.size.height))
    return next((row for row in rows if word in row), "")


@pytest.mark.parametrize(("width", "beside"), [(140, True), (80, False)])
async def test_what_was_found_stands_beside_its_sentence_where_there_is_room(
    width: int, beside: bool
) -> None:
    app = Page()
    async with app.run_test(size=(width, 10)) as pilot:
        view = app.query_one(ProseView)
        view.show("The sea was calm.\n\nA gull laughed.", [Mark("A gull laughed.", "1", "Gulls!")])
        await until(pilot, lambda: row_with("gull", view))
        row = row_with("gull", view)
        assert ("1 Gulls!" in row.split("laughed.")[1]) is beside


async def test_drafts_stand_side_by_side_and_the_price_below(
    serve: Serve, make_novel: MakeNovel
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), after=0, count=1)  # the first draft of the first scene
    folder = await make_novel(serve(script=script), 1)
    toml = folder / "novel.toml"
    toml.write_text(toml.read_text().replace("[roles.narrator]", "[roles.narrator]\nprice_out = 9"))
    app = room_of(folder)
    async with app.run_test(size=(200, 60)) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: "cost " in str(screen.query_one(Standing).render()))
        await pilot.press("2", "down", "down", "down")
        await until(pilot, lambda: screen.scene is not None)
        screen.query_one(BookPages).query_one(TabbedContent).active = "page-drafts"
        await until(pilot, lambda: len(screen.query("Columns ProseView")) == 2)
        heads = [str(each.render()) for each in screen.query("Columns Static").results(Static)]
        assert heads[0].startswith("Draft 1\n1 block")
        assert heads[1].startswith("Draft 2, which is in the book")


async def test_a_sentence_that_an_answer_rests_on_opens_in_its_scene(
    serve: Serve, make_novel: MakeNovel
) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        sentence = screen.chain[1].prose.split(".")[-2].strip()
        await pilot.press("3")
        cited = screen.query_one("#cited", OptionList)
        screen.query_one(AskPane).show_answer("So it is.", [AskPane.Opened(2, sentence)])
        await until(pilot, lambda: app.focused is cited)
        await pilot.press("down", "enter")
        reader = screen.query_one("#reader", ProseView)
        await until(pilot, lambda: reader.text == screen.chain[1].prose)
        assert screen.query_one("#room", TabbedContent).active == "book"
        await until(pilot, lambda: screen.scene is not None and screen.scene.number == 2)


async def test_a_manuscript_changed_by_hand_is_offered_and_taken(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        file, last = folder / "manuscript.md", screen.chain[1].prose.split("\n\n")[-1]
        text = file.read_text("utf-8")
        assert last in text
        file.write_text(text.replace(last, "She went home by the shore, and slept."), "utf-8")
        offered = next(c for c in screen.commands() if "manuscript" in c.title)
        assert offered.title.endswith("scene 2")
        offered.callback()
        await until(pilot, lambda: "by the shore" in screen.chain[1].prose)
        assert screen.chain[1].accepted_by == "person"
        await until(pilot, lambda: not any(w.group == "sync" for w in app.workers))


async def test_a_novel_that_cannot_be_read_says_so_until_it_can(
    serve: Serve, make_novel: MakeNovel
) -> None:
    folder = await make_novel(serve(), 1)
    toml = folder / "novel.toml"
    good = toml.read_text()
    toml.write_text("[novel]\npages = -3\n")
    app = room_of(folder)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen))
        screen = room(app)
        await until(pilot, lambda: "pages" in screen.prose.text)
        heading = screen.query_one("#title", Static)
        await until(pilot, lambda: "cannot be read" in str(heading.render()))
        toml.write_text(good)
        await until(pilot, lambda: screen.chain and "pages" not in screen.prose.text)


def place_at(outline: Outline) -> object:
    return outline.cursor_node.data if outline.cursor_node else None


async def test_a_room_opens_where_it_was_left(serve: Serve, make_novel: MakeNovel) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("2")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "outline")
        screen.query_one(BookPages).open(2, "")
        outline = screen.query_one(Outline)
        await until(pilot, lambda: isinstance(place_at(outline), Scene))
    again = room_of(folder)
    async with again.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, again)
        await until(pilot, lambda: screen.query_one("#room", TabbedContent).active == "book")
        await until(pilot, lambda: screen.scene is not None and screen.scene.number == 2)
        reader = screen.query_one("#reader", ProseView)
        await until(pilot, lambda: reader.text == screen.chain[1].prose)
    (folder / ".room.json").write_text("{not what it was", encoding="utf-8")
    last = room_of(folder)
    async with last.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, last)
        assert screen.query_one("#room", TabbedContent).active == "writing"


async def test_what_a_person_edited_is_marked_as_the_authors(
    serve: Serve, make_novel: MakeNovel
) -> None:
    folder = await make_novel(serve(), 1)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        pages = screen.query_one(BookPages)
        assert screen.book is not None
        screen.book.put(EditWorld(changes={"text": "All is salt."}))
        screen.book.put(EditBrief(scene="2", changes={"goal": "Salt it."}))
        screen.reread()
        pages.open(2, "")
        tabs = pages.query_one(TabbedContent)
        tabs.active = "page-people"
        people = pages.query_one("#page-people Static", Static)
        await until(pilot, lambda: "── World  [author] ──" in str(people.render()))
        assert str(people.render()).count("[author]") == 2  # the title was given
        tabs.active = "page-brief"
        brief = pages.query_one("#page-brief Static", Static)
        await until(pilot, lambda: "Scene 2  [author]" in str(brief.render()))
        pages.open(1, "")
        tabs.active = "page-brief"
        await until(pilot, lambda: "Scene 1" in str(brief.render()))
        assert "[author]" not in str(brief.render())


async def test_a_branch_leaves_anywhere_and_is_opened_in_the_room(
    serve: Serve, make_novel: MakeNovel
) -> None:
    folder = await make_novel(serve(), 4)  # the first chapter, and a scene of the second
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app)
        book = screen.book
        assert book is not None
        assert book.plan is not None
        first, second, third = book.plan.chapters
        last = "Fork after scene 4, the last that is written"
        offers: list[tuple[Place | None, list[str]]] = [
            (first, ["Fork before chapter 1", "Fork after chapter 1"]),
            (second, ["Fork before chapter 2"]),
            (third, [last]),
            (book.scene(2), ["Fork after scene 2"]),
            (book.scene(6), [last]),
            (None, [last]),
        ]
        for place, offered in offers:
            assert [form.title for form in forks(book, place)] == offered
        await pilot.press("2")
        outline = screen.query_one(Outline)
        outline.point_at(second)
        await until(pilot, lambda: screen.place == second)
        screen.ask_form(next(f for f in forms(book, screen.place) if f.title.startswith("Fork")))
        await until(pilot, lambda: isinstance(app.screen, FormScreen) and app.focused)
        await pilot.press(*"salt", "ctrl+s")
        await until(pilot, lambda: app.screen is screen)
        assert book.store.chain(book.store.branch("salt").head) == book.chain[:3]
        next(c for c in screen.commands() if c.title == "Open branch salt").callback()
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen is not screen)
        await until(pilot, lambda: room(app).chain == room(app).chain[:3] != [])
        assert "(salt)" in str(room(app).query_one("#title", Static).render())
