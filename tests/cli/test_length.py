"""A book that was begun: another length, and other settings than it was planned with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from novelcraft.graphs.novel import Novel
from tests.cli.conftest import Run
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"


@pytest.fixture
def begun(run: Run, served: Callable[..., FakeServer], here: Path) -> Path:
    """A novel of 20 pages in five chapters, with two scenes written."""
    served()
    told = run(
        *("write", PREMISE, "--pages", 20, "--chapters", 5, "--out", "n", "--until", 2, "--quiet")
    )
    assert told.code == 0, told.err
    return here / "n"


def words_of(folder: Path, branch: str = "main") -> int:
    with Novel.open(folder) as novel:
        return sum(c.words for c in novel.store.chain(novel.store.branch(branch).head))


def by_hand(folder: Path, before: str, after: str) -> None:
    file = folder / "novel.toml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.parametrize("pages", [12, 40])
def test_a_begun_book_gets_another_length(run: Run, begun: Path, pages: int) -> None:
    told = run("write", "n", "--pages", pages)
    assert told.code == 0, told.err
    assert f"Branch main is planned for {pages} pages from here on" in told.err
    assert f"pages = {pages}\n" in (begun / "novel.toml").read_text(encoding="utf-8")
    assert words_of(begun) == pytest.approx(pages * 275, rel=0.1)
    assert run("write", "n", "--pages", pages).out.startswith("Nothing to do")


def test_a_length_changed_by_hand_is_not_passed_over(run: Run, begun: Path) -> None:
    by_hand(begun, "pages = 20\n", "pages = 40\n")
    told = run("write", "n")
    assert told.code == 14
    assert "The settings ask for 40 pages" in told.err
    assert "branch main was planned for 20 of them" in told.err
    assert "novelcraft write n --pages 40" in told.err
    told = run("write", "n", "--pages", 40)
    assert told.code == 0, told.err
    assert words_of(begun) == pytest.approx(40 * 275, rel=0.1)


def test_a_length_from_the_environment_is_not_passed_over(
    run: Run, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOVELCRAFT_NOVEL_PAGES", "3")
    told = run("write", "n")
    assert told.code == 14
    assert "The settings ask for 3 pages" in told.err


@pytest.mark.parametrize(
    ("before", "after", "restored"),
    [
        ('# language = "en"', 'language = "fr"', 'language = "en"'),
        (PREMISE, "A baker finds that bread remembers", f'premise = "{PREMISE}"'),
        ("chapters = 5\n", "chapters = 7\n", "chapters = 5"),
        ('# style = ""', 'style = "Dry, in short sentences"', 'style = "'),
    ],
    ids=["language", "premise", "chapters", "style"],
)
def test_what_a_plan_was_made_from_and_was_changed_by_hand_is_not_passed_over(
    run: Run, begun: Path, before: str, after: str, restored: str
) -> None:
    by_hand(begun, before, after)
    told = run("write", "n")
    assert told.code == 11
    assert f"The settings say {restored.split()[0]} = " in told.err
    assert "and branch main was planned with another" in told.err
    assert f"Set [novel] {restored}" in told.err
    assert run("write", "n", "--pages", 30).code == 11
    by_hand(begun, after, before)
    assert run("write", "n", "--until", 3, "--quiet").code == 0


def test_white_space_in_a_premise_and_a_choice_left_to_the_planner_make_no_other_book(
    run: Run, begun: Path
) -> None:
    by_hand(begun, PREMISE, PREMISE.replace(" ", "  "))
    by_hand(begun, "chapters = 5\n", "chapters = 0\n")
    assert run("write", "n", "--until", 3, "--quiet").code == 0


def test_a_length_that_is_written_already_is_refused(run: Run, begun: Path) -> None:
    before = (begun / "novel.toml").read_bytes()
    told = run("write", "n", "--pages", 2)
    assert told.code == 14
    assert "cannot be given 2 pages" in told.err
    assert (begun / "novel.toml").read_bytes() == before


def test_a_finished_book_gets_no_other_length_but_a_fork_does(run: Run, begun: Path) -> None:
    assert run("write", "n").code == 0
    told = run("write", "n", "--pages", 30)
    assert told.code == 14
    assert "no chapter of it is still to be planned" in told.err
    assert "novelcraft fork n --at SCENE" in told.err
    assert run("fork", "n", "--at", 2, "--name", "longer").code == 0
    told = run("write", "n", "--branch", "longer", "--pages", 30)
    assert told.code == 0, told.err
    assert words_of(begun, "longer") == pytest.approx(30 * 275, rel=0.1)
