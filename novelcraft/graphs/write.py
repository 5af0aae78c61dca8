"""The write graph: from a premise to a finished book, one scene at a time."""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from novelcraft.graphs import routes
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.nodes.chapter import gate_chapter, replan
from novelcraft.graphs.nodes.commit import commit_scene, derive, gate_scene
from novelcraft.graphs.nodes.finish import finish
from novelcraft.graphs.nodes.plan import gate_plan, write_briefs, write_outline, write_story
from novelcraft.graphs.nodes.review import judge, read_continuity, read_facts, write_summary
from novelcraft.graphs.nodes.scene import (
    check_draft,
    choose_draft,
    look_up,
    narrate_scene,
    set_brief,
)
from novelcraft.state.graph import WriteState

Builder = StateGraph[WriteState, WriteContext, WriteState, WriteState]
WriteGraph = CompiledStateGraph[WriteState, WriteContext, WriteState, WriteState]

READERS = ("continuity", "summary", "facts")


def add_drafting(builder: Builder) -> None:
    """The part that makes one reviewed draft: from recall to the judge.

    The write graph and the revision graph share it. Whoever adds it says what `commit` is.
    """
    builder.add_node("recall", look_up)
    builder.add_node("narrate", narrate_scene)
    builder.add_node("check", check_draft)
    builder.add_node("choose", choose_draft)
    builder.add_node("continuity", read_continuity)
    builder.add_node("summary", write_summary)
    builder.add_node("facts", read_facts)
    builder.add_node("judge", judge)
    builder.add_edge("recall", "narrate")
    builder.add_edge("narrate", "check")
    builder.add_conditional_edges("check", routes.after_check)
    for reader in READERS:
        builder.add_edge("choose", reader)
    builder.add_edge(list(READERS), "judge")
    builder.add_conditional_edges("judge", routes.after_judge)


def build_write_graph(checkpointer: BaseCheckpointSaver[str] | None = None) -> WriteGraph:
    """Compile the graph.

    Args:
        checkpointer: Keeps the step in flight; without one a run cannot stop for a person.
    """
    builder: Builder = StateGraph(WriteState, WriteContext)
    builder.add_node("story", write_story)
    builder.add_node("outline", write_outline)
    builder.add_node("briefs", write_briefs)
    builder.add_node("gate_plan", gate_plan)
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
    builder.add_edge("brief", "recall")
    builder.add_edge("commit", "derive")
    builder.add_conditional_edges("derive", routes.after_derive)
    builder.add_conditional_edges("gate_scene", routes.after_scene_gate)
    builder.add_edge("replan", "gate_chapter")
    builder.add_conditional_edges("gate_chapter", routes.after_chapter_gate)
    builder.add_edge("finish", END)
    return builder.compile(checkpointer=checkpointer, name="write")
