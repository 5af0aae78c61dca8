"""Novelscribe beside this program, on the same server, in one run.

    python -m venv /tmp/novelscribe && /tmp/novelscribe/bin/pip install novelscribe==7.5.2
    python -m benchmarks.peers --novelscribe /tmp/novelscribe [--chapters 10]

Both write about as many words against the fake server, which answers at once, each as a process of
its own. Prints what each took of calls, tokens (the server's count), processor and clock, by the
words of its book; calls and seconds are for 1,000 of them.

The command `scribe` of that release does not start (`core.persona` is not in the package), so what
it would run is run as a library: the whole of its autonomous pipeline, which writes one chapter,
and its workflow for a chapter again for each further one. Its words are those of its last agent for
a chapter. The server gives its chapters the 3,000 words that its prompts ask for on average, and
what it asks for beside them a short answer.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fakes import script as s
from tests.fakes import tokens
from tests.fakes.chat import Answer, ChatRequest, Exchange
from tests.fakes.prose import Novelist
from tests.fakes.server import FakeServer

CHAPTER_WORDS = 3_000
SYSTEM_WORDS = 20
WORDS_PER_PAGE = 275
_DRAFT, _FINAL, _SYSTEM = "# Writer Agent", "# Humanizer Agent", "You are a system agent"
_NOVELSCRIBE = """
import sys
from pathlib import Path
from core.orchestration.autonomous import AutonomousConfig, AutonomousExecutor
config = AutonomousConfig(novel_name="novel", human_in_loop=False, project_lang="en")
executor = AutonomousExecutor(config=config, storage_path=Path(".novels"))
assert executor.execute().success
for chapter in range(2, int(sys.argv[1]) + 1):
    executor.workflow_executor.execute_workflow(
        workflow_name="writing_phase",
        novel_name="novel",
        variables={"project_name": "novel", "chapter_number": chapter},
        config=executor.llm_config.model_dump(),
    )
"""


@dataclass
class Took:
    """What a book took."""

    words: int
    calls: list[Exchange]
    seconds: float
    cpu: float


def run(
    command: Sequence[str | Path], cwd: Path, environ: Mapping[str, str]
) -> tuple[float, float]:
    """Seconds of a command by the clock, and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2_000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, used


def novelscribe(venv: Path, chapters: int, folder: Path) -> Took:
    python = venv.absolute() / "bin" / "python"
    where = [python, "-c", "import agents; print(agents.__path__[0])"]
    package = Path(subprocess.check_output(where, text=True).strip()).parent
    (folder / ".novels" / "novel").mkdir(parents=True)
    for needed in ("agents", "workflows"):
        (folder / needed).symlink_to(package / needed)
    with FakeServer(context=32_768, script=_as_asked()) as server:
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "OPENAI_API_KEY": "sk-none"}
        environ["OPENAI_API_BASE"] = server.base_url
        seconds, cpu = run([python, "-c", _NOVELSCRIBE, str(chapters)], folder, environ)
        exchanges = list(server.exchanges)
    final = [e for e in exchanges if _FINAL in e.request.prompt]
    return Took(sum(len(e.sent.split()) for e in final), exchanges, seconds, cpu)


def _as_asked() -> s.Script:
    made = s.Script()
    made.on(lambda r: _DRAFT in r.prompt or _FINAL in r.prompt, _of(CHAPTER_WORDS))
    made.on(lambda r: _SYSTEM in r.prompt, _of(SYSTEM_WORDS))
    return made


def _of(words: int) -> s.Effect:
    def answer(request: ChatRequest, _plain: Answer) -> Answer:
        return Answer(Novelist(f"{request.key}{request.number}", []).write(words, ""))

    return answer


def novelcraft(pages: int, folder: Path) -> Took:
    (folder / "config.toml").touch()
    with FakeServer(context=32_768) as server:
        environ = {**os.environ, "NOVELCRAFT_CONFIG": str(folder / "config.toml")}
        for role in ("REASONING", "NARRATOR"):
            environ |= {role: "openai:fake-model", f"{role}_BASE_URL": server.base_url}
        command = [
            sys.executable,
            "-m",
            "novelcraft",
            "write",
            "A baker finds that bread remembers",
        ]
        command += ["--pages", str(pages), "--out", "book"]
        seconds, cpu = run(command, folder, environ)
        exchanges = list(server.exchanges)
    book = (folder / "book" / "manuscript.md").read_text(encoding="utf-8")
    return Took(len(book.split()), exchanges, seconds, cpu)


def row(name: str, took: Took) -> str:
    read = sum(e.request.prompt_tokens for e in took.calls)
    wrote = sum(len(tokens.pieces(e.sent)) for e in took.calls)
    thousands = took.words / 1_000
    cells = [
        name,
        f"{took.words:,}",
        f"{len(took.calls) / thousands:.1f}",
        f"{wrote / took.words:.2f}",
        f"{read / took.words:.2f}",
        f"{took.cpu / thousands:.2f}",
        f"{took.seconds / thousands:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Novelscribe beside this program.")
    parser.add_argument("--novelscribe", type=Path, required=True, metavar="VENV")
    parser.add_argument("--chapters", type=int, default=10, help="of 3,000 words")
    given = parser.parse_args()
    print("| | words | calls | tokens out a word | in a word | CPU s | s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as theirs, tempfile.TemporaryDirectory() as ours:
        pages = round(given.chapters * CHAPTER_WORDS / WORDS_PER_PAGE)
        print(row("novelcraft", novelcraft(pages, Path(ours))), flush=True)
        took = novelscribe(given.novelscribe, given.chapters, Path(theirs))
        print(row("novelscribe 7.5.2", took), flush=True)
        chapters = [e for e in took.calls if _DRAFT in e.request.prompt]
        same = len(chapters) - len({e.request.prompt for e in chapters})
        print(f"\nOf its {len(chapters)} prompts for a chapter {same} were sent before.")


if __name__ == "__main__":
    main()
