"""The prep graph: all books side by side, then their rows together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from novelcraft.errors import BookError, DataFileError
from novelcraft.graphs.prep.book import build_book_graph
from novelcraft.graphs.prep.context import PrepContext, PrepRuntime
from novelcraft.graphs.prep.rows import compile_corpus
from novelcraft.state.prep import BookFailed, BookResult, BookState, BookTask, CorpusState

CorpusGraph = CompiledStateGraph[CorpusState, PrepContext, CorpusState, CorpusState]


def to_books(state: CorpusState) -> Sequence[Send | str]:
    """One branch for each book."""
    if not state["tasks"]:
        return ["rows"] if state["until"] == "rows" else [END]
    return [Send("book", task) for task in state["tasks"]]


def after_book(state: CorpusState) -> str:
    """To the rows, once all books are through."""
    return "rows" if state["until"] == "rows" else END


def build_corpus_graph() -> CorpusGraph:
    """Compile the graph."""
    book_graph = build_book_graph()

    async def prepare_book(state: BookTask, runtime: PrepRuntime) -> dict[str, Any]:
        """All stages of one book. So many at once as the context allows."""
        start = BookState(
            book_id=state["book_id"],
            path=state["path"],
            until=state["until"],
            wide=runtime.context.slots > 1,
            chapters=0,
            cuts=[],
            briefed=0,
        )
        error, code = "", 0
        async with runtime.context.books_at_once:
            try:
                await book_graph.ainvoke(start, context=runtime.context)
            except (BookError, DataFileError) as fault:
                error, code = str(fault), fault.exit_code
                runtime.context.emit(BookFailed(book_id=state["book_id"], error=error))
        result = BookResult(book_id=state["book_id"], error=error, exit_code=code)
        return {"results": [result]}

    builder: StateGraph[CorpusState, PrepContext, CorpusState, CorpusState]
    builder = StateGraph(CorpusState, PrepContext)
    builder.add_node("book", prepare_book)
    builder.add_node("rows", compile_corpus)
    builder.add_conditional_edges(START, to_books, ["book", "rows", END])
    builder.add_conditional_edges("book", after_book, ["rows", END])
    builder.add_edge("rows", END)
    return builder.compile(name="prepare")
