"""What every agent asks is what it asked before: a change shows in the golden files."""

from __future__ import annotations

import re

import pytest

from novelcraft.agents.registry import AGENTS
from novelcraft.prompts.loader import FENCE
from tests.agents.requests import CASES, GOLDEN, requests_of


@pytest.mark.parametrize("name", CASES)
async def test_an_agent_asks_what_its_golden_file_says(name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert await requests_of(CASES[name]) == golden


def test_every_agent_has_a_golden_file() -> None:
    assert {case.agent for case in CASES.values()} == {agent.name for agent in AGENTS}
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", ["check_continuity", "extract_facts", "summarize", "infer_brief"])
def test_a_scene_stands_in_a_fence(name: str) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(re.escape(FENCE), golden)
    assert any("Elias Marrow lit the lamp." in inside for inside in blocks[1::2])
    assert not any("Elias Marrow lit the lamp." in outside for outside in blocks[::2])
