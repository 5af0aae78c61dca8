"""The write graph: from a premise to a finished book, one scene at a time."""

from __future__ import annotations

from functools import cache

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph

from novelcraft.graphs import routes
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.nodes.chapter import replan
from novelcraft.graphs.nodes.commit import commit_scene, derive
from novelcraft.graphs.nodes.finish import finish
from novelcraft.graphs.nodes.gates import gate_chapter, gate_plan, gate_scene
from novelcraft.graphs.nodes.plan import write_briefs, write_outline, write_story
from novelcraft.graphs.nodes.scene import set_brief
from novelcraft.graphs.nodes.steer import steer
from novelcraft.graphs.scene_graph import Builder, WriteGraph, add_drafting
from novelcraft.state.graph import WriteState


def build_write_graph(checkpointer: BaseCheckpointSaver[str] | None = None) -> WriteGraph:
    """The graph, which is compiled once in a process.

    Args:
        checkpointer: Keeps the step in flight.
    """
    return _compiled().copy({"checkpointer": checkpointer})


@cache
def _compiled() -> WriteGraph:
    builder: Builder = StateGraph(WriteState, WriteContext)
    builder.add_node("story", write_story)
    builder.add_node("outline", write_outline)
    builder.add_node("briefs", write_briefs)
    builder.add_node("gate_plan", gate_plan)
    builder.add_node("steer", steer)
    builder.add_node("brief", set_brief)
    builder.add_node("commit", commit_scene)
    builder.add_node("derive", derive)
    builder.add_node("gate_scene", gate_scene)
    builder.add_node("replan", replan)
    builder.add_node("gate_chapter", gate_chapter)
    builder.add_node("finish", finish)
    add_drafting(builder)

    builder.add_conditional_edges(START, routes.at_start)
    builder.add_edge("story", "outline")
    builder.add_edge("outline", "briefs")
    builder.add_edge("briefs", "gate_plan")
    builder.add_conditional_edges("gate_plan", routes.after_plan)
    builder.add_conditional_edges("steer", routes.after_steer)
    builder.add_edge("brief", "recall")
    builder.add_edge("commit", "derive")
    builder.add_conditional_edges("derive", routes.after_derive)
    builder.add_conditional_edges("gate_scene", routes.after_scene_gate)
    builder.add_edge("replan", "gate_chapter")
    builder.add_conditional_edges("gate_chapter", routes.after_chapter_gate)
    builder.add_edge("finish", END)
    return builder.compile(name="write")
