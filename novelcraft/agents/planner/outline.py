"""Level two: acts and chapters with word targets, and the hooks between chapters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

from novelcraft.agents.planner.authored import Showing
from novelcraft.agents.planner.mend import Mender
from novelcraft.agents.planner.parts import Item, ListQuestion
from novelcraft.agents.planner.story import Story
from novelcraft.agents.planner.task import BookRequest, PlanTask
from novelcraft.agents.session import AgentSession
from novelcraft.prompts.fit import shorten
from novelcraft.prompts.loader import load_template
from novelcraft.state.authored import AuthoredChapter
from novelcraft.state.base import Frozen
from novelcraft.state.calls import Message
from novelcraft.state.plan import Chapter
from novelcraft.tools.models.schemas import bounded, likely_tokens, make_schema, one_of, strict_list

ACT_TASKS = (
    "which sets the story going",
    "in which everything gets harder",
    "which leads to the ending",
)
ACT_SHARES = (0.25, 0.5, 0.25)

_TOLD_WHOLE = (12, 4, 1)
"""Of how many of the last chapters a prompt has the summaries, where it cannot have all."""
_SHORT_SUMMARIES = (160, 60)
"""Characters of each chapter's summary in a prompt that cannot have them whole."""


class HookIdea(Frozen):
    """A hook before scenes exist: between two chapters, counted from 1."""

    text: str
    plant_chapter: int
    payoff_chapter: int


class Outline(Frozen):
    """The answer of level two."""

    chapters: tuple[Chapter, ...]
    hooks: tuple[HookIdea, ...]
    mends: tuple[str, ...] = ()
    unshown: tuple[str, ...] = ()
    """What of the author's words a prompt had no room for."""


def act_sizes(chapters: int) -> list[int]:
    """Chapters of each act: a quarter, a half, a quarter; fewer acts for fewer chapters."""
    if chapters < len(ACT_SHARES):
        return [1] * chapters
    first = max(1, round(chapters * ACT_SHARES[0]))
    last = max(1, round(chapters * ACT_SHARES[2]))
    return [first, chapters - first - last, last]


class OutlineInput(Frozen):
    """A book whose story stands."""

    book: BookRequest
    story: Story


async def plan_outline(given: OutlineInput, session: AgentSession) -> Outline:
    """Chapters act by act, each act knowing those before it, then the hooks.

    The author's chapters stay as they are; an act of which nothing is missing is not asked for.

    Raises:
        InvalidAnswerError: If the model cannot keep to a schema.
    """
    task, story = PlanTask(given.book, session), given.story
    mender = task.mender()
    sketches: list[dict[str, str]] = []
    acts: list[int] = []
    showing = Showing(given.book.authored, "the chapters")
    unshown: list[str] = []
    for act, size in enumerate(act_sizes(task.chapters), 1):
        authored = given.book.authored.chapters[len(sketches) : len(sketches) + size]
        sketches += await _act(task, story, act, size, sketches, authored, showing)
        unshown += showing.notes
        acts += [act] * size
    names = tuple(c.name for c in story.cast)
    chapters = _chapters(task, acts, sketches, names, mender)
    hooks = await _hooks(task, story, chapters, mender)
    return Outline(
        chapters=chapters, hooks=hooks, mends=mender.notes, unshown=tuple(dict.fromkeys(unshown))
    )


async def _act(
    task: PlanTask,
    story: Story,
    act: int,
    size: int,
    earlier: list[dict[str, str]],
    authored: Sequence[AuthoredChapter],
    showing: Showing,
) -> list[dict[str, str]]:
    theirs = [{"title": c.title, "summary": c.told} for c in authored]
    if theirs and all(chapter["summary"] for chapter in theirs):
        return theirs
    chars = task.preset.field_chars
    chapter = make_schema("ChapterSketch", title=bounded(40), summary=bounded(2 * chars))

    def prompts(mine: Sequence[Item], count: int) -> Iterator[tuple[Message, ...]]:
        before = [*earlier, *mine]
        lengths = (told for _ in showing.cuts() for told in (len(before), *_TOLD_WHOLE))
        for told in lengths:
            yield load_template("plan_outline").render(
                wish=task.book.wish,
                core=story.core,
                authored=showing.told("must", "chapters"),
                world=showing.world(story.world),
                cast=showing.cast(story.cast),
                earlier=_told(before, told),
                total=task.chapters,
                act=act,
                task=ACT_TASKS[act - 1],
                first=len(before) + 1,
                last=len(before) + count,
                end=len(earlier) + size,
            )

    question = ListQuestion("plan.outline", "ActAnswer", "chapters", chapter, prompts)
    planned = await question.ask(task.session.part(f"act{act}"), size)
    own = [{key: text for key, text in chapter.items() if text} for chapter in theirs]
    return [{**sketch, **kept} for sketch, kept in zip(planned, own or repeat({}), strict=False)]


def _told(chapters: Sequence[Item], whole: int) -> list[str]:
    """The chapters for a prompt, a line each: so many of the last with their summaries."""
    bare = len(chapters) - whole
    return [
        f"{n}. {c['title']}" if n <= bare else f"{n}. {c['title']}: {c['summary']}"
        for n, c in enumerate(chapters, 1)
    ]


def _chapters(
    task: PlanTask,
    acts: list[int],
    sketches: list[dict[str, str]],
    names: tuple[str, ...],
    mender: Mender,
) -> tuple[Chapter, ...]:
    each = task.scenes_each(len(sketches))
    words = [max(1, round(task.book.target_words * n / sum(each))) for n in each]
    taken: set[str] = set()
    chapters = []
    for n, (act, sketch) in enumerate(zip(acts, sketches, strict=True), 1):
        stage = task.scaffold.stage(n, task.chapters)
        authored = next(iter(task.book.authored.chapters[n - 1 : n]), AuthoredChapter(title=""))
        title = authored.title or _title(n, sketch["title"], stage.title, taken, mender)
        taken.add(title.casefold())
        spare = task.scaffold.fill(stage.summary, names)
        chapters.append(
            Chapter(
                id=f"ch{n:02}",
                number=n,
                title=title,
                act=act,
                summary=authored.told
                or mender.text(f"the summary of chapter {n}", sketch["summary"], spare),
                target_words=words[n - 1],
            )
        )
    return tuple(chapters)


def _title(number: int, answer: str, spare: str, taken: set[str], mender: Mender) -> str:
    """The planner's title of a chapter; the scaffold's where it is of no use or taken."""
    title = mender.title(answer, spare)
    if title.casefold() not in taken:
        return title
    mender.note(f"chapter {number} shared the title {title!r} with another")
    return free_title(spare, number, taken)


def free_title(title: str, number: int, taken: set[str]) -> str:
    """That title, or with the chapter's number where another chapter has it."""
    return title if title.casefold() not in taken else f"{title} ({number})"


async def _hooks(
    task: PlanTask, story: Story, chapters: tuple[Chapter, ...], mender: Mender
) -> tuple[HookIdea, ...]:
    wanted = min(task.preset.hooks, len(chapters))
    numbers = one_of_numbers(len(chapters))
    idea = make_schema(
        "HookAnswer",
        text=bounded(task.preset.field_chars),
        plant_chapter=numbers,
        payoff_chapter=numbers,
    )
    schema = make_schema("HooksAnswer", hooks=strict_list(idea, wanted, wanted))
    prompts = (
        load_template("plan_hooks").render(core=story.core, chapters=lines, count=wanted)
        for lines in _by_length(chapters)
    )
    messages, _ = await task.session.fitting("reasoning", prompts, likely_tokens(schema))
    answer = await task.session.part("hooks").ask("reasoning", "plan.hooks", messages, schema)
    names = [c.name for c in story.cast]
    spare = [task.scaffold.fill(hook, names) for hook in task.scaffold.shape.hooks]
    return mend_hooks(answer.model_dump()["hooks"], len(chapters), spare, mender)


def _by_length(chapters: Sequence[Chapter]) -> Iterator[list[str]]:
    """The chapters for a prompt, a line each, and then ever shorter."""
    yield [f"{c.number}. {c.title}: {c.summary}" for c in chapters]
    for chars in _SHORT_SUMMARIES:
        yield [f"{c.number}. {c.title}: {shorten(c.summary, chars)}" for c in chapters]
    yield [f"{c.number}. {c.title}" for c in chapters]


def one_of_numbers(count: int) -> Any:
    """The chapter numbers 1 to `count`, as strings: enums of strings work on every server."""
    return one_of(tuple(str(n) for n in range(1, count + 1)))


def mend_hooks(
    answers: list[dict[str, str]], chapters: int, spare: Sequence[str], mender: Mender
) -> tuple[HookIdea, ...]:
    """Drop repeats, and move a payoff that does not come after its plant.

    A one-chapter book plants and pays within that chapter. A text of no use is taken from `spare`.
    """
    hooks: dict[str, HookIdea] = {}
    for n, answer in enumerate(answers, 1):
        text = mender.text(f"hook {n}", answer["text"], spare[(n - 1) % len(spare)])
        if text.casefold() in hooks:
            mender.note(f"a repeated hook was dropped: {text}")
            continue
        plant, payoff = int(answer["plant_chapter"]), int(answer["payoff_chapter"])
        if payoff <= plant and chapters > 1:
            plant = min(plant, max(1, chapters // 2))
            payoff = chapters
            mender.note(f"hook {n} was paid before it was planted; now chapters {plant}, {payoff}")
        hooks[text.casefold()] = HookIdea(text=text, plant_chapter=plant, payoff_chapter=payoff)
    return tuple(hooks.values())
