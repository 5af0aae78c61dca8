"""Preferences found in a novel that was really written, attended and revised."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import PreferenceError
from novelcraft.graphs.pairs.collecting import Collection
from novelcraft.state.acts import EditScene, Redraw
from novelcraft.state.events import WriteEvent
from novelcraft.tools.pairs.files import read_pairs
from novelcraft.tools.pairs.novels import find_preferences
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Decision, OpenDesk
from tests.graphs.test_attended import ACCEPT, STOP, Person

OWN = "Elias Marrow sold the boat that morning.\n\nHe did not look back."


def quiet(_event: WriteEvent) -> None:
    """Reads no events."""


async def test_a_redraw_makes_a_pair(fake_server: FakeServer, open_desk: OpenDesk) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=3)
    before, (prompt, _) = desk.chain(), desk.novel.prompt("2")
    await desk.do(Redraw(scene="2", note="Let it rain."))
    found = find_preferences(desk.novel.store)
    (pair,) = found.pairs
    assert (pair.chosen, pair.rejected) == (desk.chain()[1].prose, before[1].prose)
    assert pair.messages == prompt[:2]
    assert "Let it rain." not in pair.messages[-1].content
    assert (pair.source, pair.rejected_by) == ("person", "fake-model")
    assert pair.group == f"{desk.novel.store.novel_id[:8]}/{before[1].chapter_id}"
    assert found.left_out == []


async def test_of_three_draws_the_last_is_better_than_both(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    drawn = [desk.chain()[0].prose]
    for _ in range(2):
        await desk.do(Redraw(scene="1"))
        drawn.append(desk.chain()[0].prose)
    found = find_preferences(desk.novel.store).pairs
    assert {(pair.chosen, pair.rejected) for pair in found} == {
        (drawn[2], drawn[0]),
        (drawn[2], drawn[1]),
    }


async def test_a_person_s_own_words_are_the_better_scene(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=2)
    before = desk.chain()
    await desk.do(EditScene(scene="1", prose=OWN))
    (pair,) = find_preferences(desk.novel.store).pairs
    assert (pair.chosen, pair.rejected) == (OWN, before[0].prose)
    assert (pair.chosen_by, pair.rejected_by) == ("person", "fake-model")
    # What was only set upon another scene was not rejected; a later word on it is not of its
    # prompt.
    await desk.do(Redraw(scene="2"))
    found = find_preferences(desk.novel.store)
    assert len(found.pairs) == 1
    assert "another beginning" in found.left_out[0].reason


async def test_what_a_person_says_at_gates_is_kept(
    fake_server: FakeServer, open_desk: OpenDesk
) -> None:
    desk = open_desk(fake_server, write={"attend": ("scene",)})
    again = Decision(action="redraw", note="More rain.")
    person = Person(ACCEPT, again, ACCEPT, again, STOP)
    await desk.write(decide=person)
    first, second, third, fourth, _ = (request.text for request in person.asked)
    found = find_preferences(desk.novel.store)
    pairs = {(pair.chosen, pair.rejected) for pair in found.pairs}
    assert (third, second) in pairs
    assert first not in {text for both in pairs for text in both}
    assert fourth in {rejected for _, rejected in pairs}
    assert [event.action for event in desk.of("decided")] == [
        "accept", "redraw", "accept", "redraw", "stop"
    ]  # fmt: skip


async def test_a_scene_taken_back_with_none_in_its_place_is_left_out(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    desk = open_desk(serve(), write={"attend": ("scene",)})
    person = Person(Decision(action="redraw"))
    await desk.write(decide=person)
    store = desk.novel.store
    store.set_head("main", None, expected=store.branch("main").head)
    found = find_preferences(store)
    assert found.pairs == []
    assert [left.reason for left in found.left_out] == ["no scene stands in its place"]


async def test_a_fork_is_no_rejection(fake_server: FakeServer, open_desk: OpenDesk) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=2)
    desk.novel.fork("1", "darker")
    await desk.write(branch="darker", until=2)
    assert find_preferences(desk.novel.store).pairs == []


async def test_drafts_that_checks_sent_back_are_taken_only_when_asked_for(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.loop(), count=1)
    desk = open_desk(serve(script=script))
    await desk.write(until=1)
    (commit,) = desk.chain()
    assert commit.provenance.attempt == 2
    assert find_preferences(desk.novel.store).pairs == []
    (pair,) = find_preferences(desk.novel.store, checks=True).pairs
    assert pair.source == "checks"
    assert pair.chosen == commit.prose
    assert pair.rejected.count("went on and on and would not stop") > 2
    # The second draft was told what to heed; the pair's prompt is the first one's.
    assert pair.messages[-1] != desk.novel.prompt("1")[0][1]


async def test_a_collection_keeps_what_it_holds_of_other_novels(
    fake_server: FakeServer, open_desk: OpenDesk, tmp_path: Path
) -> None:
    collection = Collection(tmp_path / "pairs")
    for name in ("one", "two"):
        desk = open_desk(fake_server, folder=name, novel={"title": name})
        await desk.write(until=1)
        await desk.do(Redraw(scene="1"))
        manifest = collection.write([collection.from_novels([desk.novel])])
    assert manifest.files[0].lines == 2
    assert len({pair.work for pair in read_pairs(tmp_path / "pairs")}) == 2
    # Of two chapters one is held out.
    assert manifest.files[0].held_out == 1
    again = collection.write([collection.from_novels([desk.novel])])
    assert again == manifest


async def test_a_novel_where_nobody_rejected_a_scene_gives_nothing(
    fake_server: FakeServer, open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(fake_server)
    await desk.write(until=1)
    collection = Collection(tmp_path / "pairs")
    with pytest.raises(PreferenceError, match="nobody rejected a scene"):
        collection.write([collection.from_novels([desk.novel])])
