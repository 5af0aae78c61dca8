"""`novelcraft doctor` and `novelcraft context`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run
from tests.fakes.server import FakeServer


def test_a_person_without_a_novel(run: Run, served: Callable[..., FakeServer]) -> None:
    served(models=["another"])
    told = run("doctor")
    assert told.code == 1
    assert "!!  role narrator: " in told.out
    assert "does not serve the model 'fake-model'" in told.out
    assert "      Set [roles.narrator] model" in told.out


def test_a_novel_and_its_coming_scenes(
    run: Run, served: Callable[..., FakeServer], here: Path
) -> None:
    served()
    assert run("write", "The sea", "--pages", "4", "--out", "n", "--until", "1", "-q").code == 0
    told = run("doctor", "n")
    assert told.code == 0
    assert "ok  chain: 1 scene, all as they were stored" in told.out
    told = run("context", "n")
    assert told.code == 0
    assert "All fit its context of 8,192" in told.out


def test_no_novel_there(run: Run, here: Path) -> None:
    assert run("doctor", "nowhere").code == run("context", "nowhere").code == 21
