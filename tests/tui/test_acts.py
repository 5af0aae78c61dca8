"""Acts beside a run in another process, left through the screen: each changes what it must."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.steering import waiting_at
from novelcraft.state.acts import ActRecord
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.storage.lock import holder
from novelcraft.tui.book import Book
from novelcraft.tui.forms import forms
from novelcraft.tui.screens.novel import NovelScreen
from novelcraft.tui.widgets.loop_strip import LoopStrip
from novelcraft.tui.widgets.outline import Outline
from novelcraft.tui.widgets.prose import ProseView
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tui.conftest import MakeNovel, room_of, until
from tests.tui.test_faults import said
from tests.tui.test_steering import Serve, book_of, fill, form

Check = Callable[[list[SceneCommit], list[SceneCommit], FakeServer], bool]
"""Whether the scenes before, those after, and what was asked are as an act wants them."""

FIRST = "The sea went on and on."
SECOND = "The lamp went round and round."
"""Sentences that the drafts of the third scene repeat: it is kept with what was found in it."""

WORDS = "She rowed out alone. Nobody called her back, and the lamp stayed dark all night."


def redrawn(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = any("Let it rain amber." in request.prompt for request in server.requests)
    return told and new[1].id != old[1].id and new[0] == old[0]


def rewritten(old: list[SceneCommit], new: list[SceneCommit], _server: FakeServer) -> bool:
    by = new[1].accepted_by
    return new[1].prose == WORDS and by == "person" and new[0].prose == old[0].prose


def put_right(old: list[SceneCommit], new: list[SceneCommit], _server: FakeServer) -> bool:
    states = [fact.statement for fact in new[0].facts]
    return "is somewhere else" in states and [c.prose for c in old] == [c.prose for c in new[:3]]


def retold(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = any("All is forgiven now." in request.prompt for request in server.requests)
    return told and [c.prose for c in old] == [c.prose for c in new[:3]]


def cooled(old: list[SceneCommit], new: list[SceneCommit], _server: FakeServer) -> bool:
    cool = [c.provenance.sampling.get("temperature") == 0.33 for c in new]
    return cool[-1] and not any(cool[:3]) and old == new[:3]


def pinned(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = [r.prompt for r in server.requests if "Nils: limps on the left" in r.prompt]
    return len(told) >= 1 and old == new[:3]


def briefed(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = any("Find the amber key" in r.prompt and s.prose(r) for r in server.requests)
    return told and old == new[:3]


def moved(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = any("All is under amber." in request.prompt for request in server.requests)
    return told and old == new[:3]


def by_another_model(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    made = [commit.provenance.model for commit in new]
    asked = {r.body["model"] for r in server.requests if r.schema is not None}
    return made[-1] == "other-model" and asked == {"fake-model"} and old == new[:3]


def with_an_adapter(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    made = [commit.provenance.adapter for commit in new]
    asked = {r.body["model"] for r in server.requests if r.schema is not None}
    return made[-1] == "poe" and not any(made[:3]) and asked == {"fake-model"} and old == new[:3]


def renamed(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = any("Amber and Salt" in request.prompt for request in server.requests)
    return told and old == new[:3]


def wanting(old: list[SceneCommit], new: list[SceneCommit], server: FakeServer) -> bool:
    told = any("to sleep in amber" in request.prompt for request in server.requests)
    return told and old == new[:3]


def untouched(old: list[SceneCommit], new: list[SceneCommit], _server: FakeServer) -> bool:
    return old == new[:3]


def another_draft(old: list[SceneCommit], new: list[SceneCommit], _server: FakeServer) -> bool:
    was, now = FIRST in old[2].prose, SECOND in new[2].prose
    return was and now and new[2].accepted_by == "person" and old[:2] == new[:2]


@dataclass(frozen=True)
class Left:
    """An act that is left through a form, and what must have come of it."""

    begins: str
    scene: int | None
    given: dict[str, str]
    check: Check


# Those that are left beside one another touch different things: each is seen by itself.
CASES: dict[str, list[Left]] = {
    "redraw": [Left("Redraw scene 2", 2, {"note": "Let it rain amber."}, redrawn)],
    "edit": [Left("Put your own words", 2, {"prose": WORDS}, rewritten)],
    "facts and summary": [
        Left("Put right", 1, {"becomes": "is somewhere else"}, put_right),
        Left("Change the story so far", None, {"text": "All is forgiven now."}, retold),
    ],
    "what is to come": [
        Left("Other model", None, {"sampling": "temperature = 0.33"}, cooled),
        Left("Pin a fact", None, {"subject": "Nils", "statement": "limps on the left"}, pinned),
        Left("Change the brief", 5, {"goal": "Find the amber key"}, briefed),
        Left("Change the world", None, {"text": "All is under amber."}, moved),
        Left("Change the outline of chapter 3", 9, {"title": "Amber and Salt"}, renamed),
        Left("Change {name}", None, {"want": "to sleep in amber"}, wanting),
        Left("Accept the finding", 3, {"reason": "A refrain."}, untouched),
    ],
    "model": [Left("Other model", None, {"model": "openai:other-model"}, by_another_model)],
    "adapter and fork": [
        Left("Other model", None, {"adapter": "poe"}, with_an_adapter),
        Left("Fork after scene 2", 2, {"name": "darker"}, untouched),
    ],
    "another draft": [Left("Take draft 2 of scene 3", 3, {}, another_draft)],
}


def _has_acts(book: Book, count: int) -> bool:
    return len(book.acts()) == count


def _applied(record: ActRecord) -> bool:
    assert record.status in ("pending", "applied"), record.reason
    return record.status == "applied"


@pytest.mark.parametrize("case", CASES)
async def test_an_act_is_taken_by_the_run_and_changes_only_what_it_must(
    serve: Serve, make_novel: MakeNovel, left_alone: None, case: str
) -> None:
    go_on, end, script = threading.Event(), threading.Event(), s.Script()
    script.on(s.prose, s.loop(FIRST), after=2, count=1)
    script.on(s.prose, s.loop(SECOND), after=2, count=1)
    # What the two above answer does not count here.
    held = script.on(s.prose, s.hold(go_on, after=10), after=2, count=1)
    script.on(s.prose, s.hold(end, after=10), after=4, count=1)  # so that the book has no end yet
    models = ("fake-model", "other-model")
    server = serve(flavour="vllm", models=models, adapters=("poe",), script=script)
    folder = await make_novel(server, 3)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        old, core = list(book.chain), book.plan and book.plan.core
        branches = {branch.name for branch in book.store.branches()}
        await pilot.press("w")
        await until(pilot, lambda: "process" in str(holder(folder)) and held.spent)
        assert book.plan is not None
        acts = CASES[case]
        for number, act in enumerate(acts, 1):
            begins = act.begins.format(name=book.plan.cast[0].name)
            await fill(pilot, app, form(book, begins, act.scene), act.given)
            await until(pilot, partial(_has_acts, book, number))
        assert {record.status for record in book.acts()} == {"pending"}
        go_on.set()
        await until(pilot, lambda: all(map(_applied, book.acts())))
        await until(pilot, lambda: len(book.chain) > 4)
        await fill(pilot, app, form(book, "Stop after"), {})
        await until(pilot, lambda: len(book.acts()) == len(acts) + 1)
        end.set()
        await until(pilot, lambda: holder(folder) is None)
        book.refresh()
        for act in acts:
            assert act.check(old, book.chain, server), act.begins
        new = {b.name for b in book.store.branches() if not b.put_aside} - branches
        assert new == {act.given["name"] for act in acts if act.begins.startswith("Fork")}
        assert (book.plan and book.plan.core) == core
        assert [record.act.kind for record in book.acts()[: -len(acts)]] == ["stop"]


async def test_a_run_is_paused_goes_on_and_stops_after_its_scene(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    go_on, end, script = threading.Event(), threading.Event(), s.Script()
    script.on(s.prose, s.hold(go_on, after=10), after=1, count=1)
    script.on(s.prose, s.hold(end, after=10), after=1, count=1)  # what the first one lets pass
    folder = await make_novel(serve(script=script), 1)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book, strip = book_of(app), app.screen.query_one(LoopStrip)
        await pilot.press("w")
        await until(pilot, lambda: app.screen.query_one(ProseView).text)
        await until(pilot, lambda: strip.live == "draft")
        await pilot.press("p")
        await until(pilot, lambda: len(book.acts()) == 1)
        go_on.set()
        await until(pilot, lambda: book.is_paused)
        await until(pilot, lambda: len(book.chain) == 2)
        await pilot.press("p")
        await until(pilot, lambda: len(book.acts()) == 2)
        await until(pilot, lambda: strip.live == "draft")
        await fill(pilot, app, form(book, "Stop after"), {})
        await until(pilot, lambda: len(book.acts()) == 3)
        end.set()
        await until(pilot, lambda: holder(folder) is None)
        assert [r.act.kind for r in book.acts()] == ["stop", "resume", "pause"]
        book.refresh()
        assert len(book.chain) == 3


async def test_a_gate_is_answered_from_the_room(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    server = serve()
    folder = await make_novel(server, None, write={"attend": ["scene"]})
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.book)
        book = book_of(app)
        await pilot.press("w")
        await until(pilot, lambda: waiting_at(book.store, "main"))
        await until(pilot, lambda: len(book.chain) == 1)
        first = book.chain[0]
        await fill(pilot, app, form(book, "Have the scene made again"), {"note": "More rain."})
        await until(pilot, lambda: book.chain and book.chain[0].id != first.id)
        assert any("More rain." in request.prompt for request in server.requests)
        await until(pilot, lambda: waiting_at(book.store, "main"))
        kept = book.chain[0]
        await fill(pilot, app, form(book, "Approve the scene"), {})
        await until(pilot, lambda: len(book.chain) == 2)
        await until(pilot, lambda: waiting_at(book.store, "main"))
        await fill(pilot, app, form(book, "Stop after"), {})
        await until(pilot, lambda: holder(folder) is None)
        assert book.chain[0] == kept


async def test_plan_and_chapter_are_approved_from_the_room(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    folder = await make_novel(serve(), None, write={"attend": ["plan", "chapter"]})
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.book)
        book = book_of(app)
        await pilot.press("w")
        await until(pilot, lambda: waiting_at(book.store, "main") and book.plan)
        assert book.chain == []
        await fill(pilot, app, form(book, "Approve the plan"), {})
        assert book.plan is not None
        done = len(book.plan.scenes_of(book.plan.chapters[0].id))
        await until(pilot, lambda: len(book.chain) >= done and waiting_at(book.store, "main"))
        assert len(book.chain) == done
        await fill(pilot, app, form(book, "Approve the chapter"), {})
        await until(pilot, lambda: len(book.chain) > done and waiting_at(book.store, "main"))
        await fill(pilot, app, form(book, "Stop after"), {})
        await until(pilot, lambda: holder(folder) is None)
        kinds = [record.act.kind for record in reversed(book.acts())]
        assert kinds == ["approve", "approve", "stop"]


async def test_one_stale_scene_is_replayed_and_the_others_stay_as_they_are(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    folder = await make_novel(serve(), 3)
    app = room_of(folder)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        await fill(pilot, app, form(book, "Put your own words", 1), {"prose": WORDS})
        await until(pilot, lambda: book.chain[0].prose == WORDS)
        await until(pilot, lambda: holder(folder) is None)
        edited = list(book.chain)
        assert [bool(commit.stale) for commit in edited] == [False, True, True]
        # It is said, and seen of a chapter that is closed over them.
        await until(pilot, lambda: "2 scenes may no longer fit" in said(app))
        chapter = app.screen.query_one(Outline).root.children[0].children[0]
        assert str(chapter.label).endswith("3/3 ~")
        plan = book.plan
        await fill(pilot, app, form(book, "Replay scene 2", 2), {})
        await until(pilot, lambda: _applied(book.acts()[0]))
        await until(pilot, lambda: holder(folder) is None)
        await until(pilot, lambda: not book.chain[1].stale)
        assert book.chain[1].prose != edited[1].prose
        assert (book.chain[0], book.chain[2].prose) == (edited[0], edited[2].prose)
        assert book.chain[2].stale
        assert book.plan == plan


async def test_a_fact_is_pinned_and_pinned_no_longer(serve: Serve, make_novel: MakeNovel) -> None:
    folder = await make_novel(serve(), 2)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        chain, fact = list(book.chain), book.chain[0].facts[0]
        await fill(pilot, app, form(book, "Pin: ", 1), {})
        await until(pilot, lambda: book.acts() and _applied(book.acts()[0]))
        assert ActsInForce(book.store, "main").pinned == [f"{fact.subject}: {fact.statement}"]
        await fill(pilot, app, form(book, "Pin no longer"), {})
        await until(pilot, lambda: len(book.acts()) == 2 and _applied(book.acts()[0]))
        assert ActsInForce(book.store, "main").pinned == []
        assert not [f for f in forms(book, None) if f.title.startswith("Pin no longer")]
        assert book.chain == chain


async def test_two_rooms_on_one_run_both_see_and_both_steer_in_order(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    go_on, script = threading.Event(), s.Script()
    script.on(s.prose, s.hold(go_on, after=10), after=1, count=1)
    folder = await make_novel(serve(script=script), 1)
    turn = [asyncio.Event() for _ in range(3)]

    async def room(number: int, size: tuple[int, int]) -> list[str]:
        app = room_of(folder)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
            book = book_of(app)
            if number == 0:
                await pilot.press("w")
                await until(pilot, lambda: holder(folder))
            else:
                await turn[0].wait()
            await fill(pilot, app, form(book, "Note to"), {"text": f"Note {number}."})
            await until(pilot, lambda: len(book.acts()) > number)
            turn[number].set()
            await turn[1].wait()
            go_on.set()
            await until(pilot, lambda: all(map(_applied, book.acts())))
            await until(pilot, lambda: len(book.chain) == 9)
            return [r.act.text for r in reversed(book.acts()) if r.act.kind == "note"]

    seen = await asyncio.gather(room(0, (120, 40)), room(1, (80, 24)))
    assert list(seen) == [["Note 0.", "Note 1."]] * 2


async def test_another_draft_is_taken_and_what_it_made_stale_is_replayed_all_at_once(
    serve: Serve, make_novel: MakeNovel, left_alone: None
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), after=2, count=1)  # the first draft of the third scene
    folder = await make_novel(serve(script=script), 3)
    app = room_of(folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NovelScreen) and app.screen.chain)
        book = book_of(app)
        before = list(book.chain)
        looped = next(d for d in book.drafts(book.scene(3)) if d.prose != before[2].prose)
        await fill(pilot, app, form(book, "Take draft 1", 3), {})
        await until(pilot, lambda: _applied(book.acts()[0]))
        await until(pilot, lambda: holder(folder) is None)
        await until(pilot, lambda: book.chain[2].prose == looped.prose)
        assert (book.chain[:2], book.chain[2].accepted_by) == (before[:2], "person")
        finding = book.chain[2].findings[0]
        await fill(pilot, app, form(book, "Accept the finding", 3), {"reason": "A refrain."})
        await until(pilot, lambda: book.store.exemptions() == {finding.key})
        await fill(pilot, app, form(book, "Put your own words", 1), {"prose": WORDS})
        await until(pilot, lambda: book.chain[0].prose == WORDS)
        await until(pilot, lambda: holder(folder) is None)
        assert [bool(commit.stale) for commit in book.chain] == [False, True, True]
        await fill(pilot, app, form(book, "Replay all"), {})
        await until(pilot, lambda: _applied(book.acts()[0]))
        await until(pilot, lambda: holder(folder) is None)
        await until(pilot, lambda: not any(commit.stale for commit in book.chain))
        assert book.chain[0].prose == WORDS
        assert {c.prose for c in book.chain[1:]}.isdisjoint(c.prose for c in before[1:])
