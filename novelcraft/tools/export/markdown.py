"""The manuscript of a chain as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Chapter, Plan
from novelcraft.tools.export.language import Language
from novelcraft.tools.export.prose import SCENE_BREAK, escape, paragraphs
from novelcraft.tools.text import one_line

UNTITLED = "Untitled"


def book_title(plan: Plan, novel: NovelSettings) -> str:
    """The title a person chose, else the planner's, on one line."""
    return one_line(novel.title) or one_line(plan.core.title) or UNTITLED


def manuscript_markdown(plan: Plan, chain: Sequence[SceneCommit], novel: NovelSettings) -> str:
    """The whole manuscript: title, author, and every chapter that has a scene.

    Args:
        plan: The plan version of the branch; gives chapters their numbers and titles.
        chain: The scene commits in reading order. A part-written novel is fine.
        novel: Gives title, author and language.

    Returns:
        Markdown that CommonMark, GitHub and Pandoc read alike, ending in a newline.

    Raises:
        UnknownTargetError: A commit names a chapter that the plan does not have.
    """
    front = [f"**{escape(book_title(plan, novel))}**"]
    if author := one_line(novel.author):
        front.append(f"*{escape(author)}*")
    return "\n\n".join([*front, *_body(plan, chain, novel)]) + "\n"


def _body(plan: Plan, chain: Sequence[SceneCommit], novel: NovelSettings) -> Iterator[str]:
    language = Language(novel.language)
    for chapter_id, scenes in groupby(chain, key=lambda commit: commit.chapter_id):
        chapter = plan_chapter(plan, chapter_id)
        heading = language.chapter(chapter.number, one_line(chapter.title))
        yield f"# {escape(heading).replace('#', chr(92) + '#')}"
        if text := _chapter_text(tuple(scene.prose for scene in scenes)):
            yield text


@lru_cache(maxsize=512)
def _chapter_text(scenes: tuple[str, ...]) -> str:
    """A chapter's scenes as Markdown, kept: the book is put together again with every scene."""
    texts = ("\n\n".join(paragraphs(prose)) for prose in scenes)
    return f"\n\n{SCENE_BREAK}\n\n".join(filter(None, texts))


def plan_chapter(plan: Plan, chapter_id: str) -> Chapter:
    """The chapter of a plan that a commit names.

    Raises:
        UnknownTargetError: The plan does not have it.
    """
    try:
        return plan.chapter(chapter_id)
    except KeyError:
        raise UnknownTargetError(
            f"The manuscript has a scene of chapter {chapter_id}, which plan version"
            f" {plan.version} does not have.",
            fix="Export with the plan version of the branch that the scenes are on.",
        ) from None
