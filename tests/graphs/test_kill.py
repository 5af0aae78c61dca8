"""The real program, killed with SIGKILL at many points and started again by the same command.

Whatever the moment: nothing accepted is lost, doubled or reordered, no finished model call is
made again, and the book is the one that an uninterrupted run writes, byte for byte.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fakes import script as s
from tests.fakes.killer import Killer
from tests.fakes.server import FakeServer
from tests.graphs.program import FINISHED, Program, Written, asked, some_loop

MOST_LAPS = 60
MOMENTS = ("start", "before", "within", "after")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").touch()
    return tmp_path


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
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
