"""The passage index beside the run: brought up to date while the next scene is narrated.

Recall leaves out the scene right before, whose end is in the prompt anyway, so a scene's passages
are first needed two scenes later. The loop never waits for them between a commit and the next
scene's first request; see `background` for when they are brought in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from novelcraft.state.canon import CanonNote
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan, SceneBrief
from novelcraft.tools.canon.index import PassageIndex
from novelcraft.tools.canon.recall import recall
from novelcraft.tools.canon.store import ManuscriptStore


class BackgroundIndex:
    """A passage index with a thread of its own: one thing at a time, in the order asked.

    Args:
        index: Used by that thread alone.
        thread: Has one worker.
    """

    def __init__(self, index: PassageIndex, thread: ThreadPoolExecutor) -> None:
        self._index = index
        self._thread = thread

    async def sync(self, commits: Sequence[SceneCommit]) -> None:
        """Bring commits in, after what was begun before.

        Raises:
            Exception: What went wrong, in the embedder or on the disk.
        """
        await asyncio.wrap_future(self._thread.submit(self._index.sync, tuple(commits)))

    async def recall(
        self,
        store: ManuscriptStore,
        head: str | None,
        brief: SceneBrief,
        plan: Plan,
        k: int,
        *,
        passages: bool = True,
    ) -> list[CanonNote]:
        """The notes for a scene that follows `head`, as `canon.recall` says.

        They are the same whether a sync has only begun or is long done, because it is waited
        for, and what is in the index beyond the ancestors of `head` is never looked at.

        Raises:
            Exception: What went wrong here. What lacks in the index is brought in once more.
        """
        asked = self._thread.submit(
            recall, store, self._index, head, brief, plan, k, passages=passages
        )
        return await asyncio.wrap_future(asked)


@asynccontextmanager
async def background_index(index: PassageIndex) -> AsyncIterator[BackgroundIndex]:
    """Open a thread for the index; wait for it, and close both, in the end."""
    with ThreadPoolExecutor(1, thread_name_prefix="passage-index") as thread:
        try:
            yield BackgroundIndex(index, thread)
        finally:
            await asyncio.wrap_future(thread.submit(index.close))
