"""The agents of preparation against a server: what they ask, and what they make of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import ValidationError

from novelcraft.agents.brief_writer import BriefInput, infer_brief
from novelcraft.agents.session import AgentSession
from novelcraft.agents.splitter import BreaksInput, find_breaks
from novelcraft.agents.world_builder import WorldInput, build_world
from novelcraft.config.presets import SMALL, STANDARD, SizePreset
from novelcraft.errors import InvalidAnswerError
from novelcraft.tools.models.asking import Caller
from novelcraft.tools.models.chat import ChatModels
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.tools.models.support import opened

Serve = Callable[..., FakeServer]

BLOCKS = tuple(f"Passage {n}. " + "The tide came in and went out again. " * 12 for n in range(1, 8))


def session(models: ChatModels, preset: SizePreset, step: str = "x") -> AgentSession:
    return AgentSession(Caller(models, 1), preset, step)


async def test_the_splitter_sees_numbers_and_answers_with_numbers(serve: Serve) -> None:
    server = serve()
    async with opened(server) as models:
        found = await find_breaks(BreaksInput(blocks=BLOCKS, first=4), session(models, SMALL))
    assert all(5 <= number <= 10 for number in found.breaks)
    (request,) = server.requests
    assert "[4] Passage 1." in request.user
    assert "[10] Passage 7." in request.user
    assert "passages 5 to 10" in request.user


async def test_a_small_model_is_shown_less_of_a_passage(serve: Serve) -> None:
    server = serve()
    async with opened(server) as models:
        for preset in (SMALL, STANDARD):
            await find_breaks(BreaksInput(blocks=BLOCKS), session(models, preset, preset.name))
    small, standard = (request.user for request in server.requests)
    assert len(small) < len(standard) / 1.5
    assert " … " in small
    assert " … " not in standard


async def test_a_passage_that_is_just_short_enough_is_shown_whole(serve: Serve) -> None:
    most = SMALL.block_chars
    blocks = tuple(letter * (most + more) for letter, more in (("a", 0), ("b", 1)))
    server = serve()
    async with opened(server) as models:
        await find_breaks(BreaksInput(blocks=blocks), session(models, SMALL))
    (request,) = server.requests
    assert f"[1] {blocks[0]}\n" in request.user
    assert f"[2] {'b' * (most - most // 4)} … {'b' * (most // 4)}\n" in request.user


async def test_an_answer_that_is_no_number_is_an_error(serve: Serve) -> None:
    script = s.Script()
    script.on(s.anything, s.say(json.dumps({"breaks": ["the second"]})))
    async with opened(serve(script=script)) as models:
        with pytest.raises(InvalidAnswerError, match=r"prep\.split"):
            await find_breaks(BreaksInput(blocks=BLOCKS), session(models, SMALL))


@pytest.mark.parametrize(("parts", "merged"), [(1, 0), (8, 0), (9, 2), (70, 9 + 2)])
async def test_a_long_book_goes_through_map_and_reduce(
    serve: Serve, parts: int, merged: int
) -> None:
    server = serve()
    texts = tuple(f"Part {n}. " * 20 for n in range(parts))
    given = WorldInput(title="The Tide", parts=texts, names=("Ada",))
    preset = replace(SMALL, reading_tokens=800)
    async with opened(server) as models:
        world = await build_world(
            given, AgentSession(Caller(models, 1), preset, "x", count=lambda _: 100)
        )
    assert world.cast
    assert world.text
    notes = [r.user for r in server.requests if r.schema_name == "WorldNotes"]
    assert sum("of it:" in n for n in notes) == parts
    assert sum("Notes about consecutive parts" in n for n in notes) == merged
    assert server.requests[-1].schema_name == "BookWorldAnswer"


async def test_a_brief_has_the_planners_schema(serve: Serve) -> None:
    server = serve()
    async with opened(server) as models:
        given = BriefInput(prose=BLOCKS[0], names=("Ada", "Mira"), words=20)
        brief = await infer_brief(given, session(models, STANDARD))
    (request,) = server.requests
    assert request.schema is not None
    assert set(request.schema["properties"]) == {
        "goal", "pov", "place", "present", "outcome", "time", "beats", "turn",
    }  # fmt: skip
    assert brief.pov in ("Ada", "Mira")
    assert brief.pov in brief.present
    assert len(brief.beats) == STANDARD.beats
    assert all((brief.time, brief.turn, brief.goal, brief.outcome, brief.place))


def test_a_brief_needs_somebody_who_may_be_named() -> None:
    assert BriefInput(prose="x", names=("Ada",)).words == 60
    for wrong in ({"names": ()}, {}, {"names": ("Ada",), "words": 0}):
        with pytest.raises(ValidationError):
            BriefInput.model_validate({"prose": "x", **wrong})


async def test_a_small_model_s_brief_has_what_it_was_asked_for(serve: Serve) -> None:
    said = {"goal": " She wants\nthe key. ", "pov": "Mira", "place": "the pier. ",
            "present": ["Ada", "Mira"], "outcome": "She has it."}  # fmt: skip
    script = s.Script()
    script.on(s.anything, s.say(json.dumps(said)))
    async with opened(serve(script=script)) as models:
        given = BriefInput(prose=BLOCKS[0], names=("Ada", "Mira"))
        brief = await infer_brief(given, session(models, SMALL))
    assert brief.model_dump() == {
        "goal": "She wants the key.", "pov": "Mira", "place": "the pier.", "time": "",
        "present": ("Mira", "Ada"), "beats": (), "turn": "", "outcome": "She has it.",
    }  # fmt: skip


async def test_a_book_s_world_is_its_lines_as_sentences_each_once(serve: Serve) -> None:
    said = {
        "era": " In 1890", "setting": "A rock. ", "factions": "A rock.", "rules": "Who rules?",
        "tone": "quiet\n", "style": "plain ", "places": [" the pier", "the pier", "the inn"],
        "cast": [{"name": "Ada ", "role": " a\nkeeper", "want": "rest."}],
    }  # fmt: skip
    script = s.Script()
    script.on(s.with_schema("BookWorldAnswer"), s.say(json.dumps(said)))
    async with opened(serve(script=script)) as models:
        world = await build_world(WorldInput(title="x", parts=("One.",)), session(models, SMALL))
    assert world.model_dump() == {
        "text": "In 1890. A rock. Who rules?", "tone": "quiet", "style": "plain",
        "places": ("the pier", "the inn"),
        "cast": ({"name": "Ada", "role": "a keeper", "want": "rest."},),
    }  # fmt: skip
