"""A novel as text: its state, plan, scenes, prompts, facts, findings and calls."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from textwrap import indent

from novelcraft.errors import UnknownTargetError
from novelcraft.graphs.exporting import exports_folder
from novelcraft.graphs.manuscript import manuscript_path
from novelcraft.graphs.novel import Novel
from novelcraft.graphs.part_summaries import part_summaries
from novelcraft.present.wording import author_mark, number, stopwatch
from novelcraft.present.writing import ACCEPTED
from novelcraft.state.manuscript import PromptSection, SceneCommit
from novelcraft.state.plan import Chapter, Character, Plan, SceneBrief
from novelcraft.tools.text import counted, quoted


def title(novel: Novel, branch: str) -> str:
    """The book's title, and where it lies."""
    version = novel.store.branch(branch).plan_version
    named = novel.settings.novel.title
    if not named and version is not None:
        named = novel.store.plan(version).core.title
    return f"{named or 'Untitled'}  ({novel.folder})"


def status(novel: Novel, branch: str) -> str:
    """How far a branch is, and what to type next."""
    found = novel.store.branch(branch)
    chain = novel.store.chain(found.head)
    settings = novel.settings.novel
    words = sum(c.words for c in chain)
    lines = [title(novel, branch), ""]
    lines.append(
        f"{number(words)} of {number(settings.target_words)} words, "
        f"{words / settings.words_per_page:.1f} of {number(settings.pages)} pages"
    )
    if found.plan_version is None:
        lines.append("not planned yet")
    else:
        planned = len(novel.store.plan(found.plan_version).scenes)
        lines.append(f"{len(chain)} of {counted(planned, 'scene')}, plan {found.plan_version}")
    lines += [_accepted(chain)] if chain else []
    stale_count = sum(bool(c.stale) for c in chain)
    lines += [f"{counted(stale_count, 'scene')} may no longer fit"] if stale_count else []
    lines += [f"Branches: {', '.join(b.name for b in novel.store.branches())}", ""]
    exports = sorted(exports_folder(novel.folder, branch).glob("*.*"))
    text = manuscript_path(novel.folder, branch)
    lines += [f"Text: {text}"] if text.exists() else []
    if novel.is_finished(branch):
        lines += ["Finished.", *map(str, exports)]
    else:
        other = "" if branch == "main" else f" --branch {branch}"
        lines.append(f"Go on with: novelcraft write {quoted(novel.folder)}{other}")
    return "\n".join(lines)


def plan(novel: Novel, branch: str) -> str:
    """The outline with its briefs."""
    made = _plan(novel, branch)
    core = made.core
    mark = partial(author_mark, made)
    parts = [
        f"{core.title}{mark('title')}  (plan {made.version})\n\n{core.logline}",
        f"Themes: {', '.join(core.themes)}\nTone: {core.tone}\n"
        f"Style{mark('style')}: {core.style}\nEnding{mark('ending')}: {core.ending}",
        f"World{mark('world')}\n{_indented(made.world.text)}\n"
        f"  Places: {', '.join(made.world.places)}",
        "Cast\n" + "\n".join(_member(c, mark(c.id)) for c in made.cast),
    ]
    if made.hooks:
        hooks = (
            f"{h.id}  {h.text} (planted {h.plant_scene}, paid {h.payoff_scene})" for h in made.hooks
        )
        parts.append("Hooks\n" + _listed(hooks))
    parts += [_chapter(made, chapter) for chapter in made.chapters]
    if made.mends:
        parts.append("Mended by the program\n" + _listed(made.mends))
    return "\n\n".join(parts)


def scene(novel: Novel, branch: str, name: str) -> str:
    """A scene's prose under a line that says where it is from."""
    commit = novel.scene(name, branch)
    made = commit.provenance
    told = f"scene {commit.position}, {commit.scene_id}, {commit.id}\n"
    told += f"{counted(commit.words, 'word')}, {ACCEPTED[commit.accepted_by]}, by {made.model}"
    if made.adapter:
        told += f" with {made.adapter}"
    return "\n\n".join([told, *[f"may no longer fit: {why}" for why in commit.stale], commit.prose])


def summary(novel: Novel, branch: str, name: str) -> str:
    """The story so far, as the scene after this one is told it; in a long book its parts first."""
    commit = novel.scene(name, branch)
    plan, chain = novel.store.plan(commit.plan_version), novel.store.chain(commit.id)
    parts = [
        part
        for brief in plan.scenes[commit.position : commit.position + 1]
        for part in part_summaries(novel.settings.novel, novel.store, chain, plan, brief.id)
    ]
    return "\n".join([*parts, commit.summary])


def prompt(novel: Novel, branch: str, name: str) -> str:
    """The prompt that a scene was drawn from, then its tokens by part."""
    messages, made = novel.prompt(name, branch)
    text = [f"── {message.role} ──\n\n{message.content}" for message in messages]
    laid = f", layout {made.layout}" if made.layout else ""
    text.append(f"── tokens by part{laid} ──\n\n" + _budget(made.sections))
    if cut := [f"{part.name}: {begins}" for part in made.sections for begins in part.cut]:
        text.append("── what did not fit begins ──\n\n" + _listed(cut))
    return "\n\n".join(text)


def facts(novel: Novel, branch: str) -> str:
    """What the scenes made true, by the scene that did."""
    known = novel.store.facts_as_of(novel.store.branch(branch).head)
    rows = [f"{position:>4}  {fact.subject}: {fact.statement}" for position, fact in known]
    return "\n".join(rows) or "No facts yet."


def findings(novel: Novel, branch: str) -> str:
    """What the checks left on accepted scenes, with the key that exempts each."""
    intended = novel.store.exemptions()
    rows = [
        f"scene {commit.position}: {found.severity}: {found.message}\n"
        f"    key {found.key}{' (intended)' if found.key in intended else ''}"
        for commit in _chain(novel, branch)
        for found in commit.findings
    ]
    return "\n".join(rows) or "No findings."


def stale(novel: Novel, branch: str) -> str:
    """The scenes that may no longer fit what comes before them."""
    rows = [
        f"{c.position:>4}  {c.scene_id}  {'; '.join(c.stale)}"
        for c in _chain(novel, branch)
        if c.stale
    ]
    return "\n".join(rows) or "No scene is stale."


def calls(novel: Novel, _branch: str) -> str:
    """Every call to a model, oldest first, and the sums."""
    rows = [
        f"{call.at[:19]:<19}  {call.role:<9} {call.purpose:<18} {call.step:<30} "
        f"{call.usage.prompt_tokens:>6} in {call.usage.completion_tokens:>6} out "
        f"{call.seconds:>7.1f} s  {call.outcome}{': ' + call.error if call.error else ''}"
        for call in novel.store.calls()
    ]
    totals = novel.store.call_totals()
    rows.append(
        f"{counted(totals.calls, 'call')}, {number(totals.prompt_tokens)} tokens in, "
        f"{number(totals.completion_tokens)} out, {stopwatch(totals.seconds)}"
    )
    return "\n".join(rows)


def _accepted(chain: list[SceneCommit]) -> str:
    how = [c.accepted_by for c in chain]
    shares = [f"{how.count(kind)} {told}" for kind, told in ACCEPTED.items() if kind in how]
    return ", ".join(shares)


def _plan(novel: Novel, branch: str) -> Plan:
    version = novel.store.branch(branch).plan_version
    if version is None:
        raise UnknownTargetError(
            f"Branch {branch!r} has no plan yet.",
            fix=f"Make one: novelcraft write {quoted(novel.folder)} --until plan",
        )
    return novel.store.plan(version)


def _chapter(made: Plan, chapter: Chapter) -> str:
    words = number(chapter.target_words)
    mark = author_mark(made, chapter.id)
    head = f"Chapter {chapter.number}: {chapter.title} ({words} words){mark}"
    briefs = [_brief(made, brief) for brief in made.scenes_of(chapter.id)]
    return "\n".join([head, _indented(chapter.summary), *briefs])


def _member(person: Character, mark: str) -> str:
    role, want = person.role and f", {person.role}", person.want and f" Wants {person.want}"
    head = f"  {person.id}  {person.name}{role}.{want}{mark}"
    return f"{head}\n{_indented(person.about, 6)}" if person.about else head


def _indented(text: str, columns: int = 2) -> str:
    return indent(text, " " * columns)


def _brief(made: Plan, brief: SceneBrief) -> str:
    pov = made.character(brief.pov).name
    touched = [*(f"plants {h}" for h in brief.plants), *(f"pays {h}" for h in brief.pays)]
    hooks = f"; {', '.join(touched)}" if touched else ""
    return (
        f"  {brief.id}  {brief.goal}{author_mark(made, brief)}\n"
        f"        {pov}, {brief.place}, {brief.time}, {brief.target_words} words{hooks}"
    )


def _budget(sections: Iterable[PromptSection]) -> str:
    rows = [f"{'part':<10} {'tokens':>7} {'budget':>7} {'cut':>6}"]
    used = allowed = 0
    for part in sections:
        rows.append(f"{part.name:<10} {part.tokens:>7} {part.budget:>7} {part.trimmed:>6}")
        used, allowed = used + part.tokens, allowed + part.budget
    rows.append(f"{'together':<10} {used:>7} {allowed:>7}")
    return "\n".join(rows)


def _listed(rows: Iterable[str]) -> str:
    return "\n".join(f"  {row}" for row in rows)


def _chain(novel: Novel, branch: str) -> list[SceneCommit]:
    return novel.store.chain(novel.store.branch(branch).head)
