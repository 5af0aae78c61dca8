"""What of the author's words a prompt shows, and where they come to stand in a plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.agents.planner.authored import Showing, named_in, pinned_goals, spare_goals
from novelcraft.agents.planner.pacing import revised_ids
from novelcraft.agents.planner.task import shares, spread
from novelcraft.state.authored import NOTHING, Authored, AuthoredChapter, AuthoredPerson
from novelcraft.state.plan import Character, World
from tests.factories import plan

WORLD = "It rains. " * 60
BOOK = Authored(
    people=(AuthoredPerson(name="Mara Quint", text="A doctor."), AuthoredPerson(name="Ben")),
    people_notes="All are poor.",
    world=WORLD.strip(),
    chapters=(AuthoredChapter(title="One", scenes=("Mara reads.", "Ben runs.")),),
    must_happen="It burns.",
)


def character(name: str, **more: str) -> Character:
    fields = dict.fromkeys(("id", "role", "want", "flaw", "voice", "knows"), "")
    return Character.model_validate({**fields, "name": name, **more})


def test_a_prompt_shows_all_first_and_ever_less_then() -> None:
    showing = Showing(BOOK, "the cast")
    texts, notes = [], []
    for _ in showing.cuts():
        texts.append(showing.told("people", "world", "must", "chapters"))
        notes.append(showing.notes)
    assert texts[0] == "\n\n".join(
        (
            *("All are poor.", "Mara Quint: A doctor.", "Ben", WORLD.strip()),
            *("This must happen: It burns.", "Chapter 1, One: \n- Mara reads.\n- Ben runs."),
        )
    )
    assert [len(text) for text in texts] == sorted(map(len, texts), reverse=True)
    assert notes[:2] == [(), ()]
    assert notes[-1] == (
        "world.md has 599 characters; the model's context held the first 119 of them when it was "
        "asked for the cast",
    )
    assert "It rains. …" in texts[-1]


def test_an_author_with_nothing_is_shown_once() -> None:
    assert len(list(Showing(NOTHING, "the cast").cuts())) == 1


def test_a_person_of_the_author_is_told_with_what_the_planner_adds() -> None:
    mara = character("Mara Quint", about="A doctor.\n\nShe counts.", role="the healer", want="rest")
    lines = Showing(NOTHING, "").cast(
        [mara, character("Ben", about="Runs."), character("Tom", role="a boy")]
    )
    assert lines == [
        "Mara Quint: A doctor. She counts. (the healer; wants rest)",
        "Ben: Runs.",
        "Tom: a boy",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ben meets Mara Quint.", ["Ben", "Mara Quint"]),
        ("Quint asks Ada's sister.", ["Mara Quint", "Ada Hale"]),
        ("A Hale is there: which one?", []),
        ("Benjamin and the Quintet.", []),
    ],
)
def test_who_is_named(text: str, names: list[str]) -> None:
    cast = [character(name) for name in ("Mara Quint", "Ben", "Ada Hale", "Ida Hale")]
    assert named_in(text, cast) == names


def test_scenes_of_the_author_are_put_into_the_chapters_scenes() -> None:
    chapter = AuthoredChapter(title="One", summary="It rains.", scenes=("a", "b"))
    assert pinned_goals(chapter, 2) == {0: "a", 1: "b"}
    assert pinned_goals(chapter, 5) == {0: "a", 2: "b"}
    assert spare_goals(chapter, 5) == {}
    assert pinned_goals(None, 3) == spare_goals(None, 3) == {}


def test_an_outline_is_divided_by_the_chapters_scenes() -> None:
    chapter = AuthoredChapter(title="One", summary="It rains. It stops.\nIt snows.")
    assert spare_goals(chapter, 1) == {0: "It rains. It stops. It snows."}
    assert spare_goals(chapter, 2) == {0: "It rains.", 1: "It stops. It snows."}
    assert spare_goals(chapter, 4) == {0: "It rains.", 1: "It stops.", 2: "It snows."}


@given(total=st.integers(1, 300), least=st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_shares_are_even_where_their_least_allows(total: int, least: list[int]) -> None:
    parts = shares(total, least)
    assert all(part >= max(1, number) for part, number in zip(parts, least, strict=True))
    assert sum(parts) == max(total, sum(max(1, number) for number in least))
    if total >= len(least):
        assert shares(total, [0] * len(least)) == spread(total, len(least))


def test_a_revision_drops_no_scene_of_the_author() -> None:
    made = plan(scenes_each=4)
    chapter = made.chapters[-1]
    scenes = made.scenes_of(chapter.id)

    named = AuthoredChapter(title="Last", scenes=(scenes[1].goal,))
    others = [AuthoredChapter(title=c.title) for c in made.chapters[:-1]]
    authored = made.model_copy(update={"authored": Authored(chapters=(*others, named))})
    written = [s.id for s in made.scenes if s.chapter != chapter.id]
    ids = [scene.id for scene in scenes]
    left = 600  # room for two scenes of the usual length
    assert revised_ids(made, written, left, 300)[-1] == [ids[0], ids[3]]
    assert revised_ids(authored, written, left, 300)[-1] == [ids[1], ids[3]]


def test_what_of_each_text_a_prompt_had_no_room_for_is_named() -> None:
    long = "It rains. " * 60
    book = Authored(
        people=(AuthoredPerson(name="Mara", text=long),),
        people_notes=long,
        world=long,
        chapters=(AuthoredChapter(title="One", summary=long),),
        must_happen=long,
    )
    showing = Showing(book, "the cast")
    for _ in showing.cuts():
        showing.told("people", "world", "must", "chapters")
    assert [note.split(" has ")[0] for note in showing.notes] == [
        "cast.md", "cast.md on Mara", "world.md", "outline.md", "outline.md, chapter 1,",
    ]  # fmt: skip


def test_a_world_is_cut_like_the_authors_other_texts_where_it_is_the_authors() -> None:
    world = World(text=WORLD.strip(), places=("the pier",))
    for book, lengths in (
        (BOOK, [599, 599, 401, 121]),
        (Authored(must_happen="It burns."), [599] * 4),
    ):
        showing = Showing(book, "the cast")
        shown = [showing.world(world) for _ in showing.cuts()]
        assert [len(text.text) for text in shown] == lengths
        assert {text.places for text in shown} == {("the pier",)}


def test_what_the_planner_tells_of_a_chapter_is_not_cut() -> None:
    for book, length in ((BOOK, 121), (Authored(world=WORLD), 599)):
        showing = Showing(book, "the cast")
        assert [len(showing.chapter(1, WORLD.strip())) for _ in showing.cuts()][-1] == length
