"""Many novels at once, against the fake server."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ProjectBusyError
from novelcraft.graphs.batch.accepting import accept
from novelcraft.graphs.batch.novel_run import STOPPED
from novelcraft.graphs.batch.run import Batch, usual_jobs
from novelcraft.graphs.novel import Novel
from novelcraft.state.acts import Stop
from novelcraft.state.batch import BatchEvent, BatchRow, NovelBegun, RowProgress
from novelcraft.tools.batch.store import BatchStore
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import ProjectLock
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.conftest import settings

Serve = Callable[..., FakeServer]

SUBJECTS = ("lighthouse", "orchard", "ferry", "archive", "quarry", "observatory", "mill", "school")
PRICES = {"price_in": 1.0, "price_out": 10.0}


def row(server: FakeServer, name: str, cap: float | None = None, **sections: Any) -> BatchRow:
    """A short novel on that server."""
    premise = f"The keeper of the {name} finds that the sea answers letters"
    given = settings(server, novel={"premise": premise, "pages": 2}, **sections)
    dumped = given.model_dump(exclude_unset=True, include={"novel", "write", "roles"})
    return BatchRow(name=name, settings=dumped, cap=cap)


def priced(server: FakeServer) -> dict[str, dict[str, Any]]:
    role = {"model": "openai:fake-model", "base_url": server.base_url, **PRICES}
    return {"reasoning": role, "narrator": role, "cheap": role}


@dataclass
class Shelf:
    """A shelf with its table, and the events of its last run."""

    folder: Path
    environ: dict[str, str]
    events: list[BatchEvent] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, *rows: BatchRow) -> None:
        with BatchStore(self.folder / "batch.db") as store:
            accept(self.folder, store, *store.compare(rows))

    async def run(self, jobs: int = 4, budget: float | None = None) -> dict[str, RowProgress]:
        self.events.clear()
        with BatchStore(self.folder / "batch.db") as store:
            batch = Batch(self.folder, store, jobs=jobs, budget=budget, environ=self.environ)
            await batch.run(self.hear)
        return self.standings()

    def standings(self) -> dict[str, RowProgress]:
        with BatchStore(self.folder / "batch.db") as store:
            return {entry.row.name: entry.standing for entry in store.entries()}

    async def grown(self, times: int) -> None:
        """Wait until novels of the run have grown so often."""
        while len(self.of("novel_grew")) < times:
            self.news.clear()
            await self.news.wait()

    def hear(self, event: BatchEvent) -> None:
        self.events.append(event)
        self.news.set()

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.kind == kind]

    def books(self) -> dict[str, str]:
        """A hash of each file that makes up a novel, by its path on the shelf."""
        files = [*self.folder.glob("*/manuscript.md"), *self.folder.glob("*/exports/*.epub")]
        return {
            str(file.relative_to(self.folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in files
        }

    def scenes(self, name: str) -> list[str]:
        with Novel.open(self.folder / name, environ=self.environ) as novel:
            return novel.store.commit_ids(novel.store.branch("main").head)


@pytest.fixture
def shelf(tmp_path: Path) -> Callable[..., Shelf]:
    user = tmp_path / "config.toml"
    user.write_text("", encoding="utf-8")

    def make(name: str = "shelf") -> Shelf:
        folder = tmp_path / name
        folder.mkdir()
        return Shelf(folder, {"NOVELCRAFT_CONFIG": str(user)})

    return make


class Gauge:
    """Counts the calls that a server has in hand at once.

    The first ones stay until there are as many as are to be expected, however slow the machine is.
    """

    def __init__(self, expected: int) -> None:
        self.now = self.most = 0
        self._expected = expected
        self._lock = threading.Lock()
        self._reached = threading.Event()

    def __call__(self, _request: ChatRequest, plain: Answer) -> Answer:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now >= self._expected:
                self._reached.set()
        self._reached.wait(10)
        time.sleep(0.01)
        with self._lock:
            self.now -= 1
        return plain


async def test_novels_are_the_same_byte_for_byte_one_by_one_and_all_at_once(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    subjects = SUBJECTS[:4]
    alone, together = shelf("alone"), shelf("together")
    for each in (alone, together):
        each.take(*(row(server, name) for name in subjects))
    await alone.run(jobs=1)
    standings = await together.run(jobs=len(subjects))
    assert {standing.status for standing in standings.values()} == {"finished"}
    assert len(alone.books()) == 2 * len(subjects)
    assert alone.books() == together.books()
    sessions = {request.headers.get("x-session-id") for request in server.requests}
    assert len(sessions - {None}) == len(subjects), "each novel keeps to its replica"
    begun = together.events[: len(subjects)]
    assert begun == [NovelBegun(name=name) for name in subjects], (
        "all were in flight before the first one grew"
    )


async def test_a_shared_server_gets_no_more_calls_than_it_takes(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    gauge = Gauge(expected=3)
    script = s.Script()
    script.on(s.anything, gauge)
    server = serve(script=script)
    batch = shelf()
    role = {"model": "openai:fake-model", "base_url": server.base_url, "max_concurrency": 3}
    roles = {"reasoning": role, "narrator": role, "cheap": role}
    batch.take(*(row(server, name, roles=roles) for name in SUBJECTS[:4]))
    standings = await batch.run(jobs=4)
    assert {standing.status for standing in standings.values()} == {"finished"}
    assert gauge.most == 3


async def test_novels_on_shared_servers_take_turns(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    role = {"model": "openai:fake-model", "base_url": server.base_url, "max_concurrency": 1}
    roles = {"reasoning": role, "narrator": role, "cheap": role}
    batch.take(*(row(server, name, roles=roles) for name in SUBJECTS[:3]))
    await batch.run(jobs=3)
    done = dict.fromkeys(SUBJECTS[:3], 0)
    for event in batch.of("novel_grew"):
        done[event.name] = event.scenes
        assert max(done.values()) - min(done.values()) <= 3, "none is left far behind"


async def test_a_novel_that_fails_harms_no_other_and_is_tried_again(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    script = s.Script()
    broken = script.on(s.has("keeper of the orchard"), s.fail(400))
    server = serve(script=script)
    batch = shelf()
    batch.take(*(row(server, name) for name in SUBJECTS[:3]))
    standings = await batch.run()
    assert {name: st.status for name, st in standings.items()} == {
        "lighthouse": "finished",
        "orchard": "failed",
        "ferry": "finished",
    }
    assert "staged fault 400" in standings["orchard"].error
    script.rules.remove(broken)
    asked = len(server.requests)
    standings = await batch.run()
    assert standings["orchard"].status == "finished"
    assert standings["orchard"].error == ""
    assert not any("the ferry" in r.prompt for r in server.requests[asked:])


async def test_a_fault_of_ours_is_a_row_with_an_error(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    batch.take(row(server, "lighthouse"), row(server, "orchard"))
    (batch.folder / "orchard").write_text("a file where the folder goes", encoding="utf-8")
    standings = await batch.run()
    assert standings["lighthouse"].status == "finished"
    assert standings["orchard"].status == "failed"
    assert standings["orchard"].error


async def test_a_stopped_batch_goes_on_and_asks_nothing_twice(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    whole, batch = shelf("whole"), shelf("stopped")
    for each in (whole, batch):
        each.take(*(row(server, name) for name in SUBJECTS[:3]))
    await whole.run()
    running = asyncio.create_task(batch.run())
    await batch.grown(5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    standings = batch.standings()
    assert {st.status for st in standings.values()} <= {"waiting", "finished"}
    kept = {name: batch.scenes(name) for name in standings}
    standings = await batch.run()
    assert {st.status for st in standings.values()} == {"finished"}
    for name, scenes in kept.items():
        assert batch.scenes(name)[: len(scenes)] == scenes
    assert batch.books() == whole.books()


async def test_a_cap_pauses_one_novel_and_says_so(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    roles = priced(server)
    batch.take(row(server, "mill", cap=0.01, roles=roles), row(server, "school", roles=roles))
    standings = await batch.run()
    assert standings["school"].status == "finished"
    mill = standings["mill"]
    assert mill.status == "paused"
    assert "could pass the limit of a cost of 0.01" in mill.error
    read, written = mill.prompt_tokens * 1.0, mill.completion_tokens * 10.0
    assert mill.cost == pytest.approx((read + written) / 1_000_000)
    assert 0 < mill.cost <= 0.01
    asked = len(server.requests)
    await batch.run()
    assert len([r for r in server.requests[asked:] if not s.trial(r)]) == 0
    batch.take(row(server, "mill", cap=50, roles=roles))
    assert (await batch.run())["mill"].status == "finished"


async def test_a_novel_that_a_person_stops_is_paused_and_goes_on(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    batch = shelf()
    batch.take(row(serve(), "mill"))
    running = asyncio.create_task(batch.run())
    await batch.grown(2)
    with ManuscriptStore.open(batch.folder / "mill" / "novel.db") as store:
        store.put_act(Stop(), branch="main", by="me")
    await running
    mill = batch.standings()["mill"]
    assert (mill.status, mill.error) == ("paused", STOPPED)
    assert mill.scenes < mill.scenes_planned
    mill = (await batch.run())["mill"]
    assert (mill.status, mill.error) == ("finished", "")


async def test_a_budget_pauses_the_batch_and_begins_no_further_novel(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    batch.take(*(row(server, name, roles=priced(server)) for name in SUBJECTS[:4]))
    standings = await batch.run(jobs=1, budget=0.01)
    assert [st.status for st in standings.values()] == ["paused", "waiting", "waiting", "waiting"]
    (held,) = batch.of("batch_held")
    assert "the batch may cost 0.01" in held.reason
    standings = await batch.run(jobs=2, budget=1000)
    assert {st.status for st in standings.values()} == {"finished"}


async def test_a_bound_on_cost_without_prices_is_refused(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    batch.take(row(server, "mill", cap=1))
    standing = (await batch.run())["mill"]
    assert standing.status == "failed"
    assert "no role has a price" in standing.error
    assert not server.requests


async def test_no_further_novel_is_begun_once_no_server_answers(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    with FakeServer() as gone:
        pass
    role = {"model": "openai:fake-model", "base_url": gone.base_url, "patience": 0}
    roles = {"reasoning": role, "narrator": role, "cheap": role}
    batch = shelf()
    batch.take(*(row(gone, name, roles=roles) for name in SUBJECTS))
    standings = await batch.run(jobs=1)
    assert [st.status for st in standings.values()] == ["failed"] * 3 + ["waiting"] * 5
    assert "3 novels in a row failed" in batch.of("batch_held")[0].reason


async def test_a_changed_row_reaches_the_novels_own_settings(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    first = row(server, "mill")
    batch.take(first)
    await batch.run()
    asked = {**first.settings, "novel": {**first.settings["novel"], "author": "A. Person"}}
    batch.take(BatchRow(name="mill", settings=asked))
    assert 'author = "A. Person"' in (batch.folder / "mill" / "novel.toml").read_text("utf-8")
    batch.take(first)
    with Novel.open(batch.folder / "mill", environ=batch.environ) as novel:
        assert novel.settings.novel.author == "Novelcraft"


async def test_another_novel_in_the_rows_folder_is_left_alone(
    serve: Serve, shelf: Callable[..., Shelf]
) -> None:
    server = serve()
    batch = shelf()
    Novel.create(batch.folder / "mill", settings(server)).close()
    before = (batch.folder / "mill" / "novel.toml").read_bytes()
    batch.take(row(server, "mill"))
    standing = (await batch.run())["mill"]
    assert "holds another novel" in standing.error
    assert (batch.folder / "mill" / "novel.toml").read_bytes() == before


async def test_a_shelf_has_one_run_at_a_time(serve: Serve, shelf: Callable[..., Shelf]) -> None:
    batch = shelf()
    batch.take(row(serve(), "mill"))
    with ProjectLock(batch.folder), pytest.raises(ProjectBusyError):
        await batch.run()


def test_as_many_novels_as_the_servers_take_calls(serve: Serve) -> None:
    server = serve()
    assert usual_jobs(settings(server)) == 8
    role = {"model": "openai:fake-model", "base_url": server.base_url, "max_concurrency": 20}
    assert usual_jobs(settings(server, roles={"narrator": role})) == 20
    embedded = {"model": "embedded:auto"}
    roles = dict.fromkeys(("reasoning", "narrator", "cheap"), embedded)
    assert usual_jobs(settings(server, roles=roles)) == 1
