"""Pacing: the word budget of a book while it is written, and what this narrator makes of it.

Narrators write less or more than they are asked for, each in its own measure. So a scene has two
numbers: its target, which is its share of the book, and the words that the narrator is asked for
so that it writes about as many. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from novelcraft.agents.planner.compose import with_hooks, with_sums, with_targets
from novelcraft.agents.planner.task import shares
from novelcraft.state.plan import Chapter, Hook, Plan, SceneBrief

LEAST_SHARE = 0.5
MOST_SHARE = 1.6
"""How far a scene's target may bend from the usual length to bring the book back on course."""


MEASURED_SCENES = 4
"""Last scenes by which a narrator's pace is measured."""

MOST_ASKED = 3.0
LEAST_ASKED = 0.4
"""Shares of a scene's target that a narrator is asked for at most and at least."""

LEAST_MEASURED = 2
"""Scenes after which a narrator may be called slow."""

SLOW = 0.45
"""Pace below which asking for more does not help: the narrator gets shorter scenes."""


@dataclass(frozen=True)
class Written:
    """A scene as a narrator wrote it."""

    words: int
    pace: float
    """Words it wrote at once for each that it was asked for; 0 where that is not known."""


def measured_pace(scenes: Sequence[Written]) -> float:
    """Words that a narrator writes for each that it is asked for: the mean of the last scenes.

    1 while nothing is known.
    """
    paces = [scene.pace for scene in _measured(scenes)]
    return sum(paces) / len(paces) if paces else 1.0


def asked_words(target: int, pace: float) -> int:
    """Words to ask a narrator of that pace for, so that it writes about `target`."""
    return max(1, round(target * min(MOST_ASKED, max(LEAST_ASKED, 1 / pace))))


def scene_length(usual: int, scenes: Sequence[Written], *, last_chapter: bool = False) -> int:
    """Words of the scenes to plan for: the usual ones, or what a slow narrator comes to.

    Args:
        usual: The preset's.
        scenes: What is written.
        last_chapter: Whether no later chapter could make up for words that these scenes lack;
            then they are planned for what the last ones came to, if that is less.
    """
    known = _measured(scenes)
    if len(known) < LEAST_MEASURED:
        return usual
    words = [scene.words for scene in known]
    if measured_pace(known) < SLOW:
        return max(1, min(usual, max(words)))
    return max(1, min(usual, round(sum(words) / len(words)))) if last_chapter else usual


def _measured(scenes: Sequence[Written]) -> list[Written]:
    return [scene for scene in scenes if scene.pace > 0][-MEASURED_SCENES:]


def next_target(words_left: int, scenes_left: int, usual: int) -> int:
    """Target of the next scene: an even share of what is left, within bounds.

    Args:
        words_left: Words that the book still needs; may be negative.
        scenes_left: Scenes still to write, the next one among them.
        usual: Usual length of a scene, in words.
    """
    share = round(words_left / max(1, scenes_left))
    return min(round(usual * MOST_SHARE), max(round(usual * LEAST_SHARE), share))


def scenes_wanted(words_left: int, chapters_left: int, usual: int) -> int:
    """How many scenes of usual length the rest of the book needs, at least one a chapter."""
    return max(chapters_left, round(words_left / usual))


def revised_ids(plan: Plan, written: Iterable[str], words_left: int, usual: int) -> list[list[str]]:
    """Scene ids of each chapter that is still to come, after adding or dropping scenes.

    Scenes are dropped from a chapter's middle, so that its first and last keep the hooks they
    carry, and none that the author named; new ones take ids never used before and go before the
    last scene of their chapter.
    """
    chapters = chapters_to_come(plan, written)
    briefs = plan.by_chapter
    ids = [[s.id for s in briefs.get(c.id, ())] for c in chapters]
    named = [len(a.scenes) if (a := plan.authored_chapter(c)) else 0 for c in chapters]
    wanted = shares(scenes_wanted(words_left, len(chapters), usual), named)
    if sum(wanted) == sum(map(len, ids)):
        return ids
    unused = 1 + max(int(s.id[1:]) for s in plan.scenes)
    revised = []
    for have, count in zip(ids, wanted, strict=True):
        fresh = [f"s{unused + i:03}" for i in range(max(0, count - len(have)))]
        unused += len(fresh)
        spare = [i for i in reversed(have[:-1]) if not plan.is_authors_scene(plan.scene(i))]
        dropped = spare[: max(0, len(have) - count)]
        kept = [i for i in have if i not in dropped]
        revised.append(kept[:-1] + fresh + kept[-1:])
    return revised


def chapters_to_come(plan: Plan, written: Iterable[str]) -> list[Chapter]:
    """Chapters none of whose scenes is written."""
    known = set(written)
    done = {s.chapter for s in plan.scenes if s.id in known}
    return [c for c in plan.chapters if c.id not in done]


def revise_plan(
    plan: Plan,
    written: Mapping[str, int],
    briefs: Sequence[SceneBrief],
    mends: Sequence[str],
) -> Plan:
    """The plan with other briefs for the scenes to come.

    What is written stays as it was, with the targets that it had; the coming targets share the
    words that are left. Open hooks keep their place or move to the nearest scene.

    Args:
        plan: The plan so far.
        written: Words of each scene that is written, by its id.
        briefs: The briefs to come, in order.
        mends: What was mended in them.
    """
    done = [s for s in plan.scenes if s.id in written]
    words_left = plan.target_words - sum(written.values())
    coming = with_targets(briefs, max(words_left, len(briefs)))
    order = [*done, *coming]
    hooks = _rehang(plan.hooks, plan, order, {s.id for s in done})
    revised = with_hooks(coming, hooks)
    return plan.model_copy(
        update={
            "parent": plan.version,
            "hooks": hooks,
            "chapters": with_sums(plan.chapters, order),
            "scenes": (*done, *revised),
            "mends": (*plan.mends, *mends),
        }
    )


def _rehang(
    hooks: Sequence[Hook], plan: Plan, order: Sequence[SceneBrief], done: set[str]
) -> tuple[Hook, ...]:
    place = {s.id: n for n, s in enumerate(order)}
    kept = []
    for hook in hooks:
        plant, payoff = hook.plant_scene, hook.payoff_scene
        if plant not in place:
            plant = _nearest(plan.scene(plant), order, done)[0]
        if payoff not in place:
            payoff = _nearest(plan.scene(payoff), order, done)[-1]
        if place[plant] < place[payoff]:
            kept.append(hook.model_copy(update={"plant_scene": plant, "payoff_scene": payoff}))
    return tuple(kept)


def _nearest(gone: SceneBrief, order: Sequence[SceneBrief], done: set[str]) -> list[str]:
    """Ids of the scenes to come of the chapter that a scene had; of all, where it has none."""
    there = [s.id for s in order if s.chapter == gone.chapter and s.id not in done]
    return there or [s.id for s in order]
