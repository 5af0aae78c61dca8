"""A plan put together from the planner's three levels."""

from __future__ import annotations

from typing import Any

from novelcraft.agents.planner import BookRequest, Outline
from novelcraft.agents.planner.compose import chapter_requests, compose_plan, tie_hooks
from novelcraft.agents.planner.outline import HookIdea
from novelcraft.agents.planner.story import Story
from novelcraft.agents.planner.task import PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import STANDARD
from novelcraft.config.settings import NovelSettings
from novelcraft.state.authored import Authored
from novelcraft.state.plan import Hook
from novelcraft.tools.checks import check_plan
from novelcraft.tools.models.asking import Caller
from tests import factories
from tests.agents.requests import AUTHORED, BOOK

PLAN = factories.plan(chapters=3, scenes_each=2)
STORY = Story(core=PLAN.core, world=PLAN.world, cast=PLAN.cast, mends=("a",), unshown=("b",))
IDEAS = (
    HookIdea(text="The lamp goes out.", plant_chapter=1, payoff_chapter=3),
    HookIdea(text="The key is lost.", plant_chapter=2, payoff_chapter=2),
)
OUTLINE = Outline(chapters=PLAN.chapters, hooks=IDEAS, mends=("c",), unshown=("d",))


def task(**changes: Any) -> PlanTask:
    caller: Caller = None  # type: ignore[assignment]  # nothing here asks a model
    book = BookRequest.model_validate({**BOOK, "style": "", "target_words": 6_000, **changes})
    return PlanTask(book, AgentSession(caller, STANDARD, "step"))


def test_a_plan_is_what_its_levels_say_and_keeps_its_rules() -> None:
    made = compose_plan(task(language="de"), STORY, OUTLINE, PLAN.scenes, ("e",))
    assert [f for f in check_plan(made) if f.severity == "block"] == []
    assert (made.version, made.premise, made.language) == (1, BOOK["premise"], "de")
    assert (made.core, made.world, made.cast) == (STORY.core, STORY.world, STORY.cast)
    assert made.target_words == 6_000
    assert [c.target_words for c in made.chapters] == [2_000] * 3
    assert [s.target_words for s in made.scenes] == [1_000] * 6
    assert made.mends == ("a", "b", "c", "d", "e")
    assert [(h.id, h.text, h.plant_scene, h.payoff_scene) for h in made.hooks] == [
        ("h1", "The lamp goes out.", "s001", "s006"),
        ("h2", "The key is lost.", "s003", "s004"),
    ]
    assert [(s.plants, s.pays) for s in made.scenes] == [
        (("h1",), ()), ((), ()), (("h2",), ()), ((), ("h2",)), ((), ()), ((), ("h1",)),
    ]  # fmt: skip
    assert made.by_author == ()


def test_a_hook_that_falls_on_one_scene_is_left_out() -> None:
    single = factories.plan(chapters=3, scenes_each=1)
    outline = OUTLINE.model_copy(update={"chapters": single.chapters})
    assert tie_hooks(IDEAS, outline, single.scenes) == (
        Hook(id="h1", text="The lamp goes out.", plant_scene="s001", payoff_scene="s003"),
    )


def test_what_is_the_author_s_own_is_named() -> None:
    given = {"title": "Letters", "style": "in verse", "ending": "He rows.",
             "authored": {**AUTHORED, "world": "A rock."}}  # fmt: skip
    made = compose_plan(task(**given), STORY, OUTLINE, PLAN.scenes)
    assert made.by_author == (
        "title", "style", "ending", "world", "c1", "c2", "ch01", "ch02", "ch03",
    )  # fmt: skip
    assert made.authored == Authored.model_validate(given["authored"])
    assert compose_plan(task(ending="x"), STORY, OUTLINE, PLAN.scenes).by_author == ("ending",)


def test_each_chapter_is_asked_for_with_what_stands_around_it() -> None:
    words = 6 * STANDARD.scene_words
    asked = task(authored=AUTHORED, target_words=words)
    first, second, third = chapter_requests(asked, STORY, OUTLINE)
    assert [r.chapter for r in (first, second, third)] == [*PLAN.chapters]
    assert [r.scene_ids for r in (first, second, third)] == [
        ("s001", "s002"), ("s003", "s004"), ("s005", "s006"),
    ]  # fmt: skip
    assert [r.first_scene for r in (first, second, third)] == [0, 2, 4]
    assert (first.before, first.after) == ("", "Letter 2 is answered.")
    assert (second.before, second.after) == ("Letter 1 is answered.", "Letter 3 is answered.")
    assert (third.before, third.after) == ("Letter 2 is answered.", "")
    assert third.authored is not None
    assert third.authored.scenes == ("He rows out.", "He turns back.")
    assert second.chapters == 3
    assert (second.cast, second.places) == (STORY.cast, STORY.world.places)
    assert (second.logline, second.hooks) == (STORY.core.logline, IDEAS)
    assert chapter_requests(task(), STORY, OUTLINE)[0].authored is None


def test_a_book_is_asked_for_as_the_settings_say() -> None:
    settings = NovelSettings(
        premise="A keeper.", title="The Sea", style="in verse", ending="He rows.",
        language="de", pages=10, words_per_page=300, chapters=4,
    )  # fmt: skip
    authored = Authored(must_happen="It burns.")
    assert BookRequest.of(settings, "more sea", authored).model_dump() == {
        "premise": "A keeper.", "title": "The Sea", "style": "in verse", "ending": "He rows.",
        "authored": authored.model_dump(), "wish": "more sea", "language": "de",
        "target_words": 3_000, "chapters_wanted": 4,
    }  # fmt: skip
