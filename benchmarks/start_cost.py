"""What a run costs before its first request, and where its memory goes.

    python -m benchmarks.start_cost [--embedding hash|minilm]

Writes a scene with the real command against the fake server, and looks at the process when its
first request arrives, and at its end; then goes on with the same novel, to see the same of a
run that has scenes to remember. Then loads the parts of the program one after the other, in the
order in which a run needs them, and prints what each adds. CPU seconds are this machine's;
megabytes are of resident memory.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import novelcraft
from tests.fakes.server import FakeServer

PARTS = (
    ("the interpreter", "sys"),
    ("the command line and the settings", "novelcraft.cli.app, novelcraft.config.load, rich.live"),
    ("LangGraph", "langgraph.graph, langgraph.checkpoint.sqlite.aio"),
    ("the store (SQLAlchemy)", "novelcraft.tools.canon.store"),
    ("agents, checks, nodes", "novelcraft.graphs.novel"),
    ("the client of the models (langchain-openai, openai)", "novelcraft.tools.models.client"),
    ("the passage index (Chroma)", "chromadb"),
    ("embeddings (ONNX Runtime, without weights)", "onnxruntime, tokenizers"),
)
_PROBE = """
import json, resource, sys, time
for name, modules in json.loads(sys.argv[1]):
    cpu = time.process_time()
    for module in modules.split(", "):
        __import__(module)
    pages = int(open("/proc/self/statm").read().split()[1])
    size = pages * resource.getpagesize() / 1e6
    print(json.dumps([name, time.process_time() - cpu, size]))
"""


def watched(command: Sequence[str], server: FakeServer, environ: dict[str, str]) -> list[float]:
    """Run a command; seconds, CPU seconds and megabytes at its first chat request, and its peak."""
    before = len(server.requests)
    began = time.monotonic()
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        seen: list[float] = []
        while running.poll() is None and not seen:
            if len(server.requests) > before:
                seen = [time.monotonic() - began, *_usage(running.pid)]
            time.sleep(0.001)
        running.wait()
        if running.returncode:
            sys.exit(f"{' '.join(command)} ended with {running.returncode}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    return [*seen, peak]


def _usage(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    megabytes = int(fields[21]) * resource.getpagesize() / 1e6
    return ticks / os.sysconf("SC_CLK_TCK"), megabytes


def runs(embedding: str) -> None:
    with FakeServer() as server, tempfile.TemporaryDirectory() as folder:
        own = Path(folder, "config.toml")
        own.touch()
        environ = {**os.environ, "NOVELCRAFT_CONFIG": str(own)}
        # As pip leaves it: a clone that may not write its bytecode is compiled with every start.
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        compileall.compile_dir(Path(novelcraft.__file__).parent, quiet=1)
        environ |= {"NOVELCRAFT_WRITE_EMBEDDING": embedding, "NOVELCRAFT_WRITE_PRESET": "small"}
        for role in ("REASONING", "NARRATOR"):
            environ |= {role: "openai:fake-model", f"{role}_BASE_URL": server.base_url}
        book = f"{folder}/book"
        write = [sys.executable, "-m", "novelcraft", "write"]
        new = [*write, "A baker finds that bread remembers", "--pages", "6", "--out", book]
        print(f"embedding: {embedding}\n")
        print("| run | s to the first request | CPU s | MB then | MB at the peak so far |")
        print("|---|---|---|---|---|")
        for name, command in (
            ("a new novel", [*new, "--until", "1"]),
            ("one with a scene", [*write, book, "--until", "2"]),
        ):
            seconds, cpu, megabytes, peak = watched(command, server, environ)
            print(f"| {name} | {seconds:.2f} | {cpu:.2f} | {megabytes:.0f} | {peak:.0f} |")


def parts() -> None:
    command = [sys.executable, "-c", _PROBE, json.dumps(PARTS)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print("\n| part | CPU s | MB | MB in all |\n|---|---|---|---|")
    before = 0.0
    for line in said.splitlines():
        name, cpu, size = json.loads(line)
        print(f"| {name} | {cpu:.2f} | {size - before:.0f} | {size:.0f} |")
        before = size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embedding", choices=("hash", "minilm"), default="minilm")
    given = parser.parse_args()
    runs(given.embedding)
    parts()


if __name__ == "__main__":
    main()
