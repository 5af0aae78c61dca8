"""What of the story so far a narrator is given, by what fits the context that it is served with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from novelcraft.agents.planner.outline import ACT_SHARES
from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.presets import STANDARD as STANDARD_PRESET
from novelcraft.config.presets import SizePreset
from novelcraft.config.resolve import resolve
from novelcraft.config.root import Settings
from novelcraft.config.settings import WriteSettings
from novelcraft.errors import BudgetError
from novelcraft.graphs.history import (
    LAST_SCENES,
    LEAST_SCENES,
    WINDOW_SCENES,
    first_whole,
    history_notice,
    with_history,
)
from novelcraft.graphs.prompt_forecast import forecast_prompts
from novelcraft.present.prompt_forecast import forecast_lines
from novelcraft.present.views import prompt
from novelcraft.state.layout import TOKENS_PER_WORD
from novelcraft.tools.models.preflight import SPARE_TOKENS
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Desk, OpenDesk, settings
from tests.graphs.test_layouts import TAUGHT, adapter

Serve = Callable[..., FakeServer]

STANDARD = LAYOUTS["standard"]
BESIDE = STANDARD.total + SPARE_TOKENS
"""Tokens that are served before there is room for a history."""


def chosen(context: int, *, pages: int = 100, model: str = "big", **role: Any) -> str | None:
    given = Settings.model_validate({"novel": {"pages": pages}, "roles": {"narrator": role}})
    preset = resolve(given, model)
    widened = with_history(preset, given, context, None)
    assert widened.layout.total <= max(context, preset.layout.total)
    return widened.history


def test_auto_takes_the_history_that_tells_most_of_those_that_fit() -> None:
    book = round(100 * 275 * TOKENS_PER_WORD)
    last = LEAST_SCENES * STANDARD.scene
    window = WINDOW_SCENES * STANDARD.scene + STANDARD.canon
    assert chosen(BESIDE + book) == "full"
    assert chosen(BESIDE + book - 1) == "summary"
    assert chosen(BESIDE + last) == "summary"
    assert chosen(BESIDE + last - 1) == "window"
    assert chosen(BESIDE + window) == "window"
    assert chosen(BESIDE + window - 1) is None
    assert chosen(0) is None
    assert chosen(BESIDE + book, pages=1_000) == "summary"


def test_auto_leaves_the_layout_to_small_models_and_to_adapters() -> None:
    assert chosen(200_000, model="SmolLM2-360M") is None
    assert chosen(200_000, adapter="mine") is None


def asked(desk: Desk, scene: int) -> str:
    """What the narrator was asked for a scene, beside its standing instructions."""
    messages, _ = desk.novel.prompt(str(scene))
    return next(message.content for message in messages if message.role == "user")


def history(name: str) -> dict[str, dict[str, Any]]:
    return {"write": {"history": name}}


async def test_full_tells_every_scene_in_its_own_words_and_begins_as_the_prompt_before(
    open_desk: OpenDesk, serve: Serve
) -> None:
    desk = open_desk(serve(context=32_000), **history("full"))
    await desk.write(until=5)
    told = asked(desk, 5)
    *before, last = desk.chain()
    proses = [told.index(commit.prose) for commit in before]
    assert proses == sorted(proses)
    assert before[-1].summary not in told
    start = told.index(before[2].prose) + len(before[2].prose)
    assert asked(desk, 4)[:start] == told[:start]
    assert last.provenance.layout is not None
    assert last.provenance.layout.name == "own+full"
    assert "layout own+full" in prompt(desk.novel, "main", "5")


async def test_where_not_all_fits_what_comes_before_the_last_scenes_is_told_in_short(
    open_desk: OpenDesk, serve: Serve
) -> None:
    layout = resolve(settings(serve()), "fake-model").layout
    context = layout.total + SPARE_TOKENS + 500
    desk = open_desk(serve(context=context), **history("full"))
    await desk.write(until=6)
    told = asked(desk, 6)
    *before, last = desk.chain()
    whole = [commit.prose in told for commit in before]
    first = whole.index(True)
    assert first > 0
    assert all(whole[first:])
    assert before[first - 1].summary in told
    assert told.index(before[first - 1].summary) < told.index(before[first].prose)
    assert before[-1].summary not in told
    summary = next(part for part in last.provenance.sections if part.name == "summary")
    assert summary.tokens <= summary.budget


async def test_a_prompt_with_the_last_scenes_begins_as_the_one_before_it_until_they_are_too_many(
    open_desk: OpenDesk, serve: Serve
) -> None:
    layout = resolve(settings(serve()), "fake-model").layout
    context = layout.total + SPARE_TOKENS + 800
    desk = open_desk(serve(context=context), **history("full"))
    await desk.write(until=9)
    shared = []
    for scene in range(3, 10):
        # What the next prompt has, too: up to the end of the scene that was written last.
        prompt = asked(desk, scene - 1)
        kept = prompt[: prompt.index(desk.chain()[scene - 3].prose)]
        shared.append(asked(desk, scene).startswith(kept))
    assert shared.count(True) > shared.count(False) > 0


@pytest.mark.parametrize(
    ("scenes", "first"), [(3, 0), (6, 0), (7, 4), (9, 4), (10, 4), (11, 8), (14, 8), (15, 12)]
)
def test_the_first_whole_scene_moves_only_when_there_is_no_room(scenes: int, first: int) -> None:
    assert first_whole([100.0] * scenes, 650) == first


def test_a_scene_longer_than_the_room_is_not_given_whole() -> None:
    assert first_whole([100, 100, 700], 650) == 3
    assert first_whole([100, 700, 100], 650) == 2
    assert first_whole([], 650) == 0


def widened(history: str, room: int, pages: int = 100) -> SizePreset:
    given = Settings.model_validate({"novel": {"pages": pages}, "write": {"history": history}})
    return with_history(resolve(given, "big"), given, BESIDE + room, None)


@pytest.mark.parametrize(
    ("history", "room", "scenes", "canon"),
    [
        ("full", 100_000, round(27_500 * TOKENS_PER_WORD), 0),
        ("full", 900, 900, 0),
        ("summary", 100_000, LAST_SCENES * STANDARD.scene, 0),
        ("auto", LAST_SCENES * STANDARD.scene - 1, LAST_SCENES * STANDARD.scene - 1, 0),
        ("auto", LEAST_SCENES * STANDARD.scene, LEAST_SCENES * STANDARD.scene, 0),
        ("window", 100_000, WINDOW_SCENES * STANDARD.scene, STANDARD.canon),
        ("window", 800, 700, 100),
    ],
)
def test_the_room_that_is_left_goes_to_the_history_and_no_more_than_it_takes(
    history: str, room: int, scenes: int, canon: int
) -> None:
    preset = widened(history, room)
    history = "summary" if history == "auto" else history
    assert preset.layout.name == f"standard+{history}"
    assert preset.layout.summary == STANDARD.summary + scenes
    assert preset.layout.canon == STANDARD.canon + canon
    assert (preset.history, preset.history_tokens) == (history, scenes)
    assert preset.layout.tail == STANDARD.tail


def test_the_last_chapters_of_a_short_book_are_all_of_it() -> None:
    assert widened("summary", 100_000, pages=10).history_tokens == round(2_750 * TOKENS_PER_WORD)


def test_a_long_book_with_little_room_has_its_chapters_in_short_and_no_scene() -> None:
    least = round(len(ACT_SHARES) * STANDARD_PRESET.part_words * TOKENS_PER_WORD) + 1
    preset = widened("auto", 4 * least, pages=1_000)
    assert preset.layout.name == "standard+parts"
    assert preset.layout.summary == STANDARD.summary + least
    assert (preset.history, preset.history_tokens) == (None, 0)
    assert preset.summary_words == STANDARD_PRESET.summary_words
    none = widened("auto", 4 * (least - 1) - 1, pages=1_000)
    assert none.layout == STANDARD
    assert none.summary_words < STANDARD_PRESET.summary_words


def test_what_a_person_is_told_of_the_history() -> None:
    write = WriteSettings(history="window")
    assert history_notice(write, widened("window", 800), 9_000) == [
        f"Of the story so far the narrator is given the history window: up to "
        f"{STANDARD.summary + 700:,} tokens of the 9,000 that it is served with."
    ]
    bare = resolve(Settings(), "big")
    assert history_notice(WriteSettings(), bare, 9_000) == []
    assert history_notice(write, bare, 9_000) == [
        "The narrator is given no history window, only the summary: its context of 9,000 tokens "
        "has no room beside layout and scene."
    ]
    assert history_notice(write, bare, 0) == [
        "The narrator is given no history window, only the summary: how much context it is served "
        "with is not known; [roles.narrator] context says it."
    ]


async def test_the_context_command_tells_the_history_and_its_room(
    open_desk: OpenDesk, serve: Serve
) -> None:
    desk = open_desk(serve(context=32_000), **history("window"))
    await desk.write(until=2)
    told = await forecast_prompts(desk.novel, environ={})
    await desk.write(until=3)
    sections = {part.name: part for part in desk.chain()[2].provenance.sections}
    assert told.prompts[0].parts["summary"].tokens == sections["summary"].tokens
    lines = "\n".join(forecast_lines(told))
    assert "history window: up to" in lines
    assert "of the 32,000 that it is served with" in lines
    assert any("history window" in event.text for event in desk.of("notice"))


async def test_a_history_without_room_is_said(open_desk: OpenDesk, serve: Serve) -> None:
    desk = open_desk(serve(flavour="openai"), **history("summary"))
    await desk.write(until=2)
    (told,) = [event.text for event in desk.of("notice") if "history" in event.text]
    assert "no history summary" in told
    assert "is not known" in told
    assert desk.chain()[0].prose not in asked(desk, 2)


async def test_a_narrator_that_was_trained_without_it_is_not_given_one_unasked(
    open_desk: OpenDesk, serve: Serve, tmp_path: Path
) -> None:
    adapter(tmp_path / "adapters", TAUGHT)
    server = serve(flavour="vllm", adapters=["mine"], context=32_000)
    role = {"model": "openai:fake-model", "base_url": server.base_url, "adapter": "mine"}
    given = {"registry": str(tmp_path / "adapters"), "scene_words": 0}
    auto = open_desk(server, roles={"narrator": role}, write=given)
    await auto.write(until=2)
    assert auto.chain()[1].provenance.layout == TAUGHT.note
    full = {**given, "history": "full"}
    desk = open_desk(server, "asked", roles={"narrator": role}, write=full)
    with pytest.raises(BudgetError, match=r"trained on another layout"):
        await desk.write(until=1)
    allowed = {**full, "allow_other_layout": True}
    desk = open_desk(server, "allowed", roles={"narrator": role}, write=allowed)
    await desk.write(until=2)
    assert desk.chain()[0].prose in asked(desk, 2)
