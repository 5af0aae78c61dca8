"""The story so far as a prompt has it: the last scenes whole, and what was before in short."""

from __future__ import annotations

from dataclasses import replace

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.presets import SMALL, SizePreset
from novelcraft.config.settings import HistoryName
from novelcraft.graphs.history import Story, in_short, story_of
from novelcraft.prompts.world import root_summary
from novelcraft.state.manuscript import SceneCommit
from tests import factories
from tests.graphs.bench import PLAN, OpenBench


def words(text: str) -> int:
    """A tokenizer that has two tokens for a word."""
    return 2 * len(text.split())


def in_numbers(scenes: int) -> Story:
    return Story(f"{scenes} scenes.", past=("An act.",) if scenes else ())


def before(*lengths: int) -> list[SceneCommit]:
    """Scenes of so many words."""
    chain: list[SceneCommit] = []
    for number, length in enumerate(lengths, 1):
        before = chain[-1] if chain else None
        chain.append(factories.commit(number, before, f"w{number} " * length))
    return chain


def with_room(summary: int, whole: int, history: HistoryName | None = "full") -> SizePreset:
    layout = LAYOUTS["small"].with_parts(summary=summary)
    return replace(SMALL, layout=layout, history=history, history_tokens=whole)


@pytest.mark.parametrize(
    ("room", "whole", "first"),
    [
        # Four scenes of ten words take 80 tokens, the acts and the summary eight.
        (80, 80, 0),
        (79, 80, 2),
        (79, 40, 2),
        (79, 39, 3),
        (48, 80, 2),
        (47, 80, 3),
        (28, 80, 3),
        (27, 80, 4),
        (79, 19, 4),
    ],
)
def test_as_many_scenes_are_whole_as_have_room_beside_what_is_told_of_the_others(
    room: int, whole: int, first: int
) -> None:
    chain = before(10, 10, 10, 10)
    story = story_of(in_numbers, chain, with_room(room, whole), words)
    recent = "\n\n".join(commit.prose for commit in chain[first:])
    assert story == (in_numbers(first)._replace(recent=recent) if first else Story("", (), recent))


def test_where_the_prompt_may_have_less_the_story_has_less() -> None:
    chain = before(10, 10, 10, 10)
    preset = with_room(80, 80)
    prompt = preset.layout.prompt
    for most, first in ((prompt + 1, 0), (prompt, 0), (prompt - 1, 2), (prompt - 33, 3)):
        assert story_of(in_numbers, chain, preset, words, most).recent == "\n\n".join(
            commit.prose for commit in chain[first:]
        )


def test_without_a_history_or_a_scene_the_story_is_told_in_short() -> None:
    chain = before(10, 10)
    assert story_of(in_numbers, chain, with_room(60, 60, None), words) == in_numbers(2)
    assert story_of(in_numbers, [], with_room(60, 60), words) == in_numbers(0)


def test_scenes_longer_than_they_were_estimated_do_not_pass_their_room() -> None:
    """What is estimated goes by the first scene; the words of a later one take more tokens."""
    chain = before(10, 10, 10)

    def count(text: str) -> int:
        return words(text) + 5 * text.count("w3")

    assert story_of(in_numbers, chain, with_room(60, 60), count) == in_numbers(3)
    assert story_of(in_numbers, chain, with_room(110, 60), count).recent == "\n\n".join(
        commit.prose for commit in chain
    )


async def test_what_is_told_in_short_is_as_of_its_scene(open_bench: OpenBench) -> None:
    async with open_bench() as bench:
        chain = bench.store.chain(bench.store.branch("main").head)
        told = in_short(bench.context.novel, bench.store, chain, PLAN, "s003")
        assert told(0) == Story(root_summary(PLAN.cast))
        assert [told(scenes).summary for scenes in (1, 2)] == [
            "Elias has read 1 letters.",
            "Elias has read 2 letters.",
        ]
