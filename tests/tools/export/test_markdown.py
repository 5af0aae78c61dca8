from __future__ import annotations

import pytest

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.tools.export.markdown import manuscript_markdown
from tests import factories
from tests.tools.export.books import elements, written

NOVEL = NovelSettings(author="A. Keeper")


def test_a_manuscript_from_top_to_bottom() -> None:
    plan, chain = written([["One.", "Two.\nThree."], ["*Four* # 4."]])
    assert manuscript_markdown(plan, chain, NOVEL) == (
        "**The Answering Sea**\n\n*A. Keeper*\n\n"
        "# Chapter 1: Letters 1\n\nOne.\n\n* * *\n\nTwo.\n\nThree.\n\n"
        "# Chapter 2: Letters 2\n\n*Four* # 4.\n"
    )


def test_chapters_without_a_scene_are_left_out() -> None:
    plan, chain = written([["One."], ["Two."], ["Three."]])
    assert "# Chapter 2" not in manuscript_markdown(plan, chain[:1], NOVEL)


def test_nothing_written_yet_is_title_and_author() -> None:
    plan, _ = written([["One."]])
    assert manuscript_markdown(plan, [], NOVEL) == "**The Answering Sea**\n\n*A. Keeper*\n"


def test_scenes_without_words_bring_no_break() -> None:
    plan, chain = written([["One.", " \n", "Two."], [" ", "Three."]])
    text = manuscript_markdown(plan, chain, NOVEL)
    assert text.count("* * *") == 1
    assert "# Chapter 2: Letters 2\n\nThree." in text


def test_a_persons_title_goes_before_the_planners() -> None:
    plan, chain = written([["One."]])
    novel = NovelSettings(title=" My\nBook ", author="")
    assert manuscript_markdown(plan, chain, novel).startswith("**My Book**\n\n# Chapter 1")


def test_a_novel_without_any_title_is_untitled() -> None:
    plan, chain = written([["One."]], title=" \x00 ")
    assert manuscript_markdown(plan, chain, NOVEL).startswith("**Untitled**\n")


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("The Reply", "# Chapter 1: The Reply"),
        ("", "# Chapter 1"),
        ("Chapter 1", "# Chapter 1"),
        ("chapter 1 - Ink", "# Chapter 1: Ink"),
        ("Chapter 12", "# Chapter 1: Chapter 12"),
        ("Ink {#id} <b> #", r"# Chapter 1: Ink \{\#id\} \<b\> \#"),
    ],
)
def test_chapter_headings(title: str, heading: str) -> None:
    plan, chain = written([["One."]])
    chapter = plan.chapters[0].model_copy(update={"title": title})
    plan = plan.model_copy(update={"chapters": (chapter,)})
    assert heading in manuscript_markdown(plan, chain, NOVEL).splitlines()


def test_a_title_of_markup_is_a_title_still() -> None:
    plan, chain = written([["One."]], title="*The* [Sea](x) **Answers** \\ `#1`")
    blocks = elements(manuscript_markdown(plan, chain, NOVEL), reader="gfm")
    assert [b["t"] for b in blocks] == ["Para", "Para", "Header", "Para"]
    assert [inline["t"] for inline in blocks[0]["c"]] == ["Strong"]


@pytest.mark.parametrize(
    ("tag", "heading"),
    [("de-CH", "Kapitel 1: Letters 1"), ("ja", "第1章: Letters 1"), ("tlh", "1: Letters 1")],
)
def test_headings_speak_the_books_language(tag: str, heading: str) -> None:
    plan, chain = written([["One."]])
    text = manuscript_markdown(plan, chain, NovelSettings(language=tag))
    assert f"# {heading}" in text


def test_a_scene_of_a_chapter_that_the_plan_does_not_have() -> None:
    plan, _ = written([["One."]])
    with pytest.raises(UnknownTargetError, match="ch09"):
        manuscript_markdown(plan, [factories.commit(chapter_id="ch09")], NOVEL)
