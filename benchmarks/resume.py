"""What killing the program costs.

    python -m benchmarks.resume [--kills 200] [--longest 6] [--words 300000]

Writes one novel with the real command, killed with SIGKILL at an instant drawn by lot, between its
start and `--longest` seconds later, and started again by the same command, so many times; then lets
it finish, and holds it against the novel that an undisturbed run writes. The server takes a while
for each answer, so that calls are under way when the program dies, and one narration in five loops
and is drawn again. Then writes a long novel up to its last pages, and times how long the same
command takes to ask the next thing.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from novelcraft.config.settings import NovelSettings
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.server import FakeServer
from tests.graphs.program import Program, Written, asked, call_of, some_loop

KILLED = -9
PAGES = 130
STARTS = 5
ANSWER_SECONDS = 0.2


@dataclass
class Cost:
    """What so many kills did."""

    instants: Counter[str] = field(default_factory=Counter)
    """Kills before the first call of a run, while calls were under way, and between calls."""
    chain_broken: int = 0
    """Kills after which a scene that was accepted was lost, doubled or in another place."""
    paid_twice: int = 0
    """Calls that were made again though they had come back and were logged."""
    repeated: list[int] = field(default_factory=list)
    """Calls made again by the run after each kill."""
    nodes: Counter[int] = field(default_factory=Counter)
    """How many calls a node made again, over all nodes that were running at a kill."""


def script() -> s.Script:
    """Answers that take a while, and narrations of which some loop."""

    def slowly(request: ChatRequest, plain: Answer) -> Answer:
        return replace(some_loop(request, plain), delay=ANSWER_SECONDS)

    made = s.Script()
    made.on(s.anything, slowly)
    return made


def killed(program: Program, server: FakeServer, kills: int, longest: float) -> Cost:
    """Kill the program so many times, then let it finish."""
    cost, rng = Cost(), random.Random(1)
    seen: list[set[object]] = []
    written = Written([], [])
    for left in range(kills, -1, -1):
        before, known = written, len(server.requests)
        victim = program.start()
        if left:
            instant = _kill(victim, server, rng.uniform(0, longest), known)
        code = victim.wait()
        written = Written.read(program.folder)
        cost.chain_broken += written.chain[: len(before.chain)] != before.chain
        calls = asked(server)
        again = set(calls[known:]) & set(calls[:known])
        cost.paid_twice += len(again & set(before.ok_calls))
        cost.repeated.append(len(again))
        seen.append(set(again))
        if code != KILLED:
            break
        cost.instants[instant] += 1
    nodes = {call_of(record): (record.step, record.purpose) for record in written.records}
    for again_of_a_run in seen:
        cost.nodes.update(Counter(nodes[call] for call in again_of_a_run).values())
    return cost


def _kill(victim: subprocess.Popen[bytes], server: FakeServer, life: float, known: int) -> str:
    """Kill it when it has lived so long, and say what it was at."""
    try:
        victim.wait(life)
    except subprocess.TimeoutExpired:
        victim.kill()
    if len(server.requests) == known:
        return "before its first call"
    return "calls under way" if server.running else "between calls"


def report_kills(home: Path, kills: int, longest: float) -> None:
    with FakeServer(context=32_768, script=script()) as server:
        calm = Program(home / "calm", server.base_url, home, pages=PAGES)
        calm.start().wait()
        undisturbed = len(server.requests)
    with FakeServer(context=32_768, script=script()) as server:
        program = Program(home / "killed", server.base_url, home, pages=PAGES)
        cost = killed(program, server, kills, longest)
        calls = len(server.requests)
    one, other = Written.read(program.folder), Written.read(calm.folder)
    books = [(folder / "manuscript.md").read_bytes() for folder in (program.folder, calm.folder)]
    rows = {
        "kills": f"{sum(cost.instants.values())}: "
        + ", ".join(f"{times} {what}" for what, times in cost.instants.most_common()),
        "scenes of the novel": f"{len(one.chain)}",
        "kills after which an accepted scene was lost, doubled or moved": f"{cost.chain_broken}",
        "the novel is the undisturbed one, byte for byte": str(
            one.chain == other.chain and books[0] == books[1]
        ),
        "calls, undisturbed": f"{undisturbed}",
        "calls made again": f"{calls - undisturbed}, at most {max(cost.repeated)} after a kill, "
        f"at most {max(cost.nodes, default=0)} of a node",
        "calls made again that had come back": f"{cost.paid_twice}",
    }
    for name, value in rows.items():
        print(f"| {name} | {value} |", flush=True)


def report_start(home: Path, words: int) -> None:
    """The seconds until a long novel's next request, of several starts that are killed at it."""
    per_page = NovelSettings.model_fields["words_per_page"].default
    with FakeServer(context=32_768) as server:
        pages = round(1.03 * words / per_page)
        program = Program(home / "long", server.base_url, home, pages, 600, "minilm")
        program.start("--until", f"{words // 600}").wait()
        there = len(Written.read(program.folder).chain)
        seconds = [_first_request(program, server) for _ in range(STARTS)]
    text = (program.folder / "manuscript.md").read_text(encoding="utf-8")
    taken = ", ".join(f"{second:.2f}" for second in seconds)
    print(
        f"| a novel of {there} scenes, {len(text.split()):,} words: s to its next request | ",
        end="",
    )
    print(f"median {statistics.median(seconds):.2f} of {taken} |")


def _first_request(program: Program, server: FakeServer) -> float:
    known = len(server.requests)
    began = time.monotonic()
    with program.start() as running:
        while len(server.requests) == known and running.poll() is None:
            time.sleep(0.001)
        seconds = time.monotonic() - began
        running.kill()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="What killing the program costs.")
    parser.add_argument("--kills", type=int, default=200, help="0 for none")
    parser.add_argument("--longest", type=float, default=6.0, help="seconds that a run lives")
    parser.add_argument("--words", type=int, default=300_000, help="of the long novel; 0 for none")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "config.toml").touch()
        print("| | |\n|---|---|")
        if given.kills:
            report_kills(home, given.kills, given.longest)
        if given.words:
            report_start(home, given.words)


if __name__ == "__main__":
    main()
