"""Where the events of a run are kept, and how its beginning and end are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import ConfigError
from novelcraft.graphs.run_events import left_over, logged, started
from novelcraft.graphs.runner import start_state
from novelcraft.state.acts import Redraw
from novelcraft.state.events import (
    Drafting,
    Growth,
    Notice,
    RunStarted,
    RunStopped,
    SceneStarted,
    StepStarted,
    WriteEvent,
)
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.storage.feed import FEED_FILE
from tests import factories

BEGUN = SceneStarted(
    scene_id="s003", chapter_id="ch02", position=3, scenes=4, attempt=1, target_words=120, goal="x"
)
GROWN = Drafting(scene_id="s003", words=1, target_words=120, at=0, text="He")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ManuscriptStore]:
    """A novel with two scenes of nine words each on another branch than the first."""
    with ManuscriptStore.create(tmp_path / "novel.db") as opened:
        opened.create_branch("main", head=None, plan_version=None)
        opened.add_plan("main", factories.plan(chapters=2, scenes_each=2))
        opened.create_branch("darker", head=None, plan_version=1)
        for commit in factories.chain(2):
            opened.commit("darker", commit)
        yield opened


def growth(folder: Path) -> list[Growth]:
    lines = (folder / FEED_FILE).read_text(encoding="utf-8").splitlines()
    return [Growth.model_validate_json(line) for line in lines]


def kept(store: ManuscriptStore, branch: str = "darker") -> list[WriteEvent]:
    return [entry.event for entry in store.events(branch=branch)]


def test_what_is_done_is_logged_and_the_growth_of_a_draft_stands_in_the_feed_beside_it(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    heard: list[WriteEvent] = []
    events: list[WriteEvent] = [
        Notice(text="a"),
        BEGUN,
        StepStarted(step="checks"),
        GROWN,
        Notice(text="b"),
        GROWN,
    ]
    with logged(tmp_path, store, "darker", heard.append) as emit:
        for event in events:
            emit(event)
        told = [(one.after, one.branch, one.event) for one in growth(tmp_path)]
        numbers = [entry.number for entry in store.events(branch="darker")]
        # The next scene begins a feed of its own.
        emit(BEGUN)
        assert growth(tmp_path) == []
    assert heard == [*events, BEGUN]
    assert kept(store) == [Notice(text="a"), BEGUN, Notice(text="b"), BEGUN]
    assert kept(store, "main") == []
    assert told == [
        (numbers[1], "darker", StepStarted(step="checks")),
        (numbers[1], "darker", GROWN),
        (numbers[2], "darker", GROWN),
    ]
    assert not (tmp_path / FEED_FILE).exists()


def test_an_error_that_ends_a_run_is_its_last_event(store: ManuscriptStore, tmp_path: Path) -> None:
    heard: list[WriteEvent] = []
    error = ConfigError("It is wrong.", fix="Put it right.")
    with pytest.raises(ConfigError), logged(tmp_path, store, "darker", heard.append):
        raise error
    assert heard == kept(store) == [RunStopped(reason="failed", scenes_done=2, error=str(error))]


def test_whoever_ends_a_run_is_not_told_and_the_others_are(
    store: ManuscriptStore, tmp_path: Path
) -> None:
    heard: list[WriteEvent] = []

    def cancelled() -> None:
        with logged(tmp_path, store, "darker", heard.append) as emit:
            emit(BEGUN)
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        cancelled()
    assert heard == [BEGUN]
    assert kept(store) == [BEGUN, RunStopped(reason="asked", scenes_done=2, error="")]
    assert not (tmp_path / FEED_FILE).exists()


def test_another_fault_is_no_event_of_the_run(store: ManuscriptStore, tmp_path: Path) -> None:
    with pytest.raises(KeyError), logged(tmp_path, store, "darker", lambda _event: None):
        raise KeyError
    assert kept(store) == []


@pytest.mark.parametrize("resumed", [True, False])
def test_a_run_that_begins_says_what_is_written(store: ManuscriptStore, resumed: bool) -> None:
    novel = NovelSettings(pages=5, words_per_page=100)
    state = start_state(store, "darker", None)
    assert started(store, state, novel, resumed=resumed) == RunStarted(
        branch="darker",
        resumed=resumed,
        scenes_done=2,
        words_done=18,
        target_words=500,
        target_pages=5,
    )


@pytest.mark.parametrize(("branch", "option"), [("main", ""), ("darker", " --branch darker")])
def test_acts_that_came_too_late_are_named_with_what_has_them_done(
    store: ManuscriptStore, tmp_path: Path, branch: str, option: str
) -> None:
    acts = [store.put_act(Redraw(scene="1"), branch="darker", by="") for _ in range(2)]
    assert left_over(tmp_path, branch, acts).text == (
        f"What was left after the last safe point (act {acts[0].id}, {acts[1].id}) waits for the "
        f"next run. Have it done now: novelcraft steer {tmp_path}{option} apply"
    )
