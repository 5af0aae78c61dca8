"""Running the program inside the test's process, as a person would from a shell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from novelcraft.cli import main
from novelcraft.config.names import variables
from tests.cli.writing import Start, Writing
from tests.fakes import script as s
from tests.fakes.server import FakeServer


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def plain_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No settings of the machine that runs the tests: an empty user file, no variables."""
    empty = tmp_path_factory.mktemp("user") / "config.toml"
    empty.write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in (*variables(), "NOVELCRAFT_DEBUG"):
            patch.delenv(name, raising=False)
        patch.setenv("NOVELCRAFT_CONFIG", str(empty))
        patch.setenv("COLUMNS", "200")
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program with arguments, and gives its exit code and what it printed."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Outcome(code or 0, said.out, said.err)

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def served(
    serve: Callable[..., FakeServer], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., FakeServer]:
    """Starts a fake server and points all roles at it, as a person would by the environment."""

    def start(**options: object) -> FakeServer:
        server = serve(**options)
        point_roles_at(server, monkeypatch)
        return server

    return start


def point_roles_at(server: FakeServer, patch: pytest.MonkeyPatch) -> None:
    """Set the environment so that the roles use that server."""
    for role in ("REASONING", "NARRATOR"):
        patch.setenv(role, "openai:fake-model")
        patch.setenv(f"{role}_BASE_URL", server.base_url)
    patch.setenv("NOVELCRAFT_WRITE_EMBEDDING", "hash")
    patch.setenv("NOVELCRAFT_WRITE_PRESET", "small")


@pytest.fixture
def start(here: Path) -> Iterator[Start]:
    with_closing: list[Writing] = []

    def begin(*options: object) -> Writing:
        with_closing.append(Writing(here / "n", *options))
        return with_closing[-1]

    yield begin
    for writing in with_closing:
        writing.close()


@pytest.fixture
def novelist(served: Callable[..., FakeServer], monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    for name, value in (("PRESET", "small"), ("SCENE_WORDS", "120"), ("EMBEDDING", "hash")):
        monkeypatch.setenv(f"NOVELCRAFT_WRITE_{name}", value)
    script = s.Script()
    script.on(s.prose, s.pace(0.01))
    return served(script=script)
