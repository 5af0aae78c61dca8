"""A batch of novels against the server's own benchmark, on the same server.

    VLLM_SERVER_DEV_MODE=1 novelcraft serve --preset cpu --model all=MODEL
    python -m benchmarks.batch_speed http://127.0.0.1:8150/v1 --vllm ENVIRONMENT --out FOLDER

Has `novelcraft batch` write short novels, some of them at once, takes the calls from their logs,
empties the server's prefix cache and has `vllm bench serve` send the very same prompts for answers
of the same lengths, in the order in which the batch began its calls, as many at once, sampled as
most of the batch's tokens were. Prints both in tokens a second, written and in all, from the first
request to the last answer, and what share the batch reaches; then what becomes of the rest: how
many calls were under way on average, when.

The environment needs pandas for that. The same command again takes the batch that is in the folder
and has it sent once more.

The benchmark knows all its prompts at the beginning and keeps to no schema. A novel waits for its
draft before that is read, and for its plan's first level before the second is asked for, so near a
batch's end, where fewer novels are left than are written at once, less is under way: with three
times as many in all, that is a small part of the time. The server's development mode is there for
the emptying of the cache: nobody else should reach it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from benchmarks.prefix_cache import post
from novelcraft.graphs.novel import Novel
from novelcraft.state.calls import CallRecord
from novelcraft.tools.books.rows.chat_template import CHATML
from novelcraft.tools.books.rows.tokenizers import open_tokenizer

PREMISES = (
    "A lighthouse keeper finds that the sea answers letters",
    "Three generations quarrel over an orchard",
    "A market that opens at night sells what people have forgotten",
    "A clockmaker hears a child in every clock",
)
UNFINISHED = 46
"""How `batch` ends when a novel failed: a model of this size may write what is no scene."""


class Speed(NamedTuple):
    """Tokens, and the seconds that they took."""

    seconds: float
    read: int
    written: int

    @property
    def written_per_second(self) -> float:
        return self.written / self.seconds

    @property
    def per_second(self) -> float:
        return (self.read + self.written) / self.seconds


def rows(base_url: str, model: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    role = {"model": f"openai:{model}", "base_url": base_url, "max_concurrency": given.at_once}
    write = {"preset": "small", "embedding": "hash", "scene_words": given.scene_words}
    return [
        {
            "name": f"novel-{n}",
            "premise": f"{PREMISES[n % len(PREMISES)]}, in year {n + 1}",
            "pages": 1,
            "chapters": 1,
            "seed": n,
            "write": {**write, "attempts": 1, "stop_after_capped": 0},
            "roles": {"reasoning": role, "narrator": role, "cheap": role},
        }
        for n in range(given.novels)
    ]


def write_batch(folder: Path, wanted: Sequence[dict[str, Any]], jobs: int) -> list[CallRecord]:
    """The calls of a batch, from the first to begin to the last."""
    file, shelf = folder / "premises.jsonl", folder / "shelf"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in wanted), encoding="utf-8")
    command = [sys.executable, "-m", "novelcraft", "batch", str(file), "--out", str(shelf)]
    environ = {**os.environ, "NOVELCRAFT_CONFIG": str(folder / "config.toml")}
    (folder / "config.toml").touch()
    done = subprocess.run([*command, "--jobs", str(jobs)], env=environ, check=False)
    assert done.returncode in (0, UNFINISHED), f"the batch ended with {done.returncode}"
    calls: list[CallRecord] = []
    for database in sorted(shelf.glob("*/novel.db")):
        with Novel.open(database.parent, environ={}) as novel:
            calls += novel.store.calls()
    return sorted(calls, key=begun)


def ended(call: CallRecord) -> float:
    """In seconds of the epoch."""
    return datetime.fromisoformat(call.at).timestamp()


def begun(call: CallRecord) -> float:
    """In seconds of the epoch."""
    return ended(call) - call.seconds


def speed(calls: Sequence[CallRecord]) -> Speed:
    return Speed(
        max(map(ended, calls)) - min(map(begun, calls)),
        sum(call.usage.prompt_tokens for call in calls),
        sum(call.usage.completion_tokens for call in calls),
    )


def under_way(calls: Sequence[CallRecord], parts: int = 10) -> list[float]:
    """Calls under way on average in each part of the batch's time."""
    first, last = min(map(begun, calls)), max(map(ended, calls))
    length = (last - first) / parts
    cuts = [first + n * length for n in range(parts)]
    return [
        sum(max(0.0, min(ended(c), cut + length) - max(begun(c), cut)) for c in calls) / length
        for cut in cuts
    ]


def sampling(calls: Sequence[CallRecord]) -> dict[str, Any]:
    """How most tokens were sampled; on a processor that is a part of what a token costs."""
    written: Counter[str] = Counter()
    for call in calls:
        written[json.dumps(call.sampling)] += call.usage.completion_tokens
    ((most, _),) = written.most_common(1)
    found: dict[str, Any] = json.loads(most)
    return found


def replay(
    calls: Sequence[CallRecord], base_url: str, served: dict[str, Any], given: argparse.Namespace
) -> Speed:
    """The same load by `vllm bench serve`, on an empty prefix cache."""
    tokenizer, folder = open_tokenizer(served["root"]), given.out
    template = tokenizer.template or CHATML
    data = folder / "calls.jsonl"
    with data.open("w", encoding="utf-8") as lines:
        for call in calls:
            prompt = template.render(call.messages, add_generation_prompt=True)
            row = {"prompt": prompt, "output_tokens": call.usage.completion_tokens}
            lines.write(json.dumps(row) + "\n")
    root = base_url.removesuffix("/v1")
    post(f"{root}/reset_prefix_cache")
    command = [
        *(str(given.vllm / "bin" / "vllm"), "bench", "serve", "--base-url", root),
        *("--model", served["id"], "--tokenizer", served["root"]),
        *("--dataset-name", "custom", "--dataset-path", str(data), "--custom-output-len", "-1"),
        *("--skip-chat-template", "--disable-shuffle", "--ignore-eos"),
        *(f"--{name.replace('_', '-')}={value}" for name, value in sampling(calls).items()),
        *("--num-prompts", str(len(calls)), "--max-concurrency", str(given.at_once)),
        *("--save-result", "--result-dir", str(folder), "--result-filename", "bench.json"),
    ]
    subprocess.run(command, check=True, stdout=sys.stderr)
    found = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    assert found["completed"] == len(calls), f"{found['completed']} of {len(calls)} were answered"
    return Speed(found["duration"], found["total_input_tokens"], found["total_output_tokens"])


def main() -> None:
    parser = argparse.ArgumentParser(description="A batch against the server's own benchmark.")
    parser.add_argument("base_url", help="of a vLLM that serves one model, with its /v1")
    parser.add_argument("--vllm", type=Path, required=True, help="environment with its command")
    parser.add_argument("--out", type=Path, required=True, help="folder of the batch")
    parser.add_argument("--novels", type=int, default=48, help="in all")
    parser.add_argument("--at-once", type=int, default=16, help="of them, and of calls replayed")
    parser.add_argument("--scene-words", type=int, default=275, help="of 275 that a novel has")
    given = parser.parse_args()
    with urlopen(f"{given.base_url}/models") as answer:
        served = json.load(answer)["data"][0]
    given.out.mkdir(parents=True, exist_ok=True)
    wanted = rows(given.base_url, served["id"], given)
    calls = write_batch(given.out, wanted, given.at_once)
    ours = speed(calls)
    theirs = replay(calls, given.base_url, served, given)
    print("| | calls | seconds | read | written | written/s | tokens/s |")
    print("|---|---|---|---|---|---|---|")
    for who, one in (("batch", ours), ("vllm bench serve", theirs)):
        print(
            f"| {who} | {len(calls)} | {one.seconds:.1f} | {one.read:,} | {one.written:,} "
            f"| {one.written_per_second:.1f} | {one.per_second:.1f} |"
        )
    print(
        f"share: {ours.written_per_second / theirs.written_per_second:.1%} of the tokens written "
        f"a second, {ours.per_second / theirs.per_second:.1%} of all"
    )
    parts = under_way(calls)
    print(
        f"calls under way: {sum(parts) / len(parts):.1f} of {given.at_once}; by tenths of the time:"
    )
    print(" ".join(f"{part:.1f}" for part in parts))


if __name__ == "__main__":
    main()
