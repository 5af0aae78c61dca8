"""What a novel asks of its servers in tokens, and how much of that they have read before.

    python -m benchmarks.prefix_cache [--pages 100] [--by-agent] [--replay URL]

Writes a novel against the fake server, once for each way of being served, and has one narration in
ten fail its checks. Then it takes the calls from the novel's log, in their order, counts their
tokens with the embedded model's tokenizer and chat template, and puts them through a prefix cache
as vLLM's: blocks of 16 tokens, or of 128 as its processor build has them, each known by all that
stands before it. For each way it prints tokens read and written for each word of the book, which
share of those read is a prefix that was seen, and how many were not. The cache has room for all
and the three that read a draft come one after the other, as they do within a step of vLLM.

With a vLLM named, the same prompts are sent to it, each for an answer of one token, and its own
counters are printed beside: its tokenizer should be the embedded model's. What it has for weights
makes no difference, so that those can be none:

    VLLM_SERVER_DEV_MODE=1 VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 vllm serve MODEL --load-format dummy \
        --hf-overrides '{"num_hidden_layers": 1}' --max-model-len 65536
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

from novelcraft.config.root import Settings
from novelcraft.graphs.novel import Novel
from novelcraft.state.calls import CallRecord
from novelcraft.tools.books.rows.chat_template import CHATML
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer, open_tokenizer
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.process import fake_process

BLOCKS = (16, 128)
REDRAWN = 10
"""Of so many narrations one fails."""

_WHOM = re.compile(r'"""\n([A-Z]\w+ [A-Z]\w+)')


class Served(NamedTuple):
    """How the roles are served."""

    preset: str
    context: int


WAYS = (
    Served("small", 8_192),
    Served("standard", 8_192),
    Served("standard", 32_768),
    Served("standard", 65_536),
)


def script() -> s.Script:
    """Facts about whom the scene follows, so that the next is compared with them; failed drafts."""

    def about(request: ChatRequest, plain: Answer) -> Answer:
        whom = _WHOM.search(request.user)
        answer = json.loads(plain.text)
        for fact in answer["facts"]:
            fact["about"] = whom[1] if whom else fact["about"]
        return replace(plain, text=json.dumps(answer))

    made = s.Script()
    made.on(s.with_schema("FactsAnswer"), about)
    narrations = 0

    def every_tenth(request: ChatRequest) -> bool:
        nonlocal narrations
        narrations += s.prose(request)
        return s.prose(request) and narrations % REDRAWN == 0

    made.on(every_tenth, s.loop())
    return made


def settings(base_url: str, pages: int, preset: str) -> Settings:
    role = {"model": "openai:fake-model", "base_url": base_url}
    return Settings.model_validate(
        {
            "novel": {
                "premise": "A lighthouse keeper finds that the sea answers letters",
                "pages": pages,
            },
            "write": {"preset": preset, "embedding": "hash"},
            "roles": {"reasoning": role, "narrator": role, "cheap": role},
        }
    )


@dataclass
class Tokens:
    """What was asked, in tokens."""

    calls: int = 0
    read: int = 0
    written: int = 0
    seen: tuple[int, ...] = (0,) * len(BLOCKS)
    """Of those read, by the size of a block."""


class Written(NamedTuple):
    """A book, and what was asked for it."""

    history: str
    """What of the story so far its narrator was given."""
    words: int
    calls: list[CallRecord]


class PrefixCache:
    """Blocks of tokens that were read, each known by all that stands before it."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._known: set[int] = set()

    def read(self, tokens: Sequence[int]) -> int:
        """Tokens at the beginning that were known; at least the last one is always read anew."""
        keys, key = [], 0
        for start in range(0, len(tokens) - self._block + 1, self._block):
            key = hash((key, *tokens[start : start + self._block]))
            keys.append(key)
        most = (len(tokens) - 1) // self._block
        hits = next((n for n, k in enumerate(keys[:most]) if k not in self._known), most)
        self._known.update(keys)
        return hits * self._block


def count(calls: Iterable[CallRecord], tokenizer: BaseTokenizer) -> dict[str, Tokens]:
    """Tokens by what the calls were for."""
    caches = [PrefixCache(block) for block in BLOCKS]
    counted: dict[str, Tokens] = defaultdict(Tokens)
    template = tokenizer.template or CHATML
    for call in calls:
        prompt = tokenizer.encode(template.render(call.messages, add_generation_prompt=True))
        seen = [cache.read(prompt) for cache in caches]
        found = counted[call.purpose]
        found.calls += 1
        found.read += len(prompt)
        found.written += tokenizer.count(call.text)
        found.seen = tuple(a + b for a, b in zip(found.seen, seen, strict=True))
    return counted


def written(way: Served, pages: int) -> Written:
    """Write a book; its calls in the order in which they ended."""
    arguments = ("--context", str(way.context), "--script", "benchmarks.prefix_cache:script")
    with (
        fake_process("--flavour", "vllm", *arguments) as base_url,
        tempfile.TemporaryDirectory() as folder,
        Novel.create(Path(folder) / "novel", settings(base_url, pages, way.preset)) as novel,
    ):
        finished = asyncio.run(novel.write(on_event=lambda _event: None))
        assert finished is not None, "the run ends with its book"
        chain = novel.store.chain(novel.store.branch("main").head)
        layout = chain[-1].provenance.layout
        _, _, history = (layout.name if layout else "").partition("+")
        calls = sorted(novel.store.calls(), key=lambda call: call.at)
        return Written(history or "none", finished.words, calls)


def post(url: str, body: object = None) -> bytes:
    """What a server answers to a body of JSON."""
    data = None if body is None else json.dumps(body).encode()
    asked = Request(url, data, {"Content-Type": "application/json"}, method="POST")
    with urlopen(asked) as answer:
        return bytes(answer.read())


def replay(calls: Iterable[CallRecord], base_url: str) -> str:
    """The share of prefix hits that a vLLM counts for the prompts of these calls."""
    root = base_url.removesuffix("/v1")
    post(f"{root}/reset_prefix_cache")
    with urlopen(f"{base_url}/models") as answer:
        model = json.load(answer)["data"][0]["id"]
    before = counters(root)
    for call in calls:
        messages = [message.model_dump() for message in call.messages]
        body = {"model": model, "messages": messages, "max_tokens": 1}
        post(f"{base_url}/chat/completions", body)
    read, hits = (now - then for now, then in zip(counters(root), before, strict=True))
    return f"{hits / read:.1%}"


def counters(root: str) -> tuple[float, float]:
    """Tokens that a vLLM looked up in its prefix cache so far, and found there."""
    with urlopen(f"{root}/metrics") as answer:
        page = answer.read().decode()
    found = dict(re.findall(r"^vllm:prefix_cache_(queries|hits)_total{.*} (\S+)$", page, re.M))
    return float(found["queries"]), float(found["hits"])


def line(cells: Sequence[object], tokens: Iterable[Tokens], words: int) -> str:
    """A line of the table: what is named, then the figures of all those tokens."""
    each = list(tokens)
    read = sum(one.read for one in each)
    seen = [sum(one.seen[n] for one in each) for n in range(len(BLOCKS))]
    figures = [f"{sum(one.calls for one in each):,}", f"{read / words:.2f}"]
    figures += [f"{sum(one.written for one in each) / words:.2f}"]
    figures += [f"{hit / read:.1%}" for hit in seen]
    figures += [f"{(read - hit) / words:.2f}" for hit in seen]
    return "| " + " | ".join(map(str, (*cells, *figures))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Tokens of a novel, and those that were seen.")
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--by-agent", action="store_true", help="a line for each purpose, too")
    parser.add_argument("--replay", metavar="URL", help="of a vLLM, with its /v1")
    given = parser.parse_args()
    tokenizer = open_tokenizer(None)
    print("| preset, context | history | calls | in | out | seen: 16, 128 | not seen: 16, 128 |")
    for way in WAYS:
        book = written(way, given.pages)
        counted = count(book.calls, tokenizer)
        named = f"{way.preset}, {way.context:,}"
        print(line((named, book.history), counted.values(), book.words), flush=True)
        for purpose, tokens in counted.items() if given.by_agent else ():
            print(line(("", purpose), [tokens], book.words), flush=True)
        if given.replay:
            print(f"by the counters of {given.replay}: {replay(book.calls, given.replay)}")


if __name__ == "__main__":
    main()
