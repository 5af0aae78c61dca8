"""Does a plan keep its own rules?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from novelcraft.state.findings import Finding
from novelcraft.state.plan import Chapter, Hook, Plan, SceneBrief
from novelcraft.tools.checks.base import Flaw, Rule

TOLERANCE = 0.02
"""By how much of a target the targets that make it up may miss it."""


def check_plan(plan: Plan) -> tuple[Finding, ...]:
    """Find what breaks a plan: ids, order of hooks, word targets, empty chapters, viewpoints.

    Returns:
        Findings in the order of the checks. Evidence quotes the ids at fault.
    """
    return tuple(finding for check in PLAN_CHECKS for finding in check(plan))


def _flaw(message: str, *ids: str) -> Flaw:
    return Flaw(message, evidence=ids, constraint=message, about="/".join(ids))


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _duplicate_ids(plan: Plan) -> Iterator[Flaw]:
    for kind, items in (
        ("character", plan.cast),
        ("hook", plan.hooks),
        ("chapter", plan.chapters),
        ("scene", plan.scenes),
    ):
        for repeated in _repeated(item.id for item in items):
            yield _flaw(f"Two {kind}s have the id {repeated}.", repeated)
    for number in _repeated(str(c.number) for c in plan.chapters):
        yield _flaw(f"Two chapters have the number {number}.", number)


def _unknown_ids(plan: Plan) -> Iterator[Flaw]:
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


def _unknown(where: str, kind: str, ids: Iterable[str], known: set[str]) -> Iterator[Flaw]:
    for wanted in dict.fromkeys(ids):
        if wanted not in known:
            yield _flaw(
                f"{where} names the {kind} {wanted}, which is not there.",
                where,
                wanted,
            )


def _hook_order(plan: Plan) -> Iterator[Flaw]:
    place = {s.id: n for n, s in enumerate(plan.scenes)}
    for hook in plan.hooks:
        if {hook.plant_scene, hook.payoff_scene} <= place.keys() and (
            place[hook.payoff_scene] <= place[hook.plant_scene]
        ):
            yield _flaw(
                f"The hook {hook.id} is paid off in {hook.payoff_scene}, which does not come "
                f"after {hook.plant_scene}, where it is planted.",
                hook.id,
            )


def _hook_scenes(plan: Plan) -> Iterator[Flaw]:
    """Hooks and briefs say twice which scene plants and pays; they must agree."""
    scenes = {s.id: s for s in plan.scenes}
    for hook in plan.hooks:
        if not _touched(hook, scenes):
            yield _flaw(
                f"The briefs of {hook.plant_scene} and {hook.payoff_scene} must plant and pay off "
                f"the hook {hook.id}.",
                hook.id,
            )


def _touched(hook: Hook, scenes: dict[str, SceneBrief]) -> bool:
    plant, payoff = scenes.get(hook.plant_scene), scenes.get(hook.payoff_scene)
    return (plant is None or hook.id in plant.plants) and (payoff is None or hook.id in payoff.pays)


def _totals(plan: Plan) -> Iterator[Flaw]:
    yield from _total("the book", "chapters", plan.target_words, plan.chapters)
    yield from _total("the book", "scenes", plan.target_words, plan.scenes)
    briefs = plan.by_chapter
    for chapter in plan.chapters:
        if scenes := briefs.get(chapter.id):
            yield from _total(chapter.id, "scenes", chapter.target_words, scenes)


def _total(
    whole: str, kind: str, target: int, parts: Sequence[Chapter | SceneBrief]
) -> Iterator[Flaw]:
    total = sum(part.target_words for part in parts)
    if abs(total - target) > TOLERANCE * target:
        yield _flaw(
            f"The {kind} of {whole} add up to {total} words, its target is {target}.",
            whole,
            kind,
        )


def _chapters(plan: Plan) -> Iterator[Flaw]:
    if not plan.scenes:
        yield _flaw("The plan has no scenes.", "plan")
    briefs = plan.by_chapter
    for chapter in plan.chapters:
        if plan.scenes and chapter.id not in briefs:
            yield _flaw(f"The chapter {chapter.id} has no scenes.", chapter.id)


def _chapter_order(plan: Plan) -> Iterator[Flaw]:
    place = {c.id: n for n, c in enumerate(plan.chapters)}
    order = [place[s.chapter] for s in plan.scenes if s.chapter in place]
    if order != sorted(order):
        yield _flaw("The scenes do not follow the order of the chapters.", "plan")


def _viewpoints(plan: Plan) -> Iterator[Flaw]:
    for brief in plan.scenes:
        if brief.pov not in brief.present:
            yield _flaw(
                f"{brief.id} is told through {brief.pov}, who is not among those present.",
                brief.id,
                brief.pov,
            )


def _same_goals(plan: Plan) -> Iterator[Flaw]:
    first: dict[str, str] = {}
    for brief in plan.scenes:
        goal = " ".join(brief.goal.casefold().split())
        if goal in first:
            yield Flaw(
                message=f"{first[goal]} and {brief.id} have the same goal.",
                evidence=(brief.goal,),
                constraint="Give every scene a goal of its own.",
                about=brief.id,
            )
        first.setdefault(goal, brief.id)


PLAN_CHECKS = (
    Rule("plan.duplicate_id", "block", _duplicate_ids),
    Rule("plan.unknown_id", "block", _unknown_ids),
    Rule("plan.payoff_before_plant", "block", _hook_order),
    Rule("plan.hook_not_in_brief", "block", _hook_scenes),
    Rule("plan.totals", "block", _totals),
    Rule("plan.empty_chapter", "block", _chapters),
    Rule("plan.chapter_order", "block", _chapter_order),
    Rule("plan.pov_not_present", "block", _viewpoints),
    Rule("plan.same_goal", "warn", _same_goals),
)
"""In the order in which their findings are listed. Those that block compare ids and sums."""
