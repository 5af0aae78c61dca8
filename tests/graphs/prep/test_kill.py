"""The real program, killed with SIGKILL at many points and started again by the same command."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from novelcraft.config.names import variables
from novelcraft.tools.canon.call_store import CallStore
from tests.fakes import script as s
from tests.fakes.killer import Killer
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import novel

MOST_LAPS = 60
MOMENTS = ("start", "before", "after")
PRODUCTS = ("md_raw", "md_clean", "json_base", "json_scenes", "rows")


@dataclass
class Program:
    """`novelcraft prep`, always the same command, on one folder."""

    folder: Path
    base_url: str
    base: Path
    home: Path

    def start(self) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if k not in variables()}
        for role in ("REASONING", "NARRATOR"):
            environment[role] = "openai:fake-model"
            environment[f"{role}_BASE_URL"] = self.base_url
        budget = {"SYSTEM": 150, "WORLD": 150, "SUMMARY": 150, "BRIEF": 80, "SPARE": 60}
        environment |= {
            "NOVELCRAFT_CONFIG": str(self.home / "config.toml"),
            "NOVELCRAFT_WRITE_PRESET": "small",
            "NOVELCRAFT_PREP_EMBEDDING": "hash",
            "NOVELCRAFT_PREP_SCENE_LOW": "1000",
            "NOVELCRAFT_PREP_SCENE_HIGH": "1500",
            "NOVELCRAFT_PREP_MAX_ROW_TOKENS": "2500",
            **{f"NOVELCRAFT_PREP_BUDGET_{name}": str(n) for name, n in budget.items()},
        }
        command = [sys.executable, "-c", "from novelcraft.cli import main; main()", "prep"]
        command += [str(self.home / "books"), "--base", str(self.base), "--out", str(self.folder)]
        with (self.home / "program.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    @property
    def log(self) -> str:
        return (self.home / "program.log").read_text(encoding="utf-8")

    @property
    def products(self) -> dict[str, bytes]:
        found = (p for name in PRODUCTS for p in sorted((self.folder / name).glob("*")))
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in found}

    @property
    def finished_calls(self) -> set[tuple[str, str]]:
        if not (self.folder / "prep.db").exists():
            return set()
        with CallStore(self.folder / "prep.db") as log:
            return {_told(r.messages[-1].content, r.seed) for r in log.calls() if r.outcome == "ok"}


def _told(content: str, seed: object) -> tuple[str, str]:
    return content, str(seed)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_program_ends_with_the_same_rows(tmp_path: Path, base: Path, seed: int) -> None:
    (tmp_path / "config.toml").touch()
    (tmp_path / "books").mkdir()
    for number in (1, 2):
        (tmp_path / "books" / f"Book {number}.md").write_text(novel(f"book {number}"), "utf-8")
    with FakeServer() as server:
        calm = Program(tmp_path / "calm", server.base_url, base, tmp_path)
        assert calm.start().wait() == 0, calm.log

    killer = Killer(random.Random(seed), MOMENTS, most_calls=16, start=3.0, after=(0.03, 0.5))
    script = s.Script()
    script.on(killer.due, killer.strike)
    with FakeServer(script=script) as server:
        program = Program(tmp_path / "killed", server.base_url, base, tmp_path)
        for _ in range(MOST_LAPS):
            finished, seen = program.finished_calls, len(server.requests)
            victim = program.start()
            killer.aim(victim)
            code = victim.wait()
            assert code in (0, -9), program.log
            made = {_told(r.user, r.seed) for r in server.requests[seen:]}
            assert not made & finished, "a finished call was made again"
            if code == 0:
                break
        else:
            pytest.fail(f"not finished after {MOST_LAPS} kills")
        assert set(killer.kills) == set(MOMENTS)
        assert program.products == calm.products
        calls = len(server.requests)
        assert program.start().wait() == 0, program.log
        assert len(server.requests) == calls
        assert program.products == calm.products
