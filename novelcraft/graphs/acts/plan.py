"""Acts on the plan: each makes a version with the one before as its parent.

What a person edits is the author's own from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from novelcraft.config.names import closest
from novelcraft.errors import InputError
from novelcraft.graphs.acts.place import Place
from novelcraft.state.acts import EditBrief, EditChapter, EditCharacter, EditWorld, Effect
from novelcraft.state.base import Frozen
from novelcraft.state.findings import blocking
from novelcraft.state.plan import Plan
from novelcraft.tools.checks import check_plan

M = TypeVar("M", bound=Frozen)

_GIVEN_BY_CODE = frozenset({"id", "number", "act", "chapter", "target_words"})
"""Fields that place a part in the book, and its length, which the planner keeps on course."""


def edit_brief(act: EditBrief, place: Place) -> Effect:
    """Change what a coming scene must do."""
    old, plan = place.coming(act.scene), place.plan
    new = _changed(old, act.changes, f"the brief of {old.id}")
    scenes = tuple(new if scene.id == old.id else scene for scene in plan.scenes)
    return _stored(place, {"scenes": scenes}, old.id)


def edit_chapter(act: EditChapter, place: Place) -> Effect:
    """Change a chapter's title or summary."""
    old, plan = place.chapter(act.chapter), place.plan
    new = _changed(old, act.changes, f"chapter {old.id}")
    chapters = tuple(new if chapter.id == old.id else chapter for chapter in plan.chapters)
    return _stored(place, {"chapters": chapters}, old.id)


def edit_character(act: EditCharacter, place: Place) -> Effect:
    """Change a member of the cast."""
    old, plan = place.character(act.character), place.plan
    new = _changed(old, act.changes, old.name)
    cast = tuple(new if character.id == old.id else character for character in plan.cast)
    return _stored(place, {"cast": cast}, old.id)


def edit_world(act: EditWorld, place: Place) -> Effect:
    """Change the constitution of the book or its places."""
    new = _changed(place.plan.world, act.changes, "the world")
    return _stored(place, {"world": new}, "", part="world")


def _changed(old: M, changes: Mapping[str, Any], name: str) -> M:
    fields = [field for field in type(old).model_fields if field not in _GIVEN_BY_CODE]
    for field in changes:
        if field not in fields:
            near = closest(field, fields)
            raise InputError(
                f"{field!r} of {name} cannot be changed."
                + (f" Did you mean {near!r}?" if near else ""),
                fix=f"What can be changed: {', '.join(fields)}.",
            )
    try:
        return type(old).model_validate({**old.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{where} of {name} cannot be {first['input']!r}: {first['msg']}.",
            fix="Give text, or a list of texts where there is a list now.",
        ) from error


def _stored(place: Place, parts: Mapping[str, Any], target: str, part: str = "") -> Effect:
    plan = place.plan
    own = tuple(dict.fromkeys((*plan.by_author, part or target)))
    new = plan.model_copy(update={"parent": plan.version, "by_author": own, **parts})
    known = {finding.message for finding in blocking(check_plan(plan))}
    if faults := _faults(new, known):
        raise InputError(
            f"The plan would break its rules: {'; '.join(faults)}",
            fix="Change it otherwise; the plan stays as it is.",
        )
    version = place.store.add_plan(place.branch, new)
    return Effect(target=target, plan_version=version)


def _faults(plan: Plan, known: set[str]) -> list[str]:
    return [f.message for f in blocking(check_plan(plan)) if f.message not in known]
