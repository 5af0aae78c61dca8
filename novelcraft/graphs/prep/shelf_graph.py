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
from novelcraft.graphs.prep.rows import compile_shelf
from novelcraft.state.prep import BookFailed, BookResult, BookState, BookTask, ShelfState

ShelfGraph = CompiledStateGraph[ShelfState, PrepContext, ShelfState, ShelfState]


def to_books(state: ShelfState) -> Sequence[Send | str]:
    """One branch for each book."""
    if not state["tasks"]:
        return ["rows"] if state["until"] == "rows" else [END]
    return [Send("book", task) for task in state["tasks"]]


def after_book(state: ShelfState) -> str:
    """To the rows, once all books are through."""
    return "rows" if state["until"] == "rows" else END


def build_shelf_graph() -> ShelfGraph:
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

    builder: StateGraph[ShelfState, PrepContext, ShelfState, ShelfState]
    builder = StateGraph(ShelfState, PrepContext)
    builder.add_node("book", prepare_book)
    builder.add_node("rows", compile_shelf)
    builder.add_conditional_edges(START, to_books, ["book", "rows", END])
    builder.add_conditional_edges("book", after_book, ["rows", END])
    builder.add_edge("rows", END)
    return builder.compile(name="prepare")
