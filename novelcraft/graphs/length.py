"""A begun book keeps to what it was planned as; its length can be changed on request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from novelcraft.agents.planner.pacing import chapters_to_come
from novelcraft.config.language import language_tag
from novelcraft.config.settings import NovelSettings
from novelcraft.errors import ConfigError, PagesError
from novelcraft.graphs.authored import read_for_plan, require_unchanged
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.text import clipped, one_line, quoted

_SHOWN = 80
"""Characters of a premise that an error shows."""


def require_planned(
    store: ManuscriptStore, branch: str, novel: NovelSettings, folder: Path
) -> None:
    """Refuse to go on with other settings than a branch was planned with, wherever they stand.

    Raises:
        PagesError: The settings ask for another length than the plan has.
        ConfigError: They name another language, premise, style, ending or number of chapters.
        AuthorsFileError: The author's files cannot be planned with, or are others than it was
            planned with.
    """
    plan = _plan(store, branch)
    if plan is None:
        read_for_plan(folder, novel)
        return
    require_unchanged(plan, branch, folder)
    if plan.target_words != novel.target_words:
        raise PagesError(
            f"The settings ask for {novel.pages} pages of {novel.words_per_page} words, and branch "
            f"{branch} was planned for {plan.target_words / novel.words_per_page:g} of them.",
            fix="Set [novel] pages and words_per_page as they were, or give the book that length: "
            f"novelcraft write {quoted(folder)} --pages {novel.pages}"
            + ("" if branch == "main" else f" --branch {branch}"),
        )
    for key, now, was in _chosen(novel, plan):
        if now != was:
            raise ConfigError(
                f"The settings say {key} = {_as_toml(now, _SHOWN)}, and branch {branch} was "
                "planned with another.",
                fix=f"Set [novel] {key} = {_as_toml(was)}, or start another novel.",
            )


def _chosen(novel: NovelSettings, plan: Plan) -> Iterator[tuple[str, str | int, str | int]]:
    """What of the settings a plan was made from: the key, its value now and the plan's.

    What is left to the planner is whatever it chose.
    """
    yield "language", novel.language, language_tag(plan.language)
    yield "premise", one_line(novel.premise), one_line(plan.premise)
    if novel.style.strip():
        yield "style", one_line(novel.style), one_line(plan.core.style)
    if novel.ending.strip():
        yield "ending", one_line(novel.ending), one_line(plan.core.ending)
    if novel.chapters:
        yield "chapters", novel.chapters, len(plan.chapters)


def _as_toml(value: str | int, longest: int | None = None) -> str:
    """A value as a settings file has it, on one line; text is cut to `longest` characters."""
    text = clipped(value, longest) if isinstance(value, str) and longest else value
    return json.dumps(text, ensure_ascii=False)


def change_length(store: ManuscriptStore, branch: str, novel: NovelSettings, folder: Path) -> bool:
    """Plan a begun book for the settings' length: the chapters to come make up the difference.

    They get and lose scenes when the planner reads what was written, at the next chapter's end.

    Returns:
        Whether the plan had another length.

    Raises:
        PagesError: There is no chapter left to change, or more is written already.
    """
    plan = _plan(store, branch)
    if plan is None or plan.target_words == novel.target_words:
        return False
    chain = store.chain(store.branch(branch).head)
    coming = chapters_to_come(plan, {c.scene_id for c in chain})
    if not coming[0 if chain else 1 :]:
        raise PagesError(
            f"Branch {branch} cannot be given {novel.pages} pages: no chapter of it is still to "
            "be planned.",
            fix="Start another novel with --out, or go another way from an earlier chapter: "
            f"novelcraft fork {quoted(folder)} --at SCENE --name longer",
        )
    words = sum(c.words for c in chain)
    if words >= novel.target_words:
        raise PagesError(
            f"Branch {branch} cannot be given {novel.pages} pages: it has "
            f"{words / novel.words_per_page:.1f} already.",
            fix="Give it more, or export what is there: novelcraft export " + quoted(folder),
        )
    store.add_plan(
        branch,
        plan.model_copy(update={"parent": plan.version, "target_words": novel.target_words}),
    )
    return True


def _plan(store: ManuscriptStore, branch: str) -> Plan | None:
    version = store.branch(branch).plan_version
    return None if version is None else store.plan(version)
