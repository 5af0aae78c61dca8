"""Put the planner's three levels together to a plan that keeps its own rules. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from novelcraft.agents.planner.outline import HookIdea, Outline
from novelcraft.agents.planner.scenes import ChapterRequest
from novelcraft.agents.planner.story import Story
from novelcraft.agents.planner.task import BookRequest, PlanTask, spread
from novelcraft.state.plan import Chapter, Hook, Plan, SceneBrief


def chapter_requests(task: PlanTask, story: Story, outline: Outline) -> list[ChapterRequest]:
    """What to ask for each chapter, with the scenes' ids already given out."""
    chapters = outline.chapters
    requests, used = [], 0
    authored = task.book.authored.chapters or [None] * len(chapters)
    each = task.scenes_each(len(chapters))
    for n, (chapter, count) in enumerate(zip(chapters, each, strict=True)):
        requests.append(
            ChapterRequest(
                chapter=chapter,
                authored=authored[n],
                chapters=len(chapters),
                first_scene=used,
                before=chapters[n - 1].summary if n else "",
                after=chapters[n + 1].summary if n + 1 < len(chapters) else "",
                scene_ids=tuple(f"s{used + i + 1:03}" for i in range(count)),
                cast=story.cast,
                places=story.world.places,
                logline=story.core.logline,
                hooks=outline.hooks,
            )
        )
        used += count
    return requests


def compose_plan(
    task: PlanTask,
    story: Story,
    outline: Outline,
    briefs: Sequence[SceneBrief],
    mends: Sequence[str] = (),
) -> Plan:
    """A first plan: hooks tied to scenes, word targets that add up to the book."""
    hooks = tie_hooks(outline.hooks, outline, briefs)
    scenes = with_targets(with_hooks(briefs, hooks), task.book.target_words)
    return Plan(
        version=1,
        premise=task.book.premise,
        language=task.book.language,
        target_words=task.book.target_words,
        core=story.core,
        world=story.world,
        cast=story.cast,
        hooks=hooks,
        chapters=with_sums(outline.chapters, scenes),
        scenes=scenes,
        mends=(*story.mends, *story.unshown, *outline.mends, *outline.unshown, *mends),
        authored=task.book.authored,
        by_author=_by_author(task.book, story, outline),
    )


def _by_author(book: BookRequest, story: Story, outline: Outline) -> tuple[str, ...]:
    """What of a plan is the author's own; see `Plan.by_author`."""
    given = {
        "title": book.title,
        "style": book.style,
        "ending": book.ending,
        "world": book.authored.world,
    }
    people = [person.id for person in story.cast[: len(book.authored.people)]]
    chapters = [chapter.id for chapter in outline.chapters[: len(book.authored.chapters)]]
    return (*(name for name, text in given.items() if text), *people, *chapters)


def tie_hooks(
    ideas: Sequence[HookIdea], outline: Outline, briefs: Sequence[SceneBrief]
) -> tuple[Hook, ...]:
    """Give each hook the first scene of its plant chapter and the last of its payoff chapter.

    A hook whose two ends fall on one scene cannot be paid after it is planted and is left out.
    """
    ids = {c.number: c.id for c in outline.chapters}
    hooks = []
    for n, idea in enumerate(ideas, 1):
        plants = [b.id for b in briefs if b.chapter == ids[idea.plant_chapter]]
        payoffs = [b.id for b in briefs if b.chapter == ids[idea.payoff_chapter]]
        if plants[0] != payoffs[-1]:
            hooks.append(
                Hook(id=f"h{n}", text=idea.text, plant_scene=plants[0], payoff_scene=payoffs[-1])
            )
    return tuple(hooks)


def with_hooks(briefs: Sequence[SceneBrief], hooks: Sequence[Hook]) -> tuple[SceneBrief, ...]:
    """The briefs with what each must plant and pay off, as the hooks say."""
    return tuple(
        brief.model_copy(
            update={
                "plants": tuple(h.id for h in hooks if h.plant_scene == brief.id),
                "pays": tuple(h.id for h in hooks if h.payoff_scene == brief.id),
            }
        )
        for brief in briefs
    )


def with_targets(briefs: Sequence[SceneBrief], words: int) -> tuple[SceneBrief, ...]:
    """The briefs with word targets that add up to `words` exactly.

    Raises:
        ValueError: If there are more scenes than words.
    """
    if words < len(briefs):
        raise ValueError(f"{words} words cannot be shared by {len(briefs)} scenes")
    return tuple(
        brief.model_copy(update={"target_words": share})
        for brief, share in zip(briefs, spread(words, len(briefs)), strict=True)
    )


def with_sums(chapters: Sequence[Chapter], scenes: Sequence[SceneBrief]) -> tuple[Chapter, ...]:
    """The chapters with the sums of their scenes' word targets."""
    sums: Counter[str] = Counter()
    for brief in scenes:
        sums[brief.chapter] += brief.target_words
    return tuple(c.model_copy(update={"target_words": sums[c.id]}) for c in chapters)
