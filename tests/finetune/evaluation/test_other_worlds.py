"""Worlds of no book."""

from __future__ import annotations

from novelcraft.finetune.evaluation.other_worlds import other_worlds
from novelcraft.tools.metrics.word_lists import word_list


def test_there_are_enough_and_no_two_are_of_a_kind() -> None:
    worlds = other_worlds()
    assert len(worlds) >= 8
    assert len({world.name for world in worlds}) == len(worlds)
    assert len({world.kind for world in worlds}) == len(worlds)


def test_nobody_in_them_has_a_name_that_other_books_have() -> None:
    titles = {"captain", "inspector", "madam"}
    seen: set[str] = set()
    for world in other_worlds():
        names = {word for member in world.cast for word in member.name.casefold().split()} - titles
        assert not names & word_list("common_names")
        assert not names & seen
        seen |= names


def test_a_prompt_has_a_world_a_story_so_far_and_a_brief() -> None:
    for world in other_worlds():
        given = world.prompt
        assert all(member.name in given.world for member in world.cast)
        assert len(given.summary.split()) > 30
        assert world.goal in given.brief[0]
        assert {world.pov, *world.others} <= {member.name for member in world.cast}
        assert all(text[0].isupper() for text in (world.goal, world.turn, world.outcome))
