"""Does a plan keep its own rules?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from novelcraft.state.findings import Finding
from novelcraft.state.plan import Chapter, Hook, Plan, SceneBrief

TOLERANCE = 0.02
"""By how much of a target the targets that make it up may miss it."""


def check_plan(plan: Plan) -> tuple[Finding, ...]:
    """Find what breaks a plan: ids, order of hooks, word targets, empty chapters, viewpoints.

    Returns:
        Findings in a stable order; `plan.same_goal` warns, all others block. Evidence quotes the
        ids at fault.
    """
    parts = (
        _duplicate_ids(plan),
        _unknown_ids(plan),
        _hook_order(plan),
        _hook_scenes(plan),
        _totals(plan),
        _chapters(plan),
        _viewpoints(plan),
        _same_goals(plan),
    )
    return tuple(finding for part in parts for finding in part)


def _block(check: str, message: str, *ids: str) -> Finding:
    return Finding(
        check=f"plan.{check}",
        severity="block",
        message=message,
        evidence=ids,
        constraint=message,
        about="/".join(ids),
    )


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _duplicate_ids(plan: Plan) -> Iterator[Finding]:
    for kind, items in (
        ("character", plan.cast),
        ("hook", plan.hooks),
        ("chapter", plan.chapters),
        ("scene", plan.scenes),
    ):
        for repeated in _repeated(item.id for item in items):
            yield _block("duplicate_id", f"Two {kind}s have the id {repeated}.", repeated)
    for number in _repeated(str(c.number) for c in plan.chapters):
        yield _block("duplicate_id", f"Two chapters have the number {number}.", number)


def _unknown_ids(plan: Plan) -> Iterator[Finding]:
    cast = {c.id for c in plan.cast}
    hooks = {h.id for h in plan.hooks}
    chapters = {c.id for c in plan.chapters}
    scenes = {s.id for s in plan.scenes}
    for brief in plan.scenes:
        yield from _unknown(brief.id, "character", (brief.pov, *brief.present), cast)
        yield from _unknown(brief.id, "chapter", (brief.chapter,), chapters)
        yield from _unknown(brief.id, "hook", (*brief.plants, *brief.pays), hooks)
    for hook in plan.hooks:
        yield from _unknown(hook.id, "scene", (hook.plant_scene, hook.payoff_scene), scenes)


def _unknown(where: str, kind: str, ids: Iterable[str], known: set[str]) -> Iterator[Finding]:
    for wanted in dict.fromkeys(ids):
        if wanted not in known:
            yield _block(
                "unknown_id",
                f"{where} names the {kind} {wanted}, which is not there.",
                where,
                wanted,
            )


def _hook_order(plan: Plan) -> Iterator[Finding]:
    place = {s.id: n for n, s in enumerate(plan.scenes)}
    for hook in plan.hooks:
        if {hook.plant_scene, hook.payoff_scene} <= place.keys() and (
            place[hook.payoff_scene] <= place[hook.plant_scene]
        ):
            yield _block(
                "payoff_before_plant",
                f"The hook {hook.id} is paid off in {hook.payoff_scene}, which does not come "
                f"after {hook.plant_scene}, where it is planted.",
                hook.id,
            )


def _hook_scenes(plan: Plan) -> Iterator[Finding]:
    """Hooks and briefs say twice which scene plants and pays; they must agree."""
    scenes = {s.id: s for s in plan.scenes}
    for hook in plan.hooks:
        if not _touched(hook, scenes):
            yield _block(
                "hook_not_in_brief",
                f"The briefs of {hook.plant_scene} and {hook.payoff_scene} must plant and pay off "
                f"the hook {hook.id}.",
                hook.id,
            )


def _touched(hook: Hook, scenes: dict[str, SceneBrief]) -> bool:
    plant, payoff = scenes.get(hook.plant_scene), scenes.get(hook.payoff_scene)
    return (plant is None or hook.id in plant.plants) and (payoff is None or hook.id in payoff.pays)


def _totals(plan: Plan) -> Iterator[Finding]:
    yield from _total("the book", "chapters", plan.target_words, plan.chapters)
    yield from _total("the book", "scenes", plan.target_words, plan.scenes)
    briefs = plan.by_chapter
    for chapter in plan.chapters:
        if scenes := briefs.get(chapter.id):
            yield from _total(chapter.id, "scenes", chapter.target_words, scenes)


def _total(
    whole: str, kind: str, target: int, parts: Sequence[Chapter | SceneBrief]
) -> Iterator[Finding]:
    total = sum(part.target_words for part in parts)
    if abs(total - target) > TOLERANCE * target:
        yield _block(
            "totals",
            f"The {kind} of {whole} add up to {total} words, its target is {target}.",
            whole,
            kind,
        )


def _chapters(plan: Plan) -> Iterator[Finding]:
    if not plan.scenes:
        yield _block("empty_chapter", "The plan has no scenes.", "plan")
    briefs = plan.by_chapter
    for chapter in plan.chapters:
        if plan.scenes and chapter.id not in briefs:
            yield _block("empty_chapter", f"The chapter {chapter.id} has no scenes.", chapter.id)
    place = {c.id: n for n, c in enumerate(plan.chapters)}
    order = [place[s.chapter] for s in plan.scenes if s.chapter in place]
    if order != sorted(order):
        yield _block("chapter_order", "The scenes do not follow the order of the chapters.", "plan")


def _viewpoints(plan: Plan) -> Iterator[Finding]:
    for brief in plan.scenes:
        if brief.pov not in brief.present:
            yield _block(
                "pov_not_present",
                f"{brief.id} is told through {brief.pov}, who is not among those present.",
                brief.id,
                brief.pov,
            )


def _same_goals(plan: Plan) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for brief in plan.scenes:
        goal = " ".join(brief.goal.casefold().split())
        if goal in first:
            yield Finding(
                check="plan.same_goal",
                severity="warn",
                message=f"{first[goal]} and {brief.id} have the same goal.",
                evidence=(brief.goal,),
                constraint="Give every scene a goal of its own.",
                about=brief.id,
            )
        first.setdefault(goal, brief.id)
