"""The safe point before a scene."""

from __future__ import annotations

from typing import Any

from novelcraft.graphs.acts.in_force import ActsInForce
from novelcraft.graphs.acts.place import Place, next_scene
from novelcraft.graphs.acts.registry import may_take, needs_models
from novelcraft.graphs.context import WriteContext, WriteRuntime
from novelcraft.graphs.nodes.safe_points import at_safe_point, take_light
from novelcraft.graphs.revise import revise
from novelcraft.state.acts import ActRecord
from novelcraft.state.graph import WriteState


async def steer(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Take what a person left; the branch as it stands then."""
    context, branch = runtime.context, state["branch"]
    if not context.store.acts(branch, "pending"):
        return {"action": "go_on", **as_it_stands(context, branch)}
    roles = ActsInForce(context.store, branch).roles
    coming = next_scene(context.store, branch)
    place = context.place(branch, "brief", scene_id=coming)
    stops = await at_safe_point(context, place, take_any)
    opens_anew = ActsInForce(context.store, branch).roles != roles
    action = "stop" if stops else "reopen" if opens_anew else "go_on"
    return {"action": action, **as_it_stands(context, branch)}


def as_it_stands(context: WriteContext, branch_name: str) -> dict[str, Any]:
    """What acts may have changed of a branch, for the state."""
    branch = context.store.branch(branch_name)
    return {"head": branch.head, "plan_version": branch.plan_version}


async def take_any(context: WriteContext, record: ActRecord, place: Place) -> None:
    """Take an act if it may be taken there, with the models that it needs."""
    if not needs_models(record.act):
        await take_light(context, record, place)
    elif may_take(record.act, place):
        await revise(context, record, place)
