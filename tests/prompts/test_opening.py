from __future__ import annotations

from novelcraft.prompts.opening import opening_of
from tests import factories

PLAN = factories.plan()


def openings(time: str, pov: str = "c1") -> set[str]:
    brief = factories.brief(1, time=time, pov=pov)
    return {opening_of(brief, PLAN, seed) for seed in range(300)}


def test_an_opening_ends_with_the_name_of_whom_the_scene_follows() -> None:
    names = {"c1": "Elias Marrow", "c2": "Anna Veil"}
    for pov, name in names.items():
        assert openings("that evening", pov) == {
            name,
            f"When {name}",
            f"For a long while {name}",
            f"That evening, {name}",
            f"It was evening when {name}",
            f"Nobody saw how {name}",
            f"Before anyone else was awake, {name}",
            f"Once more {name}",
            f"Without a word {name}",
            f"All day long {name}",
        }


def test_where_the_brief_names_no_hour_it_may_be_any() -> None:
    told = openings("day 1")
    for hour in ("morning", "noon", "evening", "night"):
        assert {f"That {hour}, Elias Marrow", f"It was {hour} when Elias Marrow"} <= told


def test_the_same_seed_gives_the_same_words() -> None:
    brief = factories.brief(1)
    assert len({opening_of(brief, PLAN, 5) for _ in range(20)}) == 1
