"""The training graph: books, rows, a plan, an adapter, its evaluation, the gate, its card.

There is no checkpointer: the files are the checkpoint, as in preparation. Each step leaves one
thing that says whether it is done (the build manifests and the rows; the last checkpoint of
training; the evaluation, which names the weights that it is of; the card), and is written beside
its place and renamed into it. A second record could only contradict those, and could not make a run
go on any nearer to where it was killed, since what takes long, training, keeps checkpoints of its
own. So a run that goes on runs the pipeline from its start, and each step passes over what is done.
"""

from __future__ import annotations

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from novelcraft.graphs.training import nodes, routes
from novelcraft.graphs.training.context import TrainingContext
from novelcraft.state.training import PipelineState

TrainingGraph = CompiledStateGraph[PipelineState, TrainingContext, PipelineState, PipelineState]


def build_training_graph() -> TrainingGraph:
    """Compile the graph."""
    builder: StateGraph[PipelineState, TrainingContext, PipelineState, PipelineState]
    builder = StateGraph(PipelineState, TrainingContext)
    builder.add_node("prep", nodes.prepare_rows)
    builder.add_node("plan", nodes.plan_run)
    builder.add_node("train", nodes.train_adapter)
    builder.add_node("evaluate", nodes.evaluate_adapter)
    builder.add_node("gate", nodes.judge_adapter)
    builder.add_node("register", nodes.register_adapter)
    builder.add_conditional_edges(START, routes.at_start)
    builder.add_conditional_edges("prep", routes.after_prep)
    builder.add_conditional_edges("plan", routes.after_plan)
    builder.add_conditional_edges("train", routes.after_train)
    builder.add_conditional_edges("evaluate", routes.after_evaluate)
    builder.add_edge("gate", "register")
    builder.add_edge("register", END)
    return builder.compile(name="training")
