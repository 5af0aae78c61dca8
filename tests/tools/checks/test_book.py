"""The book as a whole."""

from __future__ import annotations

from typing import Any

from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.checks import check_book
from tests import factories
from tests.fakes.prose import Novelist


def written(plan: Plan, **changes: Any) -> list[SceneCommit]:
    """The whole plan, written to its targets."""
    return [
        factories.commit(
            number,
            prose=Novelist(brief.id, ["Elias Marrow", "Anna Veil"]).write(brief.target_words),
            scene_id=brief.id,
            chapter_id=brief.chapter,
            **changes,
        )
        for number, brief in enumerate(plan.scenes, 1)
    ]


def by_check(chain: list[SceneCommit], plan: Plan) -> dict[str, Finding]:
    return {f.check: f for f in check_book(chain, plan)}


def test_a_whole_book_only_has_its_copying_reported() -> None:
    plan = factories.plan()
    found = by_check(written(plan), plan)
    assert set(found) == {"book.copying"}
    assert found["book.copying"].severity == "report"


def test_what_is_missing_is_listed() -> None:
    plan = factories.plan()
    found = by_check(written(plan)[:2], plan)
    assert found["book.length"].severity == "warn"
    assert found["book.unwritten"].evidence == ("s003", "s004")
    assert found["book.chapters"].evidence == ("ch02",)
    assert found["book.hook"].about == "h1"
    assert "s004" in found["book.hook"].message


def test_a_chapter_without_words_blocks() -> None:
    plan = factories.plan()
    chain = written(plan)
    chain[0] = factories.commit(1, prose=" * * * ", chapter_id="ch01")
    assert "book.empty_chapter" not in by_check(chain, plan)
    chain[1] = factories.commit(2, prose="…", scene_id="s002", chapter_id="ch01")
    found = by_check(chain, plan)["book.empty_chapter"]
    assert (found.severity, found.evidence) == ("block", ("ch01",))


def test_scenes_kept_at_the_cap_and_stale_scenes_are_listed() -> None:
    plan = factories.plan()
    chain = written(plan)
    chain[1] = factories.commit(2, prose=chain[1].prose, accepted_by="cap", chapter_id="ch01")
    chain[2] = factories.commit(3, prose=chain[2].prose, stale=("s001 was edited",))
    found = by_check(chain, plan)
    assert found["book.at_cap"].evidence == ("s002",)
    assert found["book.at_cap"].severity == "report"
    assert found["book.stale"].evidence == ("s003",)


def test_a_book_that_copies_itself_warns() -> None:
    plan = factories.plan()
    chain = written(plan)
    chain[3] = factories.commit(4, prose=chain[0].prose, scene_id="s004", chapter_id="ch02")
    found = by_check(chain, plan)
    assert found["book.copying"].severity == "warn"
    assert found["book.duplicate"].evidence[0] in chain[0].prose


def test_scenes_that_open_alike_are_reported() -> None:
    plan = factories.plan()
    chain = [
        factories.commit(n, prose=f"The sun rose over the sea, {n} times.", scene_id=f"s{n:03}")
        for n in (1, 2, 3)
    ]
    found = by_check([*chain, factories.commit(4, prose="He read.", scene_id="s004")], plan)
    assert found["book.openings"].severity == "report"
    assert found["book.openings"].evidence == tuple(c.prose for c in chain)
    assert "book.openings" not in by_check(chain[:2], plan)


def test_an_empty_chain_is_no_book() -> None:
    assert "book.unwritten" in by_check([], factories.plan())


def test_findings_name_scenes_numbers_and_chapters() -> None:
    plan = factories.plan()
    chain = written(plan)[:2]
    found = {f.check: f.message for f in check_book(chain, plan)}
    total = sum(c.words for c in chain)
    off = total / 1200 - 1
    assert found == {
        "book.length": f"The book has {total} words, {off:+.1%} off its target of 1200.",
        "book.unwritten": "2 planned scenes are not written.",
        "book.chapters": "The book has 1 of 2 planned chapters.",
        "book.hook": "The hook h1 is never paid off: s004 is not written.",
    }
    (hook,) = [f for f in check_book(chain[1:], plan) if f.check == "book.hook"]
    assert hook.message == "The hook h1 is never planted: s001 is not written."
    assert (hook.evidence, hook.about) == (("The lamp goes out at midnight.",), "h1")
    assert {f.about for f in check_book(chain, plan) if f.check != "book.hook"} == {"book"}


def of_words(count: int) -> list[SceneCommit]:
    return [
        factories.commit(number, prose="lamp " * words, scene_id=f"s00{number}",
                         chapter_id=f"ch0{(number + 1) // 2}")
        for number, words in enumerate((300, 300, 300, count - 900), 1)
    ]  # fmt: skip


def test_a_book_may_miss_its_target_by_a_twentieth() -> None:
    plan = factories.plan()
    for words, found in ((1141, False), (1139, True), (1259, False), (1261, True)):
        assert ("book.length" in by_check(of_words(words), plan)) == found, words


def copying(copied: int) -> Finding:
    """Two chapters of 200 words, of which the second begins with some 5-grams of the first."""
    first = [f"a{n}" for n in range(200)]
    second = [*first[: copied + 4], *(f"b{n}" for n in range(196 - copied))]
    chain = [
        factories.commit(n, prose=" ".join(prose), scene_id=f"s00{n}", chapter_id=f"ch0{n}")
        for n, prose in enumerate((first, second), 1)
    ]
    return by_check(chain, factories.plan())["book.copying"]


def test_what_a_book_may_copy_of_itself_is_reported_and_more_warns() -> None:
    assert copying(0).severity == "report"
    assert copying(0).message == (
        "0.00% of the book's 5-grams stand in an earlier chapter. Published novels have 0.15 to "
        "0.52 %, good is at most 1%."
    )
    assert copying(40).severity == "warn"


def test_of_the_numbers_of_copying_one_stands_in_the_book() -> None:
    plan = factories.plan()
    for copied in (0, 2, 4, 40):
        chain = written(plan)
        prose = f"{chain[3].prose} {' '.join(chain[0].prose.split()[: copied + 4])}"
        chain[3] = factories.commit(4, prose=prose, scene_id="s004", chapter_id="ch02")
        assert [f.check for f in check_book(chain, plan)].count("book.copying") == 1
    alone = [factories.commit(1, prose="The sea was quiet.")]
    assert "book.copying" not in by_check(alone, plan)


def test_a_paragraph_of_eight_words_stands_in_one_scene() -> None:
    plan = factories.plan()
    eight, seven = "He rowed out past the old stone pier.", "He rowed out past the old pier."
    for line, found in ((eight, True), (seven, False)):
        chain = [
            factories.commit(n, prose=f"Scene {n} begins here.\n\n{line}", scene_id=f"s00{n}")
            for n in (1, 2)
        ]
        duplicates = [f for f in check_book(chain, plan) if f.check == "book.duplicate"]
        assert [f.message for f in duplicates] == [
            "Paragraphs stand in more than one scene."
        ] * found
    once = [factories.commit(1, prose=f"{eight}\n\n{eight}")]
    assert "book.duplicate" not in by_check(once, plan), "within a scene it is the scene's fault"


def test_scenes_that_open_alike_are_counted() -> None:
    plan = factories.plan()
    chain = [
        factories.commit(n, prose=f"The sun rose over {n} boats. He slept.", scene_id=f"s00{n}")
        for n in (1, 2, 3, 4)
    ]
    found = by_check(chain, plan)["book.openings"]
    assert found.message == "4 scenes begin with words that other scenes begin with too."
    assert found.evidence == tuple(f"The sun rose over {n} boats." for n in (1, 2, 3))
    short = [factories.commit(n, prose="The sun rose.", scene_id=f"s00{n}") for n in (1, 2, 3)]
    assert "book.openings" not in by_check(short, plan)


def test_scenes_at_the_cap_without_words_and_stale_are_counted() -> None:
    plan = factories.plan()
    chain = [
        factories.commit(1, prose="…", scene_id="s001", accepted_by="cap"),
        factories.commit(2, prose="The sea.", scene_id="s002", chapter_id="ch02", stale=("x",)),
    ]
    found = by_check(chain, plan)
    assert found["book.empty_chapter"].message == "1 chapters hold no words."
    assert found["book.at_cap"].message == "1 of 2 scenes were kept at the cap on attempts."
    assert found["book.stale"].message == "1 scenes may no longer fit what was edited before them."
