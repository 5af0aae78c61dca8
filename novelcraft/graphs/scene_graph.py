"""The part of the graphs that makes one reviewed draft of a scene."""

from __future__ import annotations

from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from novelcraft.graphs import routes
from novelcraft.graphs.context import WriteContext
from novelcraft.graphs.nodes.review import judge, read_continuity, read_facts, write_summary
from novelcraft.graphs.nodes.scene import check_draft, choose_draft, look_up, narrate_scene
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
