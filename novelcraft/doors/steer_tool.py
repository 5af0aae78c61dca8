"""The one tool that changes a novel: it leaves an act of steering, as a person does."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from novelcraft.doors.desk import Desk
from novelcraft.doors.places import InNovel
from novelcraft.errors import InputError
from novelcraft.graphs.steering import taken_at, takes_acts
from novelcraft.state.acts import Act, ActStatus
from novelcraft.state.base import Frozen


class SteerInput(InNovel):
    """What should be otherwise in a novel."""

    act: Act
    by: str = "tool"
    """Who says so."""


class SteerOutput(Frozen):
    """What became of it."""

    number: int
    """Of the act; `novelcraft steer NOVEL --undo NUMBER` takes back one that waits."""
    status: ActStatus
    taken: str = ""
    """When one that waits will be taken."""
    target: str = ""
    """Id of the scene or chapter that it is about."""
    commit: str | None = None
    """The commit that it led to."""
    plan_version: int | None = None
    """The plan version that it led to."""


async def _steer(given: SteerInput, desk: Desk) -> SteerOutput:
    novel = desk.novel(given.novel)
    left = await novel.steer(given.act, on_event=lambda _: None, branch=given.branch, by=given.by)
    if left.status == "refused":
        raise InputError(f"Act {left.id} was refused. {left.reason}")
    return SteerOutput(
        number=left.id,
        status=left.status,
        taken=taken_at(novel.store, left, running=takes_acts(novel.folder, left.branch)),
        target=left.target,
        commit=left.commit,
        plan_version=left.plan_version,
    )


ROWS: tuple[tuple[str, str, type[BaseModel], type[BaseModel], Any], ...] = (
    (
        "steer",
        "Changes a novel by an act of steering: a note to the narrator, another brief or fact, a "
        "scene to be narrated again. A run takes it at its next safe point; without one it is done "
        "at once.",
        SteerInput,
        SteerOutput,
        _steer,
    ),
)
"""Rows of the catalogue: name, description, input, output and what runs."""
