"""What a person is told while they wait. No clock runs here: the test brings the time."""

from __future__ import annotations

from typing import Literal

import pytest

from novelcraft.present.wording import span, stopwatch
from novelcraft.present.writing import WritingProgress, summary
from novelcraft.state.events import (
    DraftChecked,
    Drafting,
    Exported,
    Notice,
    Planning,
    PlanReady,
    RunFinished,
    RunStarted,
    SceneCommitted,
    SceneStarted,
    WriteEvent,
)
from novelcraft.state.manuscript import AcceptedBy


def started(*, done: int = 0, words: int = 0) -> RunStarted:
    return RunStarted(
        branch="main",
        resumed=done > 0,
        scenes_done=done,
        words_done=words,
        target_words=6_000,
        target_pages=20,
    )


def scene(position: int, attempt: int = 1) -> SceneStarted:
    return SceneStarted(
        scene_id=f"s{position:03}",
        chapter_id="ch01",
        position=position,
        scenes=10,
        attempt=attempt,
        target_words=600,
        goal="Reach the lamp.",
    )


def drafting(position: int, words: int) -> Drafting:
    return Drafting(scene_id=f"s{position:03}", words=words, target_words=600)


def committed(
    position: int, words_total: int, *, by: AcceptedBy = "checks", attempts: int = 1
) -> SceneCommitted:
    return SceneCommitted(
        commit="c" * 64,
        scene_id=f"s{position:03}",
        position=position,
        scenes=10,
        words=600,
        words_total=words_total,
        target_words=6_000,
        accepted_by=by,
        attempts=attempts,
    )


FINISHED = RunFinished(
    scenes=46,
    chapters=12,
    words=27_734,
    pages=100.9,
    at_cap=8,
    warnings=61,
    model_calls=812,
    prompt_tokens=1_203_334,
    completion_tokens=92_002,
    seconds=2_460,
)


def after(*timed: tuple[float, WriteEvent]) -> WritingProgress:
    state = WritingProgress()
    for now, event in timed:
        state.update(event, now)
    return state


def test_before_the_first_event() -> None:
    assert WritingProgress().line(5.0) == "getting ready"


def test_while_planning() -> None:
    state = after((0, started()), (1, Planning(step="chapters", done=1, total=5)))
    assert state.line(9) == "planning: chapters (1 of 5 steps done) | 0.0 of 20 pages"


def test_while_drafting() -> None:
    state = after((0, started(done=2, words=1_200)), (0, scene(3, 2)), (30, drafting(3, 210)))
    told = "scene 3 of 10, draft 2: 210 of 600 words (35%) | 4.0 of 20 pages"
    assert state.line(30).startswith(told)


def checked(verdict: Literal["review", "redraft", "cap"]) -> DraftChecked:
    return DraftChecked(scene_id="s001", attempt=1, words=817, blocks=(), warns=0, verdict=verdict)


@pytest.mark.parametrize("verdict", ["review", "cap"])
def test_while_the_readers_work_the_draft_is_said_to_be_read(
    verdict: Literal["review", "cap"],
) -> None:
    state = after((0, started()), (0, scene(1)), (30, drafting(1, 817)), (31, checked(verdict)))
    assert state.line(200).startswith("scene 1 of 10: 817 words, being read | ")


def test_a_draft_past_its_target_is_said_to_be() -> None:
    state = after((0, started()), (0, scene(1)), (30, drafting(1, 660)))
    assert state.line(30).startswith("scene 1 of 10: 660 of 600 words (110%) | ")


def test_a_redraft_is_no_longer_being_read() -> None:
    seen: list[tuple[float, WriteEvent]] = [
        (30, drafting(1, 817)),
        (31, checked("review")),
        (90, scene(1, 2)),
    ]
    state = after((0, started()), (0, scene(1)), *seen, (95, drafting(1, 60)))
    assert state.line(95).startswith("scene 1 of 10, draft 2: 60 of 600 words (10%) | ")


def test_time_left_follows_from_whole_scenes() -> None:
    state = after((0, started()), (100, scene(1)), (160, committed(1, 600)))
    assert state.time_left(160) == pytest.approx(9 * 60)
    assert state.time_left(190) == pytest.approx(9 * 60 - 30)
    assert state.line(160).endswith("2.0 of 20 pages | about 9 min left")


def test_time_left_counts_only_this_runs_scenes() -> None:
    state = after((0, started(done=5, words=3_000)), (10, scene(6)), (70, committed(6, 3_600)))
    assert state.time_left(70) == pytest.approx(4 * 60)


def test_time_left_before_the_first_commit_follows_the_draft() -> None:
    state = after((0, started()), (0, scene(1)), (30, drafting(1, 300)))
    assert state.time_left(30) == pytest.approx(10 * 60 - 30)


def test_no_guess_from_nothing() -> None:
    state = after((0, started()), (0, scene(1)))
    assert state.time_left(5) is None
    state.update(drafting(1, 10), 6)
    assert state.time_left(6) is None


def test_time_left_never_runs_below_nothing() -> None:
    state = after((0, started()), (0, scene(9)), (60, committed(9, 5_400)))
    assert state.time_left(10_000) == 0


def test_the_time_a_person_takes_is_not_the_runs() -> None:
    state = after((0, started()), (0, scene(1)), (60, committed(1, 600)))
    state.pause(60)
    state.resume(1_060)
    assert state.time_left(1_060) == pytest.approx(9 * 60)


def test_the_pages_are_those_of_accepted_scenes() -> None:
    state = after((0, started()), (0, scene(1)), (9, drafting(1, 300)))
    assert "0.0 of 20 pages" in state.line(9)
    assert state.done == pytest.approx(0.5)
    state.update(committed(1, 600), 10)
    assert "2.0 of 20 pages" in state.line(10)
    assert state.done == 1


def test_a_draft_longer_than_its_target_is_one_scene() -> None:
    assert after((0, started()), (0, scene(1)), (9, drafting(1, 900))).done == 1


def test_finished() -> None:
    state = after((0, started()), (1, scene(10)), (2, committed(10, 6_000)), (3, FINISHED))
    assert state.line(3) == "finished | 20.0 of 20 pages"


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (started(), "a novel of 20 pages on branch main"),
        (started(done=2, words=1_200), "going on with branch main: 2 scenes, 1,200 of 6,000 words"),
        (
            PlanReady(version=1, title="Salt", chapters=12, scenes=46, mends=1),
            "plan ready: “Salt”, 12 chapters, 46 scenes, 1 mend",
        ),
        (
            PlanReady(version=2, title="Salt", chapters=12, scenes=46, mends=0, replan=True),
            "plan revised, 12 chapters, 46 scenes",
        ),
        (committed(1, 600), "scene 1 of 10: 600 words, passed its checks"),
        (
            committed(1, 600, by="cap", attempts=3),
            "scene 1 of 10: 600 words, kept with findings, out of attempts after 3 drafts",
        ),
        (
            DraftChecked(
                scene_id="s001",
                attempt=1,
                words=9,
                blocks=("prose.cut_off", "length"),
                warns=0,
                verdict="redraft",
            ),
            "draft 1 is drawn again: prose.cut_off, length",
        ),
        (Exported(format="epub", path="a/b.epub"), "wrote a/b.epub"),
        (Notice(text="No PDF engine."), "No PDF engine."),
    ],
)
def test_headlines(event: WriteEvent, told: str) -> None:
    assert (WritingProgress().headline(event) or "").startswith(told)


@pytest.mark.parametrize(
    "event", [drafting(1, 5), Planning(step="cast", done=0, total=5), scene(1)]
)
def test_what_happens_often_has_no_headline(event: WriteEvent) -> None:
    assert WritingProgress().headline(event) is None


def test_the_summary_does_not_hide_the_cap() -> None:
    text = "\n".join(summary(FINISHED))
    assert "27,734 words, 100.9 pages, 12 chapters, 46 scenes." in text
    assert "38 of 46 scenes passed the checks; 61 warnings." in text
    assert "8 scenes (17%) were kept with findings when the attempts ran out." in text
    assert "812 model calls: 1,203,334 tokens read, 92,002 written, in 41:00." in text


def test_the_summary_does_not_count_a_persons_word_as_passed_checks() -> None:
    text = "\n".join(summary(FINISHED.model_copy(update={"by_person": 3})))
    assert "35 of 46 scenes passed the checks; 61 warnings." in text
    assert "3 scenes stand by your word, with findings that would have kept a draft out." in text


def test_the_summary_of_a_clean_book_has_no_cap() -> None:
    assert "kept" not in "\n".join(summary(FINISHED.model_copy(update={"at_cap": 0})))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (10, "under a minute"),
        (90, "about 2 min"),
        (5_940, "about 99 min"),
        (7_500, "about 2 h 05 min"),
    ],
)
def test_spans(seconds: float, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(7.9, "0:07"), (425, "7:05"), (4_025, "1:07:05")])
def test_stopwatch(seconds: float, told: str) -> None:
    assert stopwatch(seconds) == told
