"""Narrators that write less or more than they are asked for: their books have their pages."""

from __future__ import annotations

import pytest

from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk

PAGES, SCENE = 10, 240
NEVER_MORE = 1_000_000


@pytest.mark.parametrize(
    ("ratio", "most", "flavour", "preset"),
    [
        (0.5, NEVER_MORE, "openai", "standard"),
        (0.8, NEVER_MORE, "openai", "standard"),
        (1.0, NEVER_MORE, "openai", "standard"),
        (1.5, NEVER_MORE, "openai", "standard"),
        (2.0, NEVER_MORE, "openai", "standard"),
        (0.5, NEVER_MORE, "llamacpp", "small"),
        (2.0, NEVER_MORE, "llamacpp", "small"),
        (1.0, 140, "openai", "standard"),
    ],
)
async def test_a_book_has_its_pages_whatever_the_pace_of_its_narrator(
    serve: type[FakeServer],
    open_desk: OpenDesk,
    ratio: float,
    most: int,
    flavour: str,
    preset: str,
) -> None:
    script = s.Script()
    script.on(s.prose, s.paced(ratio, most))
    desk = open_desk(
        serve(script=script, flavour=flavour, context=32_768),
        novel={"pages": PAGES},
        write={"scene_words": SCENE, "preset": preset, "attempts": 3},
    )
    finished = await desk.write()
    assert finished is not None
    assert abs(finished.pages / PAGES - 1) <= 0.05
    assert finished.at_cap == 0
    drafts = len(desk.of("scene_started"))
    assert drafts <= finished.scenes + 2  # hardly any is drawn again


async def test_what_is_asked_follows_from_the_chain_alone(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    def script() -> s.Script:
        made = s.Script()
        made.on(s.prose, s.paced(0.6))
        return made

    at_once = open_desk(serve(script=script(), flavour="openai"), "one")
    await at_once.write()
    in_pieces = open_desk(serve(script=script(), flavour="openai"), "two")
    for until in range(1, 40, 2):
        await in_pieces.write(until=until)
        for path in in_pieces.novel.folder.glob("checkpoints.db*"):
            path.unlink()
    await in_pieces.write()
    assert [c.id for c in in_pieces.chain()] == [c.id for c in at_once.chain()]
