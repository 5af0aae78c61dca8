"""The planner: what code makes of a model's answers, level by level, and what it says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from novelcraft.agents.planner import (
    BookRequest,
    ChapterInput,
    OutlineInput,
    plan_chapter_scenes,
    plan_outline,
    plan_story,
)
from novelcraft.agents.planner.outline import act_sizes, free_title
from novelcraft.agents.planner.task import PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.config.presets import SMALL, STANDARD, SizePreset
from novelcraft.errors import InvalidAnswerError
from novelcraft.state.authored import NOTHING
from novelcraft.tools.models.asking import Caller
from tests.agents.requests import BOOK, CAST, CHAPTER_REQUEST, CORE, STORY, WORLD, planner
from tests.agents.test_readers import answering, session_on
from tests.fakes import script as s
from tests.fakes.server import FakeServer

Serve = Callable[..., FakeServer]


def with_answer(serve: Serve, schema: str, answer: Any) -> FakeServer:
    """The planner of these tests, with another answer to one question."""
    script = s.Script()
    script.on(s.with_schema(schema), s.say(json.dumps(answer)))
    script.rules += planner().rules
    return serve(script=script)


def sketch(**changes: Any) -> dict[str, Any]:
    fields = {
        "goal": "Elias wants to learn who answers his letters.",
        "pov": "Elias Marrow",
        "place": "the lighthouse",
        "time": "the next morning",
        "present": ["Anna Veil", "Elias Marrow"],
        "beats": ["He opens it.", "He reads it.", "He burns it."],
        "turn": "The hand is his wife's own.",
        "outcome": "He writes back at once.",
    }
    return {**fields, **changes}


def scenes(*sketches: dict[str, Any]) -> dict[str, Any]:
    wanted = SMALL.beats if "beats" not in sketches[0] else STANDARD.beats
    return {
        "scenes": [
            {**x, "beats": (x["beats"] * 9)[:wanted]} if "beats" in x else x for x in sketches
        ]
    }


def bare(**changes: Any) -> dict[str, Any]:
    """A sketch as a small model is asked for it: without time, beats and turn."""
    return {k: v for k, v in sketch(**changes).items() if k not in ("time", "beats", "turn")}


def chapter_input(**changes: Any) -> ChapterInput:
    return ChapterInput.model_validate({"book": BOOK, "request": {**CHAPTER_REQUEST, **changes}})


async def test_a_story_is_what_was_answered(serve: Serve) -> None:
    async with session_on(serve(script=planner())) as session:
        story = await plan_story(BookRequest.model_validate({**BOOK, "style": ""}), session)
    assert story.core.model_dump(mode="json") == CORE
    assert story.world.text == WORLD["text"]
    assert story.world.places == tuple(WORLD["places"][: STANDARD.cast_size])
    assert [c.model_dump() for c in story.cast] == [
        {"id": f"c{n}", **member} for n, member in enumerate(CAST[: STANDARD.cast_size], 1)
    ]
    assert story.mends == ()


async def test_what_the_author_says_goes_before_what_the_planner_says(serve: Serve) -> None:
    book = BookRequest.model_validate({**BOOK, "title": "Letters Home", "style": "in verse"})
    async with session_on(serve(script=planner())) as session:
        story = await plan_story(book, session)
    assert (story.core.title, story.core.style) == ("Letters Home", "in verse")
    assert story.mends == ()


@pytest.mark.parametrize("field", ["title", "logline", "tone", "style", "ending"])
async def test_a_core_without_a_word_is_filled_and_noted(serve: Serve, field: str) -> None:
    server = with_answer(serve, "StoryCoreAnswer", {**CORE, field: "…"})
    async with session_on(server) as session:
        story = await plan_story(BookRequest.model_validate({**BOOK, "style": ""}), session)
    filled = getattr(story.core, field)
    assert len(filled) > 3
    assert story.mends == (f"the {field} was of no use ('…') and is now: {filled}",)


async def test_the_name_of_the_premise_is_the_heros_where_a_scaffold_stands_in(
    serve: Serve,
) -> None:
    book = BookRequest.model_validate(
        {**BOOK, "premise": "Mara Voss, a keeper, finds that the sea answers her letters."}
    )
    for preset, hero in ((SMALL, "Mara Voss"), (STANDARD, "Elias Marrow")):
        async with session_on(serve(script=planner()), preset) as session:
            story = await plan_story(book, session)
        assert story.cast[0].name == hero


async def test_an_outline_goes_through_three_acts_and_knows_what_came_before(
    serve: Serve,
) -> None:
    server = serve(script=planner())
    given = OutlineInput.model_validate({"book": {**BOOK, "chapters_wanted": 8}, "story": STORY})
    async with session_on(server) as session:
        outline = await plan_outline(given, session)
    assert [c.act for c in outline.chapters] == [1, 1, 2, 2, 2, 2, 3, 3]
    assert [c.id for c in outline.chapters] == [f"ch{n:02}" for n in range(1, 9)]
    assert [c.number for c in outline.chapters] == list(range(1, 9))
    assert sum(c.target_words for c in outline.chapters) == pytest.approx(20_000, abs=8)
    assert len({c.target_words for c in outline.chapters}) <= 2
    acts = [r for r in server.requests if r.schema_name == "ActAnswer"]
    assert "The chapters before:" not in acts[0].user
    for act, said in zip(acts[1:], ("1 to 2", "3 to 6"), strict=True):
        first, last = map(int, said.split(" to "))
        for chapter in outline.chapters[first - 1 : last]:
            assert f"{chapter.number}. {chapter.title}: {chapter.summary}" in act.user
    assert outline.hooks[0].plant_chapter == 1
    assert outline.mends == ()


@pytest.mark.parametrize(
    ("chapters", "sizes"),
    [(1, [1]), (2, [1, 1]), (3, [1, 1, 1]), (4, [1, 2, 1]), (10, [2, 6, 2]), (12, [3, 6, 3])],
)
def test_acts_are_a_quarter_a_half_a_quarter(chapters: int, sizes: list[int]) -> None:
    assert act_sizes(chapters) == sizes


async def test_two_chapters_of_one_title_are_told_apart(serve: Serve) -> None:
    same = {"title": "The Reply", "summary": "The sea writes back to him at last."}
    server = with_answer(serve, "ActAnswer", {"chapters": [same]})
    given = OutlineInput.model_validate({"book": {**BOOK, "chapters_wanted": 3}, "story": STORY})
    async with session_on(server) as session:
        outline = await plan_outline(given, session)
    titles = [c.title for c in outline.chapters]
    assert titles[0] == "The Reply"
    assert len({t.casefold() for t in titles}) == 3
    assert [m for m in outline.mends if "shared the title 'The Reply'" in m] == [
        "chapter 2 shared the title 'The Reply' with another",
        "chapter 3 shared the title 'The Reply' with another",
    ]


async def test_briefs_are_what_was_answered_with_ids_of_the_plan(serve: Serve) -> None:
    second = sketch(
        goal="Anna wants the key to the lamp room.", pov="Anna Veil", place="the post office",
        present=["Anna Veil"], turn="The key is gone.", outcome="She asks Tom for his boat.",
    )  # fmt: skip
    server = answering(serve, scenes(sketch(), second))
    async with session_on(server) as session:
        found = await plan_chapter_scenes(chapter_input(), session)
    one, two = found.briefs
    assert (one.id, two.id) == ("s003", "s004")
    assert one.chapter == two.chapter == "ch02"
    assert one.goal == sketch()["goal"]
    assert (one.pov, one.present) == ("c1", ("c1", "c2"))
    assert (two.pov, two.present) == ("c2", ("c2",))
    assert (one.place, two.place) == ("the lighthouse", "the post office")
    assert (one.time, one.turn, one.outcome) == (
        "the next morning", "The hand is his wife's own.", "He writes back at once.",
    )  # fmt: skip
    assert one.beats == ("He opens it.", "He reads it.", "He burns it.")
    assert one.target_words == two.target_words == 1_000


async def test_a_goal_of_no_use_takes_the_whole_move_of_the_scaffold(serve: Serve) -> None:
    second = bare(goal="The scene begins", pov="Anna Veil", outcome="She sells the letters.")
    server = answering(serve, scenes(bare(), second))
    async with session_on(server, SMALL) as session:
        found = await plan_chapter_scenes(chapter_input(), session)
    one, two = found.briefs
    assert one.goal == sketch()["goal"]
    assert two.goal != "The scene begins"
    assert two.outcome != "She sells the letters."
    told = f"{two.goal} {two.turn} {two.outcome}"
    names = {"c1": "Elias Marrow", "c2": "Anna Veil"}
    assert set(two.present) == {two.pov, *(i for i, name in names.items() if name in told)}
    assert two.place == "the post office"  # the places take turns: this is the book's fourth scene
    assert (one.time, two.time) == ("day 2, morning", "day 2, evening")
    assert "scene s004 follows the scaffold; its goal was 'The scene begins'" in found.mends


async def test_a_goal_of_no_use_is_what_the_author_tells_of_the_chapter(serve: Serve) -> None:
    told = {"title": "Two", "summary": "Anna Veil burns the letters at the post office. He runs."}
    useless = bare(goal="The scene begins", outcome="She sells the letters.")
    server = answering(serve, scenes(useless, useless))
    async with session_on(server, SMALL) as session:
        found = await plan_chapter_scenes(chapter_input(authored=told), session)
    one, two = found.briefs
    assert (one.goal, two.goal) == ("Anna Veil burns the letters at the post office.", "He runs.")
    # What the model meant for another goal is left out; those whom the author names come first.
    assert [(b.turn, b.outcome) for b in found.briefs] == [("", ""), ("", "")]
    assert (one.pov, one.present, one.place) == ("c2", ("c2", "c1"), "the post office")
    assert (two.pov, two.place) == ("c1", "the lighthouse")
    assert "scene s003 follows the outline; its goal was 'The scene begins'" in found.mends


async def test_a_plan_is_asked_for_again_by_another_name(serve: Serve) -> None:
    async with session_on(answering(serve, {"scenes": []})) as session:
        for name, summary in (("revise", "Elias wrote."), ("scenes", "")):
            with pytest.raises(InvalidAnswerError, match=rf"plan\.{name} \(step/ch02\)"):
                await plan_chapter_scenes(chapter_input(summary=summary), session)


async def test_scenes_of_which_too_few_came_are_asked_for_in_parts(serve: Serve) -> None:
    script = s.Script()
    script.on(lambda request: "Plan the 3 scenes" in request.prompt, s.say("{}"))
    server = serve(script=script)
    async with session_on(server) as session:
        given = chapter_input(scene_ids=["s1", "s2", "s3"])
        planned = await plan_chapter_scenes(given, session)
    assert [brief.id for brief in planned.briefs] == ["s1", "s2", "s3"]
    assert len(server.requests) == 3 + 3
    assert "Its scenes so far" in server.requests[-1].prompt


@pytest.mark.parametrize(
    ("book", "preset", "chapters", "scenes"),
    [
        ({"target_words": 100}, STANDARD, 1, 1),
        ({"target_words": 6 * STANDARD.scene_words}, STANDARD, 3, 6),
        ({"target_words": 10 * STANDARD.chapter_words}, STANDARD, 10, None),
        ({"target_words": 100, "chapters_wanted": 4}, STANDARD, 4, 4),
    ],
)
async def test_the_length_of_a_book_says_how_many_chapters_and_scenes_it_has(
    serve: Serve, book: dict[str, Any], preset: SizePreset, chapters: int, scenes: int | None
) -> None:
    request = BookRequest.model_validate({"premise": "A keeper.", **book})
    async with session_on(serve()) as session:
        task = PlanTask(request, AgentSession(Caller(session.caller.models, 1), preset, "x"))
    assert task.chapters == chapters
    assert task.scenes == (scenes or round(book["target_words"] / preset.scene_words))


def test_a_title_that_another_chapter_has_is_given_its_number() -> None:
    assert free_title("The Reef", 3, {"the letter"}) == "The Reef"
    assert free_title("The Reef", 3, {"the reef"}) == "The Reef (3)"


async def test_other_books_have_other_people_where_names_are_made_up(serve: Serve) -> None:
    names = set[tuple[str, ...]]()
    for premise in ("A keeper.", "A baker."):
        same = [{**member, "name": "Elias Marrow"} for member in CAST[: SMALL.cast_size]]
        server = with_answer(serve, "CastAnswer", {"cast": same})
        book = BookRequest.model_validate({**BOOK, "premise": premise})
        for _ in range(2):
            async with session_on(server, SMALL) as session:
                names.add(tuple(c.name for c in (await plan_story(book, session)).cast))
    assert len(names) == 2


def test_what_is_not_said_of_a_book_is_left_to_the_planner() -> None:
    assert BookRequest(premise="A keeper.", target_words=1_000).model_dump() == {
        "premise": "A keeper.", "title": "", "style": "", "ending": "", "wish": "",
        "language": "en", "target_words": 1_000, "chapters_wanted": 0,
        "authored": NOTHING.model_dump(),
    }  # fmt: skip
