"""The last node: the exports with their report, and the sums of the run."""

from __future__ import annotations

import asyncio
from typing import Any

from novelcraft.graphs.context import WriteRuntime
from novelcraft.graphs.exporting import export_branch
from novelcraft.graphs.nodes.commit import renew_text
from novelcraft.state.events import Exported, Notice, RunFinished
from novelcraft.state.findings import blocking
from novelcraft.state.graph import WriteState


async def finish(state: WriteState, runtime: WriteRuntime) -> dict[str, Any]:
    """Export the book, check it as a whole, and sum up the run."""
    context = runtime.context
    # A run that was killed before it got to that goes on from here.
    await renew_text(context, state["branch"])
    chain = context.store.chain(state["head"])
    totals = context.store.call_totals()
    # pandoc takes seconds, in which other novels of this process are written on.
    result = await asyncio.to_thread(
        export_branch, context.store, context.folder, state["branch"], context.novel
    )
    for path in result.paths:
        context.emit(Exported(format=path.suffix.lstrip("."), path=str(path)))
    for notice in result.notices:
        context.emit(Notice(text=notice))
    context.store.set_finished(state["branch"], chain[-1].id)
    words = sum(c.words for c in chain)
    context.emit(
        RunFinished(
            scenes=len(chain),
            chapters=len({c.chapter_id for c in chain}),
            words=words,
            pages=round(words / context.novel.words_per_page, 1),
            at_cap=sum(c.accepted_by == "cap" for c in chain),
            by_person=sum(c.accepted_by == "person" and bool(blocking(c.findings)) for c in chain),
            warnings=sum(f.severity == "warn" for c in chain for f in c.findings),
            model_calls=totals.calls,
            prompt_tokens=totals.prompt_tokens,
            completion_tokens=totals.completion_tokens,
            seconds=totals.seconds,
        ),
    )
    return {"action": "finished"}
