"""What a novel's face promises without a model: its folder, its names, and whether it is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import (
    InputError,
    NotAProjectError,
    PagesError,
    ProjectBusyError,
    UnknownTargetError,
)
from novelcraft.graphs.novel import Novel
from novelcraft.state.base import content_hash
from novelcraft.state.events import WriteEvent
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.lock import ProjectLock
from tests import factories
from tests.fakes.server import FakeServer
from tests.graphs.bench import PLAN, write_next
from tests.graphs.conftest import OpenDesk, settings


@pytest.fixture
def novel(open_desk: OpenDesk, fake_server: FakeServer) -> Novel:
    """Two scenes of a plan of four; pages are as the plan has them."""
    size = {"premise": PLAN.premise, "pages": 6, "words_per_page": 200, "title": ""}
    made = open_desk(fake_server, novel=size).novel
    made.store.add_plan("main", PLAN)
    for _ in range(2):
        write_next(made.store)
    return made


def test_the_same_settings_name_the_same_book(tmp_path: Path, fake_server: FakeServer) -> None:
    given = settings(fake_server)
    ids = set()
    for name in ("a", "b"):
        with Novel.create(tmp_path / name, given) as made:
            ids.add(made.store.novel_id)
            assert [branch.name for branch in made.store.branches()] == ["main"]
            assert made.store.branch("main").head is None
    assert ids == {content_hash(given.novel.model_dump(mode="json"))[:32]}
    other = settings(fake_server, novel={"seed": 2})
    with Novel.create(tmp_path / "c", other) as made:
        assert made.store.novel_id not in ids


def test_a_folder_is_opened_with_what_the_environment_and_the_command_say(
    tmp_path: Path, fake_server: FakeServer
) -> None:
    with pytest.raises(NotAProjectError):
        Novel.open(tmp_path / "none", environ={})
    Novel.create(tmp_path / "n", settings(fake_server)).close()
    with Novel.open(tmp_path / "n", environ={}) as made:
        head, plain = made.store.novel_id, made.settings
    overrides = {"write": {"attempts": 7}}
    with Novel.open(tmp_path / "n", environ={}, overrides=overrides) as made:
        assert made.settings.write.attempts == 7
        assert made.settings.novel == plain.novel
        assert made.store.novel_id == head
        assert made.folder == tmp_path / "n"


def test_a_database_elsewhere_is_opened_under_the_books_id(
    tmp_path: Path, fake_server: FakeServer
) -> None:
    asked = []

    def open_store(novel_id: str) -> ManuscriptStore:
        asked.append(novel_id)
        return ManuscriptStore.create(tmp_path / "elsewhere.db", novel_id=novel_id)

    given = settings(fake_server)
    Novel.create(tmp_path / "n", given).close()
    with Novel.open(tmp_path / "n", environ={}, open_store=open_store) as made:
        assert asked == [made.store.novel_id]
        assert made.store.branch("main").head is None


def test_wrong_names_are_told_with_commands_of_this_novel(novel: Novel) -> None:
    assert novel.scene("2") == novel.store.chain(novel.store.branch("main").head)[1]
    for ask, fix in (
        (lambda: novel.scene("9"), f"See them with: novelcraft log {novel.folder}"),
        (lambda: novel.fork("9", "darker"), f"See them with: novelcraft log {novel.folder}"),
        (
            lambda: novel.exempt("no:such", "x"),
            f"Take one from: novelcraft show {novel.folder} findings",
        ),
    ):
        with pytest.raises(UnknownTargetError) as raised:
            ask()
        assert raised.value.fix == fix
    with pytest.raises(InputError):
        novel.fork("1", "main")


def test_a_branch_has_scenes_forks_and_a_summary_of_its_own(novel: Novel) -> None:
    made = novel.fork("1", "darker")
    assert (made.name, made.head) == ("darker", novel.scene("1").id)
    with pytest.raises(UnknownTargetError, match="'darker'"):
        novel.scene("2", "darker")
    with pytest.raises(UnknownTargetError, match="'darker'"):
        novel.fork("2", "later", branch="darker")
    assert (len(novel.summary().scenes), len(novel.summary("darker").scenes)) == (2, 1)


def test_a_scene_that_a_person_wrote_has_no_prompt(novel: Novel) -> None:
    own = write_next(novel.store, provenance=factories.provenance(calls=()))
    for name in (str(own.position), "1"):
        # Of the first one the call is not there any more.
        with pytest.raises(UnknownTargetError) as raised:
            novel.prompt(name)
        assert raised.value.message == f"Scene {name} has no prompt: a person wrote it."
        assert raised.value.fix == "Ask for a scene that the narrator wrote."


def test_a_book_is_finished_when_its_last_scene_is_the_one_that_was_exported(
    novel: Novel,
) -> None:
    assert not novel.is_finished()
    head = novel.store.branch("main").head or ""
    novel.store.set_finished("main", head)
    assert not novel.is_finished()
    exports = novel.folder / "exports"
    exports.mkdir()
    (exports / "book.docx").touch()
    assert not novel.is_finished()
    (exports / "book.epub").touch()
    assert novel.is_finished()
    novel.fork("2", "darker")
    assert not novel.is_finished("darker")
    write_next(novel.store)
    assert not novel.is_finished()


async def test_another_length_is_planned_where_no_run_holds_the_novel(novel: Novel) -> None:
    novel.require_planned()
    assert not await novel.change_length()
    longer = novel.settings.novel.model_copy(update={"pages": 9})
    novel.settings = novel.settings.model_copy(update={"novel": longer})
    with pytest.raises(PagesError, match="branch main was planned for 6"):
        novel.require_planned()
    with ProjectLock(novel.folder), pytest.raises(ProjectBusyError):
        await novel.change_length()
    assert await novel.change_length()
    assert novel.store.plan(2).target_words == 1_800
    novel.require_planned()


async def test_a_run_of_other_settings_than_the_plans_does_not_begin(novel: Novel) -> None:
    longer = novel.settings.novel.model_copy(update={"pages": 9})
    novel.settings = novel.settings.model_copy(update={"novel": longer})
    events: list[WriteEvent] = []
    with pytest.raises(PagesError):
        await novel.write(on_event=events.append)
    assert events == []
