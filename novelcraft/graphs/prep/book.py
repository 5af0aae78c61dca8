"""The part of the prep graph that prepares one book."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from novelcraft.graphs.prep.briefs import brief_chapter, finish_briefs
from novelcraft.graphs.prep.context import PrepContext
from novelcraft.graphs.prep.facts import extract_book_facts
from novelcraft.graphs.prep.scenes import cut_chapter, join_scenes
from novelcraft.graphs.prep.summaries import summarize_book
from novelcraft.graphs.prep.texts import base_book, clean_book, convert_book
from novelcraft.graphs.prep.world import build_world_context
from novelcraft.state.prep import STAGES, BookState, ChapterTask, Stage

BookGraph = CompiledStateGraph[BookState, PrepContext, BookState, BookState]


def wants(state: BookState, stage: Stage) -> bool:
    """Whether a run goes as far as a stage."""
    return STAGES.index(stage) <= STAGES.index(state["until"])


def after_convert(state: BookState) -> str:
    """On to the cleaning, if that was asked for."""
    return "clean" if wants(state, "clean") else END


def after_clean(state: BookState) -> str:
    """On to the book's JSON."""
    return "base" if wants(state, "base") else END


def after_base(state: BookState) -> Sequence[Send | str]:
    """To the world, and to all chapters side by side."""
    if not wants(state, "world"):
        return [END]
    cuts = _chapters(state, "cut_chapter") if wants(state, "scenes") else []
    return ["world", *cuts]


def after_world(state: BookState) -> str:
    """Wait for the chapters, if they are cut."""
    return "join" if wants(state, "scenes") else END


def after_join(state: BookState) -> str:
    """On to the facts."""
    return "facts" if wants(state, "facts") else END


def after_facts(state: BookState) -> Sequence[Send | str]:
    """To the summaries; where the server has room, to the briefs of all chapters beside them.

    A server that answers one call at a time keeps the scene of its last call in its cache, and
    would lose it to a brief between two tries of one summary.
    """
    if not wants(state, "summaries"):
        return [END]
    beside = state["wide"] and wants(state, "briefs")
    return ["summaries", *(_chapters(state, "brief_chapter") if beside else [])]


def after_summaries(state: BookState) -> Sequence[Send | str]:
    """Wait for the briefs, or begin with them."""
    if not wants(state, "briefs"):
        return [END]
    return ["briefs"] if state["wide"] else _chapters(state, "brief_chapter")


def build_book_graph() -> BookGraph:
    """Compile the graph. It needs no checkpointer: every stage's files are its checkpoint."""
    builder: StateGraph[BookState, PrepContext, BookState, BookState]
    builder = StateGraph(BookState, PrepContext)
    builder.add_node("convert", convert_book)
    builder.add_node("clean", clean_book)
    builder.add_node("base", base_book)
    builder.add_node("world", build_world_context)
    builder.add_node("cut_chapter", cut_chapter)
    builder.add_node("join", join_scenes)
    builder.add_node("facts", extract_book_facts)
    builder.add_node("summaries", summarize_book)
    builder.add_node("brief_chapter", brief_chapter)
    builder.add_node("briefs", finish_briefs)
    builder.add_edge(START, "convert")
    builder.add_conditional_edges("convert", after_convert, ["clean", END])
    builder.add_conditional_edges("clean", after_clean, ["base", END])
    builder.add_conditional_edges("base", after_base, ["world", "cut_chapter", END])
    builder.add_conditional_edges("world", after_world, ["join", END])
    builder.add_edge("cut_chapter", "join")
    builder.add_conditional_edges("join", after_join, ["facts", END])
    builder.add_conditional_edges("facts", after_facts, ["summaries", "brief_chapter", END])
    builder.add_conditional_edges("summaries", after_summaries, ["brief_chapter", "briefs", END])
    builder.add_edge("brief_chapter", "briefs")
    builder.add_edge("briefs", END)
    return builder.compile(name="prepare_book")


def _chapters(state: BookState, node: str) -> list[Send]:
    total = state["chapters"]
    return [
        Send(node, ChapterTask(book_id=state["book_id"], chapter=number, chapters=total))
        for number in range(1, total + 1)
    ]
