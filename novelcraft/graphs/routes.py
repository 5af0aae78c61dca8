"""Where the graph goes next. Pure functions of the state, each with a table test."""

from __future__ import annotations

from typing import Final, Literal

from novelcraft.state.graph import WriteState

STOP: Final = "__end__"
"""LangGraph's `END`, as the literal that a route's type can name."""

Ahead = Literal["steer", "replan", "__end__"]
AfterDerive = Literal["gate_scene", "steer", "replan", "__end__"]
AtStart = Literal["story", "steer", "replan", "gate_plan", "gate_chapter", "gate_scene"]
"""Spelled out, because LangGraph draws the edges of plain literals only."""

_GATES: Final[dict[str, AtStart]] = {
    "plan": "gate_plan",
    "chapter": "gate_chapter",
    "scene": "gate_scene",
}


def at_start(state: WriteState) -> AtStart:
    """A branch without a plan is planned; one that waited at a gate waits on; else it goes on."""
    if state.get("plan_version") is None:
        return "story"
    if gate := state.get("gate"):
        return _GATES[gate]
    ended = state.get("chapter_ended") and state["position"] < state["total"]
    return "replan" if ended else "steer"


def after_plan(state: WriteState) -> Literal["story", "steer", "gate_plan", "__end__"]:
    """Plan again where a person says so; stop where nothing more is wanted."""
    match state["action"]:
        case "redraw":
            return "story"
        case "again":
            return "gate_plan"
        case "accept" if state.get("until") != 0:
            return "steer"
    return STOP


def after_steer(state: WriteState) -> Literal["brief", "finish", "__end__"]:
    """The next scene, or the end of the book; not where a person said stop, or models change."""
    if state["action"] != "go_on":
        return STOP
    return "finish" if state["position"] >= state["total"] else "brief"


def after_check(state: WriteState) -> Literal["narrate", "choose"]:
    """A draft that failed its checks is drawn again while attempts are left."""
    return "narrate" if state["verdict"] == "redraft" else "choose"


def after_judge(state: WriteState) -> Literal["narrate", "commit"]:
    """What the judge said."""
    return "narrate" if state["verdict"] == "redraft" else "commit"


def after_derive(state: WriteState) -> AfterDerive:
    """Ask a person about the scene where that is wished."""
    return "gate_scene" if "scene" in state.get("attend", []) else ahead(state)


def after_scene_gate(state: WriteState) -> AfterDerive:
    """Another draw of the scene, the same gate, the end of the run, or on."""
    match state["action"]:
        case "redraw":
            return "steer"
        case "again":
            return "gate_scene"
        case "accept":
            return ahead(state)
    return STOP


def ahead(state: WriteState) -> Ahead:
    """On to what comes next; at a chapter's end by way of the planner."""
    if state["position"] >= state["total"]:
        return "steer"
    until = state.get("until")
    if until is not None and state["position"] >= until:
        return STOP
    return "replan" if state.get("chapter_ended") else "steer"


def after_chapter_gate(state: WriteState) -> Literal["replan", "steer", "gate_chapter", "__end__"]:
    """Another replan, the same gate, the end of the run, or the next chapter."""
    match state["action"]:
        case "redraw":
            return "replan"
        case "again":
            return "gate_chapter"
        case "accept":
            return "steer"
    return STOP
