"""What was applied and still holds: for the narrator's prompt, the planner, gates and models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from novelcraft.state.acts import (
    Act,
    ActRecord,
    Approve,
    EditBrief,
    EditChapter,
    EditCharacter,
    EditWorld,
    Note,
    PinFact,
    SetRole,
)
from novelcraft.state.manuscript import PromptSection
from novelcraft.tools.canon.store import ManuscriptStore

PLAN = "plan"
"""What the gate of the plan is about, where chapters and scenes have ids."""

PLAN_EDITS = (EditBrief, EditChapter, EditCharacter, EditWorld)


class ActsInForce:
    """The applied acts of a branch that still hold, as they stand now."""

    def __init__(self, store: ManuscriptStore, branch: str) -> None:
        self._store = store
        self._branch = branch

    @cached_property
    def _applied(self) -> list[ActRecord]:
        return self._store.acts(self._branch, "applied")

    def _of(self, *kinds: type[Act]) -> list[ActRecord]:
        return [record for record in self._applied if isinstance(record.act, kinds)]

    def notes(self, scene_id: str, attempt: int) -> list[str]:
        """What the narrator is told with a draft of a scene."""
        return [
            record.act.text
            for record in self._applied
            if isinstance(record.act, Note)
            and record.target == scene_id
            and record.attempt <= attempt
        ]

    @property
    def pinned(self) -> list[str]:
        """Facts that the narrator is told with every scene."""
        pinned: dict[str, None] = {}
        for act in (record.act for record in self._applied):
            if isinstance(act, PinFact):
                fact = f"{act.subject}: {act.statement}"
                pinned.pop(fact, None)
                if act.pinned:
                    pinned[fact] = None
        return list(pinned)

    @property
    def plans_by_hand(self) -> set[int]:
        """Plan versions that differ from the one before by a person's edit alone."""
        return {record.plan_version for record in self._of(*PLAN_EDITS) if record.plan_version}

    def unseen(self, scene_id: str, sections: Iterable[PromptSection], since: int) -> Iterator[str]:
        """What a person wrote and a prompt has no room for, in words.

        Args:
            scene_id: The scene that the prompt is for.
            sections: The prompt's parts.
            since: The plan of the scene before: of the world it is told once, after an edit.
        """
        edits = self._of(EditWorld, EditCharacter)
        plan = self._store.plan(self._store.branch(self._branch).plan_version or 1)
        pins = [f"- {fact}" for fact in self.pinned]
        for part in sections:
            cut = part.cut
            match part.name:
                case "brief" if scene_id in plan.by_author:
                    what = "your brief"
                case "world" if any((edit.plan_version or 0) > since for edit in edits):
                    what = "the world that you edited"
                case "canon":
                    what = "your pinned facts"
                    cut = tuple(text for text in cut if _begins_one(text.rstrip("…"), pins))
                case _:
                    continue
            if cut:
                left_out = " / ".join(text.strip() for text in cut)
                yield (
                    f"The prompt of {scene_id} has {part.budget} tokens for {what}, and left out: "
                    f"{left_out}"
                )

    @property
    def approved(self) -> set[str]:
        """What a person let pass: `plan`, and ids of chapters and scenes."""
        return {record.target for record in self._of(Approve)}

    @property
    def roles(self) -> dict[str, dict[str, Any]]:
        """What was set of roles, by role, the later over the earlier."""
        roles: dict[str, dict[str, Any]] = {}
        for act in (record.act for record in self._applied):
            if isinstance(act, SetRole):
                roles[act.role] = merged(roles.get(act.role, {}), act.changes)
        return roles

    def changed_while_idle(self, since: str) -> bool:
        """Whether an act changed the book while nobody wrote, after that UTC time (ISO 8601)."""
        return any(
            record.point == "idle"
            and (record.commit or record.plan_version)
            and record.settled_at >= since
            for record in self._applied
        )


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others over them, table by table. None in `over` stands, as a wish."""
    both = {**under}
    for key, value in over.items():
        below = both.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = merged(below, value)
        both[key] = value
    return both


def _begins_one(begins: str, texts: Iterable[str]) -> bool:
    return any(text.startswith(begins.strip()) for text in texts)
