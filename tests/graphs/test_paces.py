"""Narrators that write less or more than they are asked for: their books have their pages."""

from __future__ import annotations

import re
from zlib import crc32

import pytest

from novelcraft.state.manuscript import count_words
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.conftest import OpenDesk

PAGES, SCENE = 10, 240
NEVER_MORE = 1_000_000


@pytest.mark.parametrize(
    ("ratio", "most", "flavour", "preset"),
    [
        (0.5, NEVER_MORE, "openai", "standard"),
        pytest.param(0.8, NEVER_MORE, "openai", "standard", marks=pytest.mark.slow),
        (1.0, NEVER_MORE, "openai", "standard"),
        pytest.param(1.5, NEVER_MORE, "openai", "standard", marks=pytest.mark.slow),
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
    for until in range(1, len(at_once.chain()), 2):
        await in_pieces.write(until=until)
        for path in in_pieces.novel.folder.glob("checkpoints.db*"):
            path.unlink()
    await in_pieces.write()
    assert [c.id for c in in_pieces.chain()] == [c.id for c in at_once.chain()]


async def test_a_book_in_chinese_has_its_pages(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.edit(in_chinese))
    desk = open_desk(
        serve(script=script, flavour="openai"),
        novel={"pages": PAGES, "language": "zh"},
        write={"scene_words": SCENE},
    )
    finished = await desk.write()
    assert finished is not None
    assert abs(finished.pages / PAGES - 1) <= 0.05
    assert all(count_words(commit.prose) >= 0.8 * SCENE for commit in desk.chain())
    assert len(desk.of("scene_started")) <= finished.scenes + 2


def in_chinese(text: str) -> str:
    """A text with a Chinese character for each word but names, and nothing between them."""
    han = re.sub(
        r"(?<![A-Za-z])[a-z][\w'’-]*",
        lambda word: chr(0x4E00 + crc32(word[0].encode()) % 20_000),
        text,
    )
    marked = han.translate(str.maketrans(".!?,", "。！？，"))
    return re.sub(r"(?<![A-Za-z]) | (?![A-Z])", "", marked)


async def test_a_language_of_many_tokens_a_word_has_tokens_for_its_scenes(
    serve: type[FakeServer], open_desk: OpenDesk
) -> None:
    script = s.Script()
    script.on(s.prose, s.edit(compounded))
    server = serve(script=script, flavour="vllm", context=32_768)
    desk = open_desk(server, write={"scene_words": SCENE})
    await desk.write(until=1)
    before = len(server.exchanges)
    assert "length" in {e.finish_reason for e in server.exchanges}  # measured on the plan alone
    await desk.write(until=3)
    drawn = [e for e in server.exchanges[before:] if s.prose(e.request)]
    assert {e.finish_reason for e in drawn} == {"stop"}
    # What a bound on tokens has cut says nothing of the pace.
    assert all(abs(e.request.words_asked - SCENE) < 10 for e in drawn)
    assert [commit.accepted_by for commit in desk.chain()] == ["checks"] * 3


def compounded(text: str) -> str:
    """A text with a hyphen after every second letter but the last of a word."""
    return re.sub(r"(?<=[a-z]{2})(?=[a-z]{2})", "-", text)
