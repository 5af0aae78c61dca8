"""What a reader is shown of an answer while it streams."""

from __future__ import annotations

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from novelcraft.tools.models.client import Piece
from novelcraft.tools.models.streaming import UNBROKEN, Reply, read_reply
from novelcraft.tools.models.thinking import ThinkFilter, split_thinking


async def read(content: str, size: int, shown: list[str], *, until: int = 10_000) -> Reply:
    async def pieces() -> AsyncIterator[Piece]:
        for start in range(0, len(content), size):
            yield Piece(content[start : start + size])
        yield Piece(finish_reason="stop")

    def on_text(text: str) -> bool:
        shown.append(text)
        return len(text) < until

    return await read_reply(pieces(), ThinkFilter(), on_text)


@given(
    content=st.text(alphabet="ab \n", max_size=80),
    thought=st.sampled_from(["", "hm, well</think>", "<think>hm </think>\n"]),
    size=st.integers(1, 9),
)
async def test_a_reader_is_shown_each_word_once_and_the_whole_in_the_end(
    content: str, thought: str, size: int
) -> None:
    shown: list[str] = []
    reply = await read(thought + content, size, shown)
    answer = split_thinking(thought + content).answer
    assert reply.text == answer
    # Thinking without a beginning looks like an answer until its end, and then the answer begins.
    begun = max((n + 1 for n, text in enumerate(shown) if not answer.startswith(text)), default=0)
    blanks = [n + 1 for n, c in enumerate(answer) if c.isspace()]
    assert [len(text) for text in shown[begun:]] == [
        *blanks,
        *([len(answer)] if answer and not answer[-1].isspace() else []),
    ]


async def test_an_answer_without_blanks_is_shown_in_stretches_and_can_be_ended() -> None:
    shown: list[str] = []
    reply = await read("x" * 3_500, 7, shown, until=2 * UNBROKEN)
    assert [len(text) for text in shown] == [UNBROKEN, 2 * UNBROKEN]
    assert reply.text == "x" * 2 * UNBROKEN
