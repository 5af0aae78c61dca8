"""Acts of steering: what a person wants of a novel, left in its database.

An act is data. Whoever steers leaves it, from any process; the run takes it where that is safe,
and what came of it stands beside it. A new kind of act is a model here and a row in
`graphs.acts.registry`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from novelcraft.state.base import Frozen
from novelcraft.state.events import Gate

ActStatus = Literal["pending", "applied", "refused", "undone"]

SafePoint = Literal["idle", "brief", "draft", "gate"]
"""Where an act is taken: while nobody writes; before the brief of the next scene; before a draft;
or where the run waits for an answer."""

_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Changes = Annotated[dict[str, Any], Field(min_length=1)]


class Pause(Frozen):
    """Have the run wait before its next draft."""

    kind: Literal["pause"] = "pause"


class Resume(Frozen):
    """Have a run that was paused go on."""

    kind: Literal["resume"] = "resume"


class Stop(Frozen):
    """End the run after the scene that it is at, or where it waits for an answer."""

    kind: Literal["stop"] = "stop"


class Note(Frozen):
    """A wish that the narrator is told with a scene's brief."""

    kind: Literal["note"] = "note"
    text: _Text
    scene: str = ""
    """Number or id of a scene that is not written yet; empty for the next one."""


class EditBrief(Frozen):
    """Other values in the brief of a scene that is not written yet."""

    kind: Literal["edit_brief"] = "edit_brief"
    scene: _Text
    changes: _Changes
    """New values by the brief's fields, such as `goal`, `place`, `beats`."""


class EditChapter(Frozen):
    """Another title or summary of a chapter in the outline."""

    kind: Literal["edit_chapter"] = "edit_chapter"
    chapter: _Text
    """Its number or id."""
    changes: _Changes


class EditCharacter(Frozen):
    """Other values of a member of the cast."""

    kind: Literal["edit_character"] = "edit_character"
    character: _Text
    """Its name or id."""
    changes: _Changes


class EditWorld(Frozen):
    """Another world: its `text` or its `places`."""

    kind: Literal["edit_world"] = "edit_world"
    changes: _Changes


class EditSummary(Frozen):
    """Another summary of the story so far, from which the next scene starts."""

    kind: Literal["edit_summary"] = "edit_summary"
    text: _Text


class EditFact(Frozen):
    """What a written scene states, put right or taken out of the canon."""

    kind: Literal["edit_fact"] = "edit_fact"
    scene: _Text
    subject: _Text
    statement: _Text
    """As it stands now."""
    becomes: str = ""
    """As it should be; empty to take it out."""


class PinFact(Frozen):
    """A fact that the narrator is told with every scene to come, or no longer."""

    kind: Literal["pin_fact"] = "pin_fact"
    subject: _Text
    statement: _Text
    pinned: bool = True


class Redraw(Frozen):
    """Have a written scene narrated again."""

    kind: Literal["redraw"] = "redraw"
    scene: _Text
    note: str = ""
    """What should be different."""


class ChooseDraft(Frozen):
    """Put another draft of a written scene in its place."""

    kind: Literal["choose_draft"] = "choose_draft"
    scene: _Text
    draft: _Text
    """Id of a draft that is kept, or of a commit of the same scene."""


class EditScene(Frozen):
    """A person's own words in the place of a written scene."""

    kind: Literal["edit_scene"] = "edit_scene"
    scene: _Text
    prose: _Text


class Exempt(Frozen):
    """Accept a finding as intended, in the scenes that are written and in later ones."""

    kind: Literal["exempt"] = "exempt"
    key: _Text
    """The finding's key."""
    reason: str = ""


class SetRole(Frozen):
    """Another model, adapter or sampling of a role, from the next scene of the branch on."""

    kind: Literal["set_role"] = "set_role"
    role: _Text
    changes: _Changes
    """New values by the keys of `[roles.ROLE]`; None for the value that the settings give."""


class Approve(Frozen):
    """Let the run write on at a gate, now or when it comes there.

    It holds for every draft of what it names.
    """

    kind: Literal["approve"] = "approve"
    gate: Gate | Literal[""] = ""
    """`plan`; `chapter`, with the gates of its scenes; `scene`; empty for the gate at which the
    run waits."""
    target: str = ""
    """Number or id of the chapter or scene; empty for the one that the run is at."""


class Reject(Frozen):
    """Have what the run waits with made again."""

    kind: Literal["reject"] = "reject"
    note: str = ""
    """What should be different, told to the planner or the narrator."""


class Fork(Frozen):
    """Another branch that shares the scenes up to one."""

    kind: Literal["fork"] = "fork"
    scene: _Text
    """The last scene to keep: number, id or commit; `0` for none, only the plan."""
    name: _Text


class Replay(Frozen):
    """Have scenes that may no longer fit narrated again, in order."""

    kind: Literal["replay"] = "replay"
    scene: str = ""
    """One of them; empty for all."""


Act = Annotated[
    Pause
    | Resume
    | Stop
    | Note
    | EditBrief
    | EditChapter
    | EditCharacter
    | EditWorld
    | EditSummary
    | EditFact
    | PinFact
    | Redraw
    | ChooseDraft
    | EditScene
    | Exempt
    | SetRole
    | Approve
    | Reject
    | Fork
    | Replay,
    Field(discriminator="kind"),
]

ACT: TypeAdapter[Act] = TypeAdapter(Act)


class Effect(Frozen):
    """What an act came to."""

    target: str = ""
    """Id of the scene or chapter that it is about."""
    attempt: int = 0
    """The first draft of that scene that it is in; 0 where it is in no draft."""
    commit: str | None = None
    """The commit that it led to."""
    plan_version: int | None = None
    """The plan version that it led to."""


class ActRecord(Effect):
    """An act as it stands in the database."""

    id: int
    """Acts are taken in the order of their numbers."""
    branch: str
    act: Act
    by: str
    """Who left it."""
    left_at: str
    """UTC time, ISO 8601."""
    status: ActStatus
    reason: str = ""
    """Why it was refused."""
    point: SafePoint | Literal[""] = ""
    """Where it was taken; empty before it was."""
    settled_at: str = ""
    """UTC time, ISO 8601; empty while it is pending."""
