"""Where the graph goes next. Pure functions of the state, each with a table test."""

from __future__ import annotations

from typing import Final, Literal

from novelcraft.state.graph import WriteState

STOP: Final = "__end__"
"""LangGraph's `END`, as the literal that a route's type can name."""

NextScene = Literal["brief", "replan", "finish", "__end__"]
AfterDerive = Literal["gate_scene", "brief", "replan", "finish", "__end__"]
"""Spelled out, because LangGraph draws the edges of plain literals only."""


def at_start(state: WriteState) -> Literal["story", "brief", "replan", "finish"]:
    """A branch without a plan is planned; one with scenes left goes on; else it is finished."""
    if state.get("plan_version") is None:
        return "story"
    if state["position"] >= state["total"]:
        return "finish"
    return "replan" if state.get("chapter_ended") else "brief"


def after_plan(state: WriteState) -> Literal["story", "brief", "__end__"]:
    """Plan again where a person says so; stop where nothing more is wanted."""
    if state["action"] == "redraw":
        return "story"
    return STOP if state["action"] == "stop" or state.get("until") == 0 else "brief"


def after_check(state: WriteState) -> Literal["narrate", "choose"]:
    """A draft that failed its checks is drawn again while attempts are left."""
    return "narrate" if state["verdict"] == "redraft" else "choose"


def after_judge(state: WriteState) -> Literal["narrate", "commit"]:
    """What the judge said."""
    return "narrate" if state["verdict"] == "redraft" else "commit"


def after_derive(state: WriteState) -> AfterDerive:
    """Ask a person about the scene where that is wished."""
    return "gate_scene" if "scene" in state.get("attend", []) else next_scene(state)


def after_scene_gate(state: WriteState) -> NextScene:
    """Another draw of the scene, the end of the run, or on."""
    if state["action"] == "redraw":
        return "brief"
    return STOP if state["action"] == "stop" else next_scene(state)


def next_scene(state: WriteState) -> NextScene:
    """On to the next scene; at a chapter's end by way of the planner."""
    if state["position"] >= state["total"]:
        return "finish"
    until = state.get("until")
    if until is not None and state["position"] >= until:
        return STOP
    return "replan" if state["chapter_ended"] else "brief"


def after_chapter_gate(state: WriteState) -> Literal["replan", "brief", "__end__"]:
    """Another replan, the end of the run, or the next chapter."""
    if state["action"] == "redraw":
        return "replan"
    return STOP if state["action"] == "stop" else "brief"
