"""Every tool, with and without a novel, and what each is given and gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from novelcraft import tools
from novelcraft.doors.catalogue import TOOLS, Tool, find_tool, offered
from novelcraft.doors.desk import Desk, open_desk
from novelcraft.doors.langchain import langchain
from novelcraft.doors.python import call_tool
from novelcraft.errors import InputError, NotAProjectError, UnfitSceneError, UnknownTargetError
from novelcraft.graphs.novel import Novel
from tests.agents.test_registry import INPUTS, PROSE
from tests.doors.conftest import environ_of
from tests.fakes import script as s
from tests.fakes.server import FakeServer

LONG = " ".join(f"{PROSE} It was the {n}th night." for n in range(900))
GOLDEN = Path(__file__).parent / "golden" / "tools.json"

WITHOUT_NOVEL: dict[str, dict[str, Any]] = {
    **{name: INPUTS[name] for name in INPUTS if find_tool(name)},
    "narrate": {"brief": ["Mara Voss lights the lamp."], "words": 60, "world": "An island."},
    "check_continuity": {"prose": PROSE, "known": ["Mara Voss: Mara Voss is dead."]},
    "summarize": {"prose": PROSE, "summary": "The story begins."},
    "build_world": {"title": "The Tide", "text": PROSE},
    "ask": {"question": "Who lit the lamp?", "text": PROSE},
    "check": {"prose": f"{PROSE} Here is the scene you asked for:"},
    "style_score": {"prose": LONG, "samples": [LONG]},
}
WITH_NOVEL: dict[str, dict[str, Any]] = {
    "narrate": {},
    "check_continuity": {"prose": PROSE},
    "summarize": {"prose": PROSE},
    "ask": {"question": "Who kept the lamp and the letters of the sea?"},
    "recall": {"about": "the sea and the lamp"},
    "check": {"prose": PROSE},
}


def test_the_schemas_of_all_tools_are_as_they_were() -> None:
    """A changed schema breaks other people's programs: it belongs in the changelog."""
    shown = {
        tool.name: {
            "description": tool.description,
            "input": tool.input.model_json_schema(),
            "output": tool.output.model_json_schema(mode="serialization"),
        }
        for tool in TOOLS
    }
    assert json.loads(GOLDEN.read_text("utf-8")) == json.loads(json.dumps(shown))


@pytest.mark.parametrize("name", WITHOUT_NOVEL)
async def test_a_tool_needs_no_novel(bare_desk: Desk, name: str) -> None:
    tool = find_tool(name)
    assert tool is not None
    output = await call_tool(name, WITHOUT_NOVEL[name], bare_desk)
    assert isinstance(output, tool.output)


def test_every_tool_is_tried() -> None:
    assert {*WITHOUT_NOVEL, *WITH_NOVEL} == {tool.name for tool in offered(write=False)}


@pytest.mark.parametrize("name", WITH_NOVEL)
async def test_a_tool_reads_a_novel_and_changes_nothing(
    desk: Desk, folder: Path, name: str
) -> None:
    before = contents(folder)
    output = await call_tool(name, WITH_NOVEL[name], desk)
    assert output.model_dump_json()
    assert contents(folder) == before


def contents(folder: Path) -> tuple[Any, ...]:
    with Novel.open(folder, environ={}) as novel:
        store = novel.store
        return store.all_commits(), store.branches(), store.call_totals(), store.exemptions()


async def test_a_scene_is_narrated_from_the_plan(desk: Desk, fake_server: FakeServer) -> None:
    await call_tool("narrate", {"cautions": ["She must not see his face yet."]}, desk)
    (request,) = fake_server.requests
    view = desk.require_view()
    assert view.coming is not None
    assert view.coming.goal.rstrip(".") in request.user
    assert view.summary in request.user
    assert "Take care: She must not see his face yet." in request.user


async def test_what_is_known_is_what_came_before(desk: Desk, fake_server: FakeServer) -> None:
    second = desk.require_view(before="2")
    assert [c.position for c in second.chain] == [1]
    assert [c.position for c in desk.require_view(after="2").chain] == [1, 2]
    await call_tool("summarize", {"prose": PROSE, "scene": "2"}, desk)
    assert second.chain[0].summary in fake_server.requests[-1].user


async def test_findings_of_a_novel_are_those_of_its_scene(desk: Desk) -> None:
    view = desk.require_view()
    copied: Any = await call_tool("check", {"prose": view.chain[0].prose, "words": 120}, desk)
    assert any("again" in f.message or "earlier" in f.message for f in copied.findings)
    assert not copied.passed


async def test_assistant_talk_is_found_without_a_novel(bare_desk: Desk) -> None:
    found: Any = await call_tool("check", WITHOUT_NOVEL["check"], bare_desk)
    assert not found.passed


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        ("nothing", {}, InputError, "There is no tool 'nothing'"),
        ("summarize", {"prose": ""}, InputError, "prose"),
        ("summarize", {"proze": "x"}, InputError, "proze"),
        ("summarize", "{", InputError, "JSON"),
        ("recall", {"about": "x", "novel": "/nowhere"}, NotAProjectError, "/nowhere"),
        ("recall", {"about": "x", "branch": "b"}, UnknownTargetError, "'b'"),
        ("recall", {"about": "x", "after": "99"}, UnknownTargetError, "99"),
        ("narrate", {"scene": "99"}, UnknownTargetError, "99"),
    ],
)
async def test_bad_input_is_named(
    desk: Desk, name: str, given: Any, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        await call_tool(name, given, desk)
    assert said in str(caught.value)


async def test_a_tool_that_needs_a_novel_says_so(bare_desk: Desk) -> None:
    for name, given in (("recall", {"about": "x"}), ("ask", {"question": "Who?"})):
        with pytest.raises(NotAProjectError, match="No novel is named"):
            await call_tool(name, given, bare_desk)
    with pytest.raises(InputError, match="There is no brief"):
        await call_tool("narrate", {}, bare_desk)


@pytest.mark.parametrize("effect", [s.nothing(), s.only_thinking()])
async def test_a_scene_without_words_is_no_success(
    serve: Callable[..., FakeServer], tmp_path: Path, effect: s.Effect
) -> None:
    script = s.Script()
    script.on(s.prose, effect)
    async with open_desk("", environ_of(serve(script=script), tmp_path)) as desk:
        with pytest.raises(UnfitSceneError, match="no words for the scene"):
            await call_tool("narrate", WITHOUT_NOVEL["narrate"], desk)


async def test_they_are_functions_too(bare_desk: Desk) -> None:
    output = await tools.summarize(prose=PROSE, summary="", desk=bare_desk)
    assert output.summary
    assert "story so far" in tools.summarize.__doc__
    with pytest.raises(AttributeError):
        tools.no_such_tool  # noqa: B018


@pytest.mark.parametrize("tool", offered(write=False), ids=lambda tool: tool.name)
def test_they_are_langchain_tools(tool: Tool) -> None:
    found = {made.name: made for made in langchain()}
    made = found[tool.name]
    assert made.description == tool.description
    assert made.args_schema is tool.input


async def test_a_langchain_tool_gives_its_output_as_artifact(bare_desk: Desk) -> None:
    made = next(tool for tool in langchain(bare_desk) if tool.name == "summarize")
    call = {"name": "summarize", "args": {"prose": PROSE}, "id": "1", "type": "tool_call"}
    message = await made.ainvoke(call)
    assert message.artifact.summary == json.loads(message.content)["summary"]
    assert tools.langchain()[0].name == langchain()[0].name
