"""The room of novels in PostgreSQL: workers write them, and they are read and steered from here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import DataTable, Static

from novelcraft.errors import InputError
from novelcraft.state.acts import Note
from novelcraft.state.batch import RowProgress
from novelcraft.tools.batch.shared import Lease, open_novel_store, open_shared
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tui.app import NovelcraftApp
from novelcraft.tui.homes import SharedHome
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.screens.shelf import ShelfScreen
from novelcraft.tui.shelf import SharedShelf
from novelcraft.tui.widgets.acts import ActsTable
from tests import factories
from tests.fakes.process import fake_process
from tests.graphs.batch.proxy import Wire
from tests.graphs.batch.workers import Workers, rows
from tests.tools.canon.conftest import begin
from tests.tui.conftest import until


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with Workers(tmp_path) as made:
        yield made


def room(app: NovelcraftApp) -> NovelScreen:
    assert isinstance(app.screen, NovelScreen)
    return app.screen


def title(app: NovelcraftApp) -> str:
    return str(room(app).query_one("#title", Static).render())


def told(app: NovelcraftApp) -> str:
    return " ".join(notice.message for notice in app._notifications)


def add_novel(database: str, batch: BatchStore, scenes: int) -> None:
    """The batch's first novel, with so many scenes."""
    batch.take(rows("http://127.0.0.1:9", 2), [])
    batch.note("n0", RowProgress(status="writing", scenes=scenes, scenes_planned=5, words=99))
    with open_novel_store(database, 1, "0" * 32, guard=None, idle_seconds=60) as store:
        begin(store)
        for commit in factories.chain(scenes):
            store.commit("main", commit)


async def test_a_worker_is_followed_and_steered_from_the_shelf(
    database: str, workers: Workers
) -> None:
    with (
        fake_process("--script", "tests.graphs.batch.slowly:script") as base_url,
        open_shared(database) as batch,
    ):
        batch.take(rows(base_url, 1), [])
        app = NovelcraftApp(SharedShelf(database, batch))
        async with app.run_test(size=(120, 40)) as pilot:
            table = app.screen.query_one(DataTable)
            await until(pilot, lambda: table.row_count == 1)
            assert table.get_row_at(0)[:2] == ["n0", "waiting"]
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, NovelScreen))
            await until(pilot, lambda: "n0   nobody is writing" in title(app))
            worker = workers.start(database)
            await until(pilot, lambda: room(app).chain, say=workers.logs())
            await until(pilot, lambda: f":{worker.pid}" in title(app))
            assert "being written by" in title(app)
            room(app).leave_act(Note(text="Let it snow"))
            acts = room(app).query_one(ActsTable)
            assert acts.records[0].status == "pending"
            await until(pilot, lambda: acts.records[0].status == "applied")
            await until(pilot, lambda: batch.entry("n0")[1].standing.status == "finished")
            await until(pilot, lambda: "nobody is writing" in title(app))
            scenes = batch.entry("n0")[1].standing.scenes
            await until(pilot, lambda: len(room(app).chain) == scenes)
            book = room(app).book
            assert book is not None
            prompts = [book.prompt(scene) for scene in book.scenes()]
            assert any("Let it snow" in prompt for prompt in prompts)
            with pytest.raises(InputError, match="n0 is finished"):
                book.put(Note(text="More snow"))


async def test_what_a_room_cannot_do_there_is_said(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_shared(database) as batch:
        add_novel(database, batch, 2)
        app = NovelcraftApp(SharedShelf(database, batch), SharedHome(database, batch, "n0"))
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: len(room(app).chain) == 2)
            await pilot.press("w")
            await until(pilot, lambda: "novelcraft worker" in told(app))
            assert "cannot be asked from here" in str(room(app).query_one("#answer").render())
            await pilot.press("x")
            await until(pilot, lambda: ".epub" in told(app))
            assert list((tmp_path / "n0").glob("exports/*.epub"))
            room(app).leave_act(Note(text="Let it snow"))
            await until(pilot, lambda: "taken when a run goes on" in told(app))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ShelfScreen))
            await pilot.press("n")
            await until(pilot, lambda: "novelcraft batch" in told(app))


async def test_a_database_that_is_cut_off_is_told_and_waited_for(database: str) -> None:
    with Wire(database) as wire, open_shared(wire.url) as batch:
        add_novel(database, batch, 1)
        lease = Lease.take(batch, "n0", 600)
        assert lease is not None
        app = NovelcraftApp(SharedShelf(wire.url, batch), SharedHome(wire.url, batch, "n0"))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "being written" in title(app))
            wire.cut()
            await until(pilot, lambda: "cannot be read" in title(app))
            wire.mend()
            await until(pilot, lambda: "being written" in title(app))
            assert len(room(app).chain) == 1
