"""What the author has, held against the settings, the pages, the plan and the prompts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.config.presets import SMALL
from novelcraft.config.settings import NovelSettings
from novelcraft.errors import AuthorsFileError
from novelcraft.graphs.authored import (
    authored_notice,
    read_for_plan,
    require_room,
    require_unchanged,
    what_prompts_cut,
)
from novelcraft.state.authored import NOTHING, Authored, AuthoredChapter, AuthoredPerson
from novelcraft.state.layout import SHORT_BRIEF
from novelcraft.state.plan import Plan
from novelcraft.tools.authored import read_authored
from tests.graphs.bench import PLAN

OUTLINE = "## One\n\nIt rains.\n\n## Two\n\nIt snows.\n"


def outline(*scenes: int) -> Authored:
    """Chapters with so many scenes."""
    chapters = (
        AuthoredChapter(title=f"Chapter {n}", scenes=tuple(f"Scene {k}." for k in range(count)))
        for n, count in enumerate(scenes)
    )
    return Authored(chapters=tuple(chapters))


def test_an_outline_has_as_many_chapters_as_the_settings_say(tmp_path: Path) -> None:
    assert read_for_plan(tmp_path, NovelSettings(chapters=3)) == NOTHING
    (tmp_path / "outline.md").write_text(OUTLINE, encoding="utf-8")
    for chapters in (0, 2):
        found = read_for_plan(tmp_path, NovelSettings(chapters=chapters))
        assert [chapter.title for chapter in found.chapters] == ["One", "Two"]
    with pytest.raises(AuthorsFileError) as refused:
        read_for_plan(tmp_path, NovelSettings(chapters=3))
    assert refused.value.message == (
        f"{tmp_path / 'outline.md'} has 2 chapters, and the settings say chapters = 3."
    )
    assert refused.value.fix == (
        "Set [novel] chapters = 0, which takes those of outline.md, or change one of them."
    )


def test_an_outline_may_have_as_many_scenes_as_the_pages(tmp_path: Path) -> None:
    """Ten pages of 240 words are four scenes of 600."""
    novel = NovelSettings(pages=10, words_per_page=240)
    for fits in (NOTHING, outline(0, 0, 0, 0), outline(3, 1)):
        require_room(fits, novel, SMALL)
    with pytest.raises(AuthorsFileError) as refused:
        require_room(outline(0, 4), novel, SMALL)
    assert refused.value.message == (
        "outline.md has 2 chapters, which are at least 5 scenes, and 10 pages have room for 4 "
        "scenes of about 600 words."
    )
    # With 12 pages there are 2,880 words: 4.8 scenes.
    assert refused.value.fix == (
        "Write a book of --pages 12 or more, or put chapters and scenes together."
    )
    require_room(outline(0, 4), NovelSettings(pages=12, words_per_page=240), SMALL)
    one = NovelSettings(pages=1, words_per_page=50)
    require_room(outline(1), one, SMALL)
    with pytest.raises(AuthorsFileError, match="1 page have room for 1 scene of about 600 words"):
        require_room(outline(2), one, SMALL)


FILES = {
    "cast.md": ("## Mara\n\nA doctor.\n", "character NAME about=…"),
    "world.md": ("A harbour.\n", "world text=…"),
    "outline.md": (OUTLINE, "chapter CHAPTER summary=…"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_another_than_it_was_is_refused_with_what_changes_the_plan(
    tmp_path: Path, name: str
) -> None:
    text, how = FILES[name]
    change = f"what is planned is changed with novelcraft steer {tmp_path} {how}"
    (tmp_path / name).write_text(text, encoding="utf-8")
    planned = PLAN.model_copy(update={"authored": read_authored(tmp_path)})
    require_unchanged(planned, "main", tmp_path)
    with pytest.raises(AuthorsFileError) as refused:
        require_unchanged(PLAN, "main", tmp_path)
    said = f"{tmp_path / name} says something else than branch main was planned with"
    assert refused.value.message == f"{said}: it was not there then."
    assert refused.value.fix == f"Take it away; {change}. Or start another novel."
    (tmp_path / name).write_text(text.replace("A", "No").replace("rains", "hails"), "utf-8")
    with pytest.raises(AuthorsFileError) as refused:
        require_unchanged(planned, "main", tmp_path)
    assert refused.value.message == f"{said}."
    assert refused.value.fix == f"Put it back as it was; {change}. Or start another novel."
    (tmp_path / name).unlink()
    require_unchanged(planned, "main", tmp_path)


def test_what_is_taken_up_is_told(tmp_path: Path) -> None:
    assert authored_notice(NOTHING) == ""
    for name, (text, _) in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert authored_notice(read_authored(tmp_path)) == (
        "From the author, and kept word for word: cast.md (1 person), world.md (2 words), "
        "outline.md (2 chapters)."
    )


def words(text: str) -> int:
    return len(text.split())


def cut(plan: Plan, **parts: int) -> list[str]:
    """What is told of a plan where the narrator's prompt has so many words for its parts."""
    preset = replace(SMALL, layout=LAYOUTS["small"].with_parts(**parts))
    return list(what_prompts_cut(plan, preset, words))


def authored(**parts: Any) -> Plan:
    """A plan whose second scene is the author's."""
    given = Authored(**parts)
    second = PLAN.scenes[1].model_copy(update={"goal": "Scene 0. " + "They burn letters. " * 40})
    scenes = (PLAN.scenes[0], second, *PLAN.scenes[2:])
    return PLAN.model_copy(
        update={"authored": given, "scenes": scenes, "by_author": ("s002", "world")}
    )


def test_no_room_is_told_for_what_a_scene_is_not_asked_for() -> None:
    beats = tuple(f"They look at letter {n}." for n in range(60))
    plan = authored(world="A harbour.")
    second = plan.scenes[1].model_copy(update={"goal": "They burn letters.", "beats": beats})
    plan = plan.model_copy(update={"scenes": (plan.scenes[0], second, *plan.scenes[2:])})
    assert len(cut(plan, brief=SHORT_BRIEF)) == 1
    # A shorter brief has no beats, and so loses none.
    assert cut(plan, brief=SHORT_BRIEF - 1) == []


def test_a_world_that_the_prompt_has_no_room_for_is_told_with_how_much_is_lost() -> None:
    for plan in (
        authored(world="A harbour."),
        authored(people=(AuthoredPerson(name="Elias Marrow"),)),
    ):
        assert cut(plan) == []
        (told,) = cut(plan, world=20)
        assert told.startswith(
            "World and people are longer than the 20 tokens that the narrator has for them in a "
            "scene: in 4 scenes of 4 up to "
        )
        assert told.endswith(
            " tokens are left out, the end of the world first, and of who is present the first "
            "sentence stays."
        )


def test_what_the_planner_made_itself_may_be_cut_without_a_word() -> None:
    assert cut(PLAN, world=20, brief=30) == []
    # The author's outline says nothing of the world, which is the planner's.
    assert cut(authored(must_happen="It rains."), world=20) == []


def test_a_brief_of_the_authors_that_loses_its_end_is_named() -> None:
    plan = authored(must_happen="It rains.")
    assert cut(plan, brief=20)[-1] == (
        "outline.md: the briefs of s002 are longer than the 20 tokens that the narrator has for "
        "one, and lose their end."
    )
