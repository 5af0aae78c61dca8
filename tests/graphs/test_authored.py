"""What the author has in the novel's folder: every prompt and the stored plan hold it as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.errors import AuthorsFileError
from novelcraft.graphs.authored import require_unchanged
from novelcraft.state.plan import Plan
from novelcraft.tools.checks import check_plan
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import Decision, Desk, OpenDesk

MARA = "Thirty-four, harbour doctor. She counts stairs; she has never told anybody why."
BEN = "Ben is Mara's brother. He owes money in three towns."
CAST = f"# Who is in it\n\nNobody in it is rich.\n\n## Mara Quint\n\n{MARA}\n\n## Ben\n{BEN}\n"
WORLD = "## Ostrava Reach\n\nA harbour that ice closes from November on.\n\nNo telephone works."
TIDE, ICE, THAW = "Mara finds a ledger.", "Ben is gone; the ice has come.", "They meet on the ice."
LEDGER, QUAY = "Mara reads the ledger in the pharmacy.", "Ben waits at the quay."
MUST = "The ledger must burn."
OUTLINE = (
    f"{MUST}\n\n## The Tide\n\n{TIDE}\n\n- {LEDGER}\n- {QUAY}\n\n## Ice.\n\n{ICE}\n"
    f"\n## Interlude\n\n## Interlude\n\n{THAW}\n"
)
ENDING = "Nobody ever reads the last page."
FILES = {"cast.md": CAST, "world.md": WORLD, "outline.md": OUTLINE}


def author(folder: Path, **files: str) -> None:
    """Put an author's files there: `cast`, `world`, `outline`, or all of them."""
    folder.mkdir(exist_ok=True)
    for name, text in (files or {k.removesuffix(".md"): v for k, v in FILES.items()}).items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def plan_of(desk: Desk) -> Plan:
    return desk.novel.store.plan(desk.novel.store.branch("main").plan_version or 0)


@pytest.mark.parametrize("preset", ["small", "standard"])
async def test_the_plan_and_the_prompts_hold_the_authors_words(
    serve: Callable[..., FakeServer], open_desk: OpenDesk, tmp_path: Path, preset: str
) -> None:
    server = serve()
    author(tmp_path / "novel")
    desk = open_desk(server, novel={"ending": ENDING}, write={"preset": preset})
    await desk.write(until=0)
    plan = plan_of(desk)
    assert not check_plan(plan)
    assert [(c.name, c.about) for c in plan.cast[:2]] == [("Mara Quint", MARA), ("Ben", BEN)]
    assert len(plan.cast) == (4 if preset == "small" else 7)
    assert len({c.name for c in plan.cast}) == len(plan.cast)
    assert plan.world.text == WORLD
    assert plan.core.ending == ENDING
    assert [c.title for c in plan.chapters] == ["The Tide", "Ice.", "Interlude", "Interlude"]
    assert [plan.chapters[n].summary for n in (0, 1, 3)] == [TIDE, ICE, THAW]
    assert plan.chapters[2].summary
    first = plan.scenes_of("ch01")
    goals = [brief.goal for brief in first]
    assert [goal for goal in goals if goal in (LEDGER, QUAY)] == [LEDGER, QUAY]
    assert plan.names((first[0].pov,)) == ("Mara Quint",)
    assert len(plan.scenes) == 9
    assert plan.by_author == (
        *("title", "ending", "world", "c1", "c2"),
        *("ch01", "ch02", "ch03", "ch04"),
    )

    asked = {r.schema_name: r.prompt for r in server.requests}
    everything = (MARA, BEN, WORLD, TIDE, ICE, THAW, LEDGER, QUAY, MUST, "Nobody in it is rich.")
    for text in (*everything, ENDING):
        assert text in asked["StoryCoreAnswer"]
    for schema, texts in {
        "PlacesAnswer": everything,
        "PeopleAnswer": everything,
        "CastAnswer": everything,
        "ActAnswer": (MARA, BEN, WORLD, MUST, TIDE, ICE, THAW, ENDING),
        "HooksAnswer": (TIDE, ICE, THAW, ENDING),
        "ScenesAnswer": (MARA, BEN),
    }.items():
        for text in texts:
            assert text in asked[schema], (schema, text)
    opening = next(
        r.prompt for r in server.requests if LEDGER in r.prompt and "scene 1" in r.prompt
    )
    assert TIDE in opening
    assert f"- scene 1: {LEDGER}" in opening
    # An act of which nothing is missing is not asked for.
    acts = [r.prompt for r in server.requests if r.schema_name == "ActAnswer"]
    assert len(acts) == 1
    notices = [event.text for event in desk.of("notice")]
    assert any(
        "cast.md (2 people, notes), world.md (14 words), "
        "outline.md (4 chapters, 2 scenes, what must happen)" in text
        for text in notices
    )


async def test_the_narrator_is_told_the_authors_words_and_a_replan_keeps_them(
    serve: Callable[..., FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    server = serve()
    items = [f"Mara climbs stair {n}." for n in range(1, 4)]
    outline = f"## One\n\n{TIDE}\n\n## Two\n\n{ICE}\n\n" + "".join(
        f"{n}. {x}\n" for n, x in enumerate(items, 1)
    )
    author(tmp_path / "novel", cast=CAST, world=WORLD, outline=outline)
    desk = open_desk(server)
    await desk.write()
    plan = plan_of(desk)
    assert plan.version > 1
    assert [b.goal for b in plan.scenes_of("ch02") if b.goal in items] == items
    told = [r.prompt for r in server.requests if not r.schema_name]
    assert all("A harbour that ice closes from November on." in prompt for prompt in told)
    assert any(f"Mara Quint: {MARA}" in prompt for prompt in told)
    assert all(any(item in prompt for prompt in told) for item in items)
    assert desk.novel.is_finished()


async def test_an_author_without_a_file_is_asked_as_before(
    serve: Callable[..., FakeServer], open_desk: OpenDesk
) -> None:
    server = serve()
    desk = open_desk(server)
    await desk.write(until=0)
    assert plan_of(desk).by_author == ("title",)
    assert not any("author has settled" in r.prompt for r in server.requests)


async def test_where_an_answer_is_of_no_use_the_authors_outline_stands_in(
    serve: Callable[..., FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    def nothing(text: str) -> str:
        answer = json.loads(text)
        for scene in answer["scenes"]:
            scene["goal"] = "…"
        return json.dumps(answer)

    script = s.Script()
    script.on(s.with_schema("ScenesAnswer"), s.edit(nothing))
    author(tmp_path / "novel", cast=CAST, outline=f"## One\n\n{TIDE} {ICE}\n\n## Two\n\n{THAW}\n")
    desk = open_desk(serve(script=script))
    await desk.write(until=0)
    plan = plan_of(desk)
    goals = [[brief.goal for brief in plan.scenes_of(chapter)] for chapter in ("ch01", "ch02")]
    assert [goal for goal in goals[0] if goal in (TIDE, ICE)] == [TIDE, ICE]
    assert goals[1][0] == THAW
    (mara,) = [brief for brief in plan.scenes if brief.goal == TIDE]
    assert plan.names((mara.pov,)) == ("Mara Quint",)


async def test_what_there_is_no_room_for_is_said(
    serve: Callable[..., FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    long = " ".join(f"Rule {n} of the harbour is that rule {n + 1} holds." for n in range(800))
    author(tmp_path / "novel", world=long, cast=CAST)
    server = serve(context=6_000)
    desk = open_desk(server)
    await desk.write(until=0)
    assert plan_of(desk).world.text == long
    told = [event.text for event in desk.of("notice")]
    assert any(
        text.startswith(
            f"world.md has {len(long):,} characters; the model's context held the first"
        )
        for text in told
    )
    assert any("longer than the 250 tokens that the narrator" in text for text in told)
    assert any("world.md has" in mend for mend in plan_of(desk).mends)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("world", "Somewhere else.", "says something else than branch main was planned with."),
        ("cast", CAST.replace("stairs", "steps"), "says something else"),
        ("outline", "## Another\n\nWay.", "it was not there then"),
    ],
)
async def test_a_file_that_is_changed_after_planning_is_not_passed_over(
    fake_server: FakeServer, open_desk: OpenDesk, tmp_path: Path, name: str, text: str, message: str
) -> None:
    author(tmp_path / "novel", cast=CAST, world=WORLD)
    desk = open_desk(fake_server)
    await desk.write(until=1)
    author(tmp_path / "novel", **{name: text})
    with pytest.raises(AuthorsFileError, match=message) as refused:
        await desk.write(until=2)
    assert f"{name}.md" in str(refused.value)
    assert "novelcraft steer" in str(refused.value)
    assert len(desk.chain()) == 1
    (tmp_path / "novel" / f"{name}.md").unlink()
    require_unchanged(plan_of(desk), "main", tmp_path / "novel")
    await desk.write(until=2)
    assert len(desk.chain()) == 2


async def test_what_must_happen_is_a_part_of_the_outline_that_was_planned_with(
    fake_server: FakeServer, open_desk: OpenDesk, tmp_path: Path
) -> None:
    author(tmp_path / "novel")
    desk = open_desk(fake_server)
    await desk.write(until=0)
    author(tmp_path / "novel", outline=OUTLINE.replace(MUST, "The ledger must not burn."))
    with pytest.raises(AuthorsFileError, match=r"outline\.md says something else"):
        require_unchanged(plan_of(desk), "main", tmp_path / "novel")


async def test_a_plan_that_is_made_again_takes_the_files_as_they_are_now(
    serve: Callable[..., FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    author(tmp_path / "novel", world=WORLD)
    desk = open_desk(serve(), write={"attend": ("plan",)})
    decisions = [Decision("redraw", "Warmer."), Decision("stop")]

    def decide(_request: object) -> Decision:
        author(tmp_path / "novel", world="A warm harbour.")
        return decisions.pop(0)

    await desk.write(decide=decide)
    assert plan_of(desk).world.text == "A warm harbour."


async def test_more_chapters_than_the_pages_have_scenes_are_refused_before_anything_is_asked(
    serve: Callable[..., FakeServer], open_desk: OpenDesk, tmp_path: Path
) -> None:
    server = serve()
    chapters = "".join(f"## Chapter {n}\n\nIt rains.\n\n" for n in range(1, 13))
    author(tmp_path / "novel", outline=chapters)
    desk = open_desk(server)
    with pytest.raises(AuthorsFileError) as refused:
        await desk.write(until=0)
    assert "outline.md has 12 chapters, which are at least 12 scenes" in str(refused.value)
    assert "4 pages have room for 9 scenes of about 120 words" in str(refused.value)
    assert "--pages 6" in str(refused.value)
    assert not [r for r in server.requests if r.schema_name]
