"""The real program, killed with SIGKILL at many points and started again by the same command.

Whatever the moment: nothing accepted is lost, doubled or reordered, no finished model call is
made again, and the book is the one that an uninterrupted run writes, byte for byte.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from novelcraft.config.names import variables
from novelcraft.errors import FlawedBookError
from novelcraft.tools.canon.store import ManuscriptStore
from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.killer import Killer
from tests.fakes.server import FakeServer

PREMISE = "A lighthouse keeper finds that the sea answers letters"
PAGES = 4
MOST_LAPS = 60
FINISHED = FlawedBookError.exit_code
"""The book is whole; one of its scenes loops in every draft, and is kept at the cap."""

Call = tuple[tuple[tuple[str, str], ...], int | None]
"""What a call asked: its messages and seed."""


def some_loop(request: ChatRequest, plain: Answer) -> Answer:
    """A fifth of the narrations, always the same ones, so that there are redrafts too."""
    if s.prose(request) and int(request.key, 16) % 5 == 0:
        return s.loop()(request, plain)
    return plain


MOMENTS = ("start", "before", "within", "after")


@dataclass
class Program:
    """`novelcraft write`, always the same command, on one folder."""

    folder: Path
    base_url: str
    home: Path

    def start(self) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if k not in variables()}
        for role in ("REASONING", "NARRATOR"):
            environment[role] = "openai:fake-model"
            environment[f"{role}_BASE_URL"] = self.base_url
        environment |= {
            "NOVELCRAFT_CONFIG": str(self.home / "config.toml"),
            "NOVELCRAFT_WRITE_PRESET": "small",
            "NOVELCRAFT_WRITE_SCENE_WORDS": "150",
            "NOVELCRAFT_WRITE_EMBEDDING": "hash",
        }
        command = [sys.executable, "-c", "from novelcraft.cli import main; main()"]
        command += ["write", PREMISE, "--pages", str(PAGES), "--out", str(self.folder)]
        log = (self.home / "program.log").open("ab")
        with log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    @property
    def log(self) -> str:
        return (self.home / "program.log").read_text(encoding="utf-8")


@dataclass
class Written:
    """What a novel's folder holds."""

    chain: list[str]
    ok_calls: list[Call]

    @classmethod
    def read(cls, folder: Path) -> Written:
        if not (folder / "novel.db").exists():
            return cls([], [])
        store = ManuscriptStore.open(folder / "novel.db")
        try:
            heads = {branch.name: branch.head for branch in store.branches()}
            calls = [record for record in store.calls() if record.outcome == "ok"]
            return cls(
                [commit.id for commit in store.chain(heads.get("main"))],
                [(tuple((m.role, m.content) for m in c.messages), c.seed) for c in calls],
            )
        finally:
            store.close()


def asked(server: FakeServer) -> list[Call]:
    return [
        (tuple((m["role"], m["content"]) for m in request.messages), request.seed)
        for request in server.requests
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").touch()
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_program_goes_on_as_if_nothing_had_happened(home: Path, seed: int) -> None:
    calm_script = s.Script()
    calm_script.on(s.anything, some_loop)
    with FakeServer(script=calm_script) as server:
        calm = Program(home / "calm", server.base_url, home)
        assert calm.start().wait() == FINISHED, calm.log
        calls_of_a_calm_run = len(server.requests)

    killer = Killer(random.Random(seed), MOMENTS, answer=some_loop)
    script = s.Script()
    script.on(killer.due, killer.strike)
    script.on(s.anything, some_loop)
    with FakeServer(script=script) as server:
        program = Program(home / "killed", server.base_url, home)
        written = Written([], [])
        repeated = 0
        for _ in range(MOST_LAPS):
            before, seen = written, len(server.requests)
            victim = program.start()
            killer.aim(victim)
            code = victim.wait()
            assert code in (FINISHED, -9), program.log
            written = Written.read(program.folder)
            new_calls = asked(server)[seen:]
            assert written.chain[: len(before.chain)] == before.chain
            assert not set(new_calls) & set(before.ok_calls), "a finished call was made again"
            repeated += len(set(new_calls) & set(asked(server)[:seen]))
            if code == FINISHED:
                break
        else:
            pytest.fail(f"not finished after {MOST_LAPS} kills")

    whole = Written.read(calm.folder)
    assert set(killer.kills) == set(MOMENTS)
    assert written.chain == whole.chain
    assert len(written.ok_calls) == len(set(written.ok_calls))
    assert set(written.ok_calls) == set(whole.ok_calls)
    assert repeated <= 4 * len(killer.kills)
    assert len(server.requests) == calls_of_a_calm_run + repeated
    one, other = (folder / "manuscript.md" for folder in (program.folder, calm.folder))
    assert one.read_bytes() == other.read_bytes()
    assert program.start().wait() == FINISHED, program.log
    assert Written.read(program.folder).chain == whole.chain
