"""Asking the narrator for scenes to the prompts of training rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import InputError, ModelError, PreferenceError
from novelcraft.graphs.pairs.collecting import Collection, refuse_evaluation
from novelcraft.state.calls import CallRecord
from novelcraft.state.manuscript import count_words
from novelcraft.state.preferences import PairEvent, PairMade, PairsStarted
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.pairs.files import read_pair_manifest, read_pairs
from novelcraft.tools.pairs.rows import rows_to_ask
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import Bench, OpenBench, base, open_bench

__all__ = ["base", "open_bench"]


async def prepared(server: FakeServer, open_bench: OpenBench) -> Bench:
    """A data folder with rows; `server` is the narrator."""
    bench = open_bench(None, books=1)
    await bench.prepare()
    role = {"model": "openai:fake-model", "base_url": server.base_url}
    roles = {"reasoning": role, "narrator": role, "cheap": role}
    shown = bench.project.settings.model_dump()
    bench.project.settings = type(bench.project.settings).model_validate({**shown, "roles": roles})
    return bench


async def test_each_row_is_a_pair_of_a_human_s_and_the_narrator_s_scene(
    fake_server: FakeServer, open_bench: OpenBench
) -> None:
    bench = await prepared(fake_server, open_bench)
    data = bench.project.folder.root
    rows = read_rows(data / "rows/train.jsonl")
    held = read_rows(data / "rows/validation.jsonl")
    assert held
    told: list[PairEvent] = []
    collection = Collection(data / "pairs")
    asked = rows_to_ask(data)
    found = await collection.from_rows(asked, bench.project.settings, on_event=told.append)
    manifest = collection.write([found])
    pairs = read_pairs(data / "pairs")
    assert [pair.pair_id for pair in pairs] == [row.row_id for row in (*rows, *held)]
    for pair, row in zip(pairs, (*rows, *held), strict=True):
        assert pair.messages == row.messages[:2]
        assert pair.chosen == row.messages[2].content
        assert (pair.chosen_by, pair.rejected_by) == ("person", "fake-model")
        assert 0.4 < count_words(pair.rejected) / count_words(pair.chosen) < 1.5
        assert pair.held_out == (row in held)
    assert manifest.files[0].held_out == len(held)
    assert read_pair_manifest(data / "pairs") == manifest
    assert isinstance(told[0], PairsStarted)
    made = [event for event in told if isinstance(event, PairMade)]
    assert [event.done for event in made] == list(range(1, len(pairs) + 1))


async def test_a_broken_run_asks_only_for_what_is_missing(
    serve: type[FakeServer], open_bench: OpenBench
) -> None:
    script = s.Script()
    rule = script.on(s.prose, s.fail(401), after=2)
    server = serve(script=script)
    bench = await prepared(server, open_bench)
    data = bench.project.folder.root
    asked = rows_to_ask(data)
    collection = Collection(data / "pairs")
    with pytest.raises(ModelError):
        await collection.from_rows(asked, bench.project.settings, on_event=lambda event: None)
    answered = [call for call in _calls(data) if call.outcome == "ok"]
    assert len(answered) >= 2
    script.rules.remove(rule)
    before = len(server.requests)
    found = await collection.from_rows(asked, bench.project.settings, on_event=lambda event: None)
    assert len(found.pairs) == len(asked.rows)
    kept = {call.key for call in answered}
    again = [call for call in _calls(data) if call.outcome == "ok"]
    assert kept <= {call.key for call in again}
    assert len({call.key for call in again}) == len(again)
    first = len(server.requests)
    assert first > before
    twice = await collection.from_rows(asked, bench.project.settings, on_event=lambda event: None)
    assert twice == found
    assert [r for r in server.requests[first:] if s.prose(r)] == []


def _calls(data: Path) -> list[CallRecord]:
    from novelcraft.tools.canon.call_store import CallStore

    with CallStore(data / "pairs/calls.db") as log:
        return log.calls(purpose="scene.narrate")


async def test_some_rows_are_drawn_by_lot_the_same_every_time(
    fake_server: FakeServer, open_bench: OpenBench
) -> None:
    bench = await prepared(fake_server, open_bench)
    data = bench.project.folder.root
    few, more = rows_to_ask(data, 2), rows_to_ask(data, 4)
    assert few == rows_to_ask(data, 2)
    ids = [row.row_id for row in few.rows]
    assert len([name for name in ids if name not in few.held_out]) == 2
    assert len(few.held_out) == 1
    assert set(ids) <= {row.row_id for row in more.rows}


async def test_rows_of_another_prompt_are_not_asked_with(
    fake_server: FakeServer, open_bench: OpenBench
) -> None:
    bench = await prepared(fake_server, open_bench)
    data = bench.project.folder.root
    file = data / "rows/manifest.json"
    asked = rows_to_ask(data)
    text = file.read_text(encoding="utf-8").replace(asked.manifest.prompt_template, "0" * 64)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PreferenceError, match="another version of the narrator's prompt"):
        await Collection(data / "pairs").from_rows(
            rows_to_ask(data), bench.project.settings, on_event=lambda event: None
        )


def test_without_rows_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with pytest.raises(PreferenceError, match="has no training rows"):
        rows_to_ask(tmp_path)


def test_an_evaluation_s_scenes_are_no_pairs(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="held-out briefs"):
        refuse_evaluation(tmp_path)
