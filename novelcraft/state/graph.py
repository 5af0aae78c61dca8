"""The state of the write graph: ids and counters, never prose.

Every step stores the whole state in a checkpoint, so it must stay small: what is long lives in
the manuscript store under the ids that are here.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from novelcraft.state.acts import SafePoint
from novelcraft.state.events import Gate

Verdict = Literal["review", "redraft", "cap", "commit"]
"""What the last check or judge said of a draft: let its readers read it; draw it again; the
attempts have run out; write it into the chain."""


class WriteState(TypedDict, total=False):
    """One branch of one novel, at one step."""

    branch: str
    head: str | None
    """Commit that the next scene grows from."""
    plan_version: int | None
    plan_draw: int
    """How often a person asked for another plan."""
    position: int
    """Scenes in the chain."""
    total: int
    """Scenes in the plan."""
    chapter_ended: bool
    scene_id: str
    target_words: int
    draw: int
    """Number of this draw of the scene, counted from 0: others came to nothing, or a person asked
    for another."""
    note: str
    """What the person wished for when asking for another draw or plan."""
    attempt: int
    draft: str
    """Id of the draft under review."""
    verdict: Verdict
    by_person: bool
    """The draft is a person's own words, which no check sends back."""
    attend: list[Gate]
    until: int | None
    """Stop when so many scenes are written; 0 stops after the plan."""
    capped_in_row: int
    """Scenes in a row, up to the head, that this run kept at the cap on attempts."""
    gate: Gate | Literal[""]
    """The gate that the branch waits at when the run starts; empty for none."""
    action: str
    """What the person said at the last gate, or what came of the last safe point."""
    act: int
    """Of a revision: the act that it does; 0 where it does none."""
    point: SafePoint
    """Of a revision: where that act was taken."""
