from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from novelcraft.config.settings import NovelSettings
from novelcraft.state.manuscript import SceneCommit
from novelcraft.tools.export.edits import ManuscriptEdits, SceneEdit, manuscript_edits
from novelcraft.tools.export.markdown import manuscript_markdown
from novelcraft.tools.export.prose import paragraphs
from tests import factories

NOVEL = NovelSettings(author="A. Keeper")
PLAN = factories.plan(2, 2)
PROSE = (
    "Elias read #1 [twice].\nThe sea was *quiet*.",
    "He slept.\n\n***\n\nHe woke.",
    "“No,” said Anna.\n\n1. The lamp.\n\nHe slept.",
    "The end_of it.",
)


def chain(prose: tuple[str, ...] = PROSE) -> list[SceneCommit]:
    made: list[SceneCommit] = []
    for n, text in enumerate(prose):
        before = made[-1] if made else None
        made.append(factories.commit(n + 1, before, text, chapter_id=f"ch{n // 2 + 1:02}"))
    return made


def edits(change: tuple[str, str]) -> ManuscriptEdits:
    text = manuscript_markdown(PLAN, chain(), NOVEL)
    assert text.count(change[0]) == 1
    return manuscript_edits(text.replace(*change), PLAN, chain(), NOVEL)


def test_an_untouched_manuscript_has_no_edits() -> None:
    text = manuscript_markdown(PLAN, chain(), NOVEL)
    for same in (text, text.replace("\n\n", "\n \n\n"), f"\n{text}\n"):
        assert manuscript_edits(same, PLAN, chain(), NOVEL) == ManuscriptEdits(())


def test_only_the_scene_that_was_changed_is_named_and_the_rest_of_it_is_as_it_was() -> None:
    found = edits(("The sea was *quiet*.", "The sea was *loud*.\n\nIt rained \\*."))
    prose = "Elias read #1 [twice].\n\nThe sea was *loud*.\n\nIt rained *."
    assert found == ManuscriptEdits((SceneEdit(1, "s001", prose),))


def test_a_scene_keeps_the_breaks_within_it() -> None:
    found = edits(("He woke.", "He woke late."))
    assert found == ManuscriptEdits((SceneEdit(2, "s002", "He slept.\n\n* * *\n\nHe woke late."),))


def test_two_scenes_at_once() -> None:
    text = manuscript_markdown(PLAN, chain(), NOVEL)
    text = text.replace("He woke.", "He rose.").replace("end\\_of it", "end of it all")
    found = manuscript_edits(text, PLAN, chain(), NOVEL)
    assert [s.position for s in found.scenes] == [2, 4]
    assert found.scenes[1].prose == "The end of it all."


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("A. Keeper", "B. Keeper"), "title or the author"),
        (("He woke.\n\n", "He woke.\n\n* * *\n\n"), "around scene"),
        (("Letter 2", "The Second Letter"), "around scene"),
        (("The end\\_of it.", ""), "Scene 4 has no words left"),
    ],
)
def test_what_is_no_change_of_words_is_a_problem(change: tuple[str, str], problem: str) -> None:
    found = edits(change)
    assert found.scenes == ()
    assert [problem in told for told in found.problems] == [True]


LINES = st.lists(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1),
    min_size=1,
    max_size=3,
)


@example(lines=["0\xa00"], number=0)
@given(LINES, st.integers(0, 3))
def test_new_prose_reads_as_it_was_typed(lines: list[str], number: int) -> None:
    """Whatever a person writes in a scene, its new prose makes the very file that was edited."""
    typed = "\n\n".join(lines)
    if not [block for block in paragraphs(typed) if block != "* * *"]:
        return
    prose = (*PROSE[:number], typed, *PROSE[number + 1 :])
    text = manuscript_markdown(PLAN, chain(prose), NOVEL)
    found = manuscript_edits(text, PLAN, chain(), NOVEL)
    if found.problems:
        assert "* * *" in list(paragraphs(typed)) or number == 1
        return
    after = [*PROSE]
    for scene in found.scenes:
        assert scene.position == number + 1
        after[number] = scene.prose
    assert manuscript_markdown(PLAN, chain(tuple(after)), NOVEL) == text
