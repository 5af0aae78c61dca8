"""The program as a whole: help, versions, exit codes, and how it says that something is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from novelcraft import __version__
from novelcraft.cli import main
from novelcraft.errors import PremiseError
from tests.cli.conftest import Run

VERBS = [
    "write",
    "new",
    "show",
    "log",
    "export",
    "fork",
    "edit",
    "redraw",
    "exempt",
    "verify",
    "model",
    "serve",
    "status",
    "doctor",
    "context",
]


def test_version(run: Run) -> None:
    assert run("--version").out == f"novelcraft {__version__}\n"


def test_help_names_every_verb(run: Run) -> None:
    told = run("--help")
    assert told.code == 0
    for verb in VERBS:
        assert f" {verb} " in told.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(run: Run, verb: str) -> None:
    told = run(verb, "--help")
    assert told.code == 0
    assert f"Usage: novelcraft {verb}" in told.out


@pytest.mark.parametrize(
    "arguments",
    [["wrote"], ["write"], ["write", "A b c", "--page", "3"], ["fork", "x"], ["show", "x", "y"]],
)
def test_a_wrong_command_line(run: Run, arguments: list[str]) -> None:
    told = run(*arguments)
    assert told.code == 2
    assert "Usage:" in told.err


def test_an_error_is_a_message_a_fix_and_a_code(run: Run) -> None:
    told = run("write", "")
    assert told.code == PremiseError.exit_code
    assert told.err.startswith("Error: The premise is empty.\n  Say in a sentence")
    assert "Traceback" not in told.err
    assert told.out == ""


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVELCRAFT_DEBUG", "1")
    with pytest.raises(PremiseError):
        main(["write", ""])


def test_it_runs_as_a_module_and_gives_its_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "novelcraft", "write", "no-such-novel"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == PremiseError.exit_code
    assert done.stderr.startswith("Error: no-such-novel: there is no such file or folder.\n")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """As in `novelcraft model list | head -n 0`."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "NOVELCRAFT_CACHE": str(tmp_path)}
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "novelcraft", "model", "list"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment,
        )
    assert done.stderr == ""


def test_models_are_listed_with_their_size(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run("model", "list")
    assert told.code == 0
    assert "smollm2-135m" in told.out
    assert "GB" in told.out


def test_a_model_of_ones_own_is_pulled_by_its_path(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOVELCRAFT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "Mine.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    assert run("model", "pull", path).out.endswith("mine.gguf\n")
    assert "* mine" in run("model", "list").out


def test_a_model_that_is_no_gguf(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVELCRAFT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"safetensors")
    told = run("model", "pull", path)
    assert told.code == 38
    assert "is not a GGUF file" in told.err
