"""Work that is put off: not before a model is at work, in its order, and never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from novelcraft.graphs.background import background_work


class Work:
    """Notes what was done; may fail."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def piece(self, name: str, error: Exception | None = None) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await asyncio.sleep(0)
            if error is not None:
                raise error
            self.done.append(name)

        return do


@pytest.fixture
def work() -> Work:
    return Work()


async def test_it_waits_until_a_model_is_at_work(work: Work) -> None:
    async with background_work() as later:
        later.defer(work.piece("text"))
        later.defer(work.piece("passages"))
        for _ in range(5):
            await asyncio.sleep(0)
        before = [*work.done]
        later.start()
        later.start()
        await later.finished()
        assert (before, work.done) == ([], ["text", "passages"])


async def test_what_is_put_off_meanwhile_is_done_too(work: Work) -> None:
    async with background_work() as later:
        later.defer(work.piece("text"))
        later.start()
        await asyncio.sleep(0)
        later.defer(work.piece("passages"))
        await later.finished()
    assert work.done == ["text", "passages"]


async def test_it_begins_by_itself_where_no_model_is_asked(work: Work) -> None:
    did = asyncio.Event()

    async def do() -> None:
        did.set()

    async with background_work() as later:
        for _ in range(2):
            did.clear()
            later.defer(do)
            await asyncio.wait_for(did.wait(), 60)


async def test_what_goes_wrong_is_told_to_who_waits_and_the_rest_is_done(work: Work) -> None:
    async with background_work() as later:
        later.defer(work.piece("text", OSError("no space")))
        later.defer(work.piece("passages"))
        later.start()
        with pytest.raises(OSError, match="no space"):
            await later.finished()
        await later.finished()
        assert work.done == ["passages"]


async def test_all_is_done_in_the_end(work: Work) -> None:
    async with background_work() as later:
        later.defer(work.piece("text"))
    assert work.done == ["text"]


async def test_what_goes_wrong_in_the_end_is_an_error(work: Work) -> None:
    with pytest.raises(OSError, match="no space"):
        async with background_work() as later:
            later.defer(work.piece("text", OSError("no space")))


@pytest.mark.parametrize("error", [None, OSError("no space")])
async def test_an_error_of_the_run_is_not_hidden_and_the_work_is_done(
    work: Work, error: Exception | None
) -> None:
    async def broken_run() -> None:
        async with background_work() as later:
            later.defer(work.piece("text", error))
            raise KeyError("of the run")

    with pytest.raises(KeyError, match="of the run"):
        await broken_run()
    assert work.done == ([] if error else ["text"])
