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
