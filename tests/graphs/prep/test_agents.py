"""What the nodes make of the agents' answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from novelcraft.tools.books.scenes.pinned_facts import dies_in
from novelcraft.tools.canon.call_store import CallStore
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import OpenBench
from tests.tools.books.bases import tokenizer

Serve = Callable[..., FakeServer]


def answer(**fields: Any) -> s.Effect:
    """The plain answer with some of its fields in place of the fake's."""

    def then(_request: ChatRequest, plain: Answer) -> Answer:
        return replace(plain, text=json.dumps({**json.loads(plain.text), **fields}))

    return then


CAST = [
    {"name": "Ada Brandt", "role": "a keeper", "want": "to find the ledger"},
    {"name": "Jonas Farrow", "role": "her brother", "want": "to leave"},
    {"name": "Zora Quist", "role": "a queen", "want": "to rule"},
]


async def test_the_cast_is_who_is_in_the_book(serve: Serve, open_bench: OpenBench) -> None:
    script = s.Script()
    brief = dict.fromkeys(("era", "setting", "factions", "rules"), "A harbour.")
    script.on(
        s.with_schema("BookWorldAnswer"), answer(cast=CAST, tone="dry", style="spare", **brief)
    )
    bench = open_bench(serve(script=script), books=1)
    await bench.prepare("world")
    meta = bench.project.folder.read_book(bench.project.folder.base("book-1")).meta
    assert meta.world is not None
    assert [member.name for member in meta.world.cast] == ["Ada Brandt", "Jonas"]
    told = " ".join(event.text for event in bench.of("book_notice"))
    assert "Zora Quist, who is not in it and is left out" in told
    assert "Ada Brandt, a keeper, wants to find the ledger." in meta.world_context


async def test_a_long_book_is_read_in_parts(serve: Serve, open_bench: OpenBench) -> None:
    server = serve()
    bench = open_bench(server, books=1)
    await bench.prepare("world")
    purposes = [request.schema_name for request in server.requests]
    assert purposes.count("WorldNotes") > 1
    assert purposes[-1] == "BookWorldAnswer"


async def test_a_summary_that_lost_a_name_is_asked_for_again(
    serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    script.on(s.with_schema("BookWorldAnswer"), answer(cast=CAST[:2]))
    script.on(s.with_schema("RolledAnswer"), answer(summary="It rained.", died=[]))
    server = serve(script=script)
    roomy = {"system": 150, "world": 150, "summary": 400, "brief": 80, "spare": 60}
    bench = open_bench(server, books=1, budget=roomy, max_row_tokens=2_400)
    await bench.prepare("summaries")
    scenes = bench.scenes("book-1").scenes
    asked = [r for r in server.requests if r.schema_name == "RolledAnswer"]
    assert len(asked) == 2 * (len(scenes) - 1)
    assert "Your last answer left this out" in asked[1].user
    for scene in scenes[2:]:
        assert "Ada" in scene.recursive_summary
        assert "Jonas" in scene.recursive_summary
        assert any("put back what the model left out" in repair for repair in scene.repairs)
        assert all(fact for fact in scene.pinned_facts)


async def test_who_dies_is_pinned_only_when_the_scene_says_so(
    serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    script.on(s.with_schema("BookWorldAnswer"), answer(cast=CAST[:2]))
    script.on(s.with_schema("RolledAnswer"), answer(died=["Ada Brandt"]))
    bench = open_bench(serve(script=script), books=1)
    await bench.prepare("summaries")
    scenes = bench.scenes("book-1").scenes
    dead = [
        number for number, scene in enumerate(scenes) if "Ada Brandt is dead." in scene.pinned_facts
    ]
    says = [n for n, scene in enumerate(scenes) if dies_in("Ada Brandt", scene.text)]
    assert dead == list(range(says[0] + 1, len(scenes))) if says else not dead


async def test_the_first_summary_is_whom_the_book_begins_with(
    serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    script.on(s.with_schema("BookWorldAnswer"), answer(cast=CAST[:1]))
    bench = open_bench(serve(script=script), books=1)
    await bench.prepare("summaries")
    first = bench.scenes("book-1").scenes[0].recursive_summary
    assert first == "The story begins with Ada Brandt, a keeper, who wants to find the ledger."


async def test_a_brief_keeps_its_budget_and_says_whom_it_follows(
    serve: Serve, open_bench: OpenBench
) -> None:
    script = s.Script()
    long = "She looks for the ledger in every room of the house on the hill, twice"
    script.on(s.with_schema("SceneSketch"), answer(goal=long, outcome=long, place="The hill"))
    bench = open_bench(serve(script=script), books=1)
    await bench.prepare("briefs")
    most = bench.project.settings.prep.row_layout.brief
    for scene in bench.scenes("book-1").scenes:
        assert "The scene follows" in scene.instruction
        assert len(tokenizer().encode(scene.instruction).ids) <= most


async def test_every_agents_calls_are_in_the_log(serve: Serve, open_bench: OpenBench) -> None:
    server = serve()
    bench = open_bench(server, books=1)
    await bench.prepare()
    with CallStore(bench.project.folder.database) as log:
        totals = log.call_totals_by_purpose()
    assert set(totals) == {
        "prep.world.read",
        "prep.world",
        "prep.split",
        "prep.summarize",
        "prep.brief",
    }
    assert sum(total.calls for total in totals.values()) == len(server.requests)
