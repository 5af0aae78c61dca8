from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import pytest

from novelcraft.errors import EngineError
from novelcraft.tools.models.embedded.engine import MAX_RESTARTS, Engine, EngineSpec
from novelcraft.tools.models.embedded.worker import Launch

HOLD_ENGINE = """
import sys, time
from pathlib import Path
from novelcraft.tools.models.embedded.engine import Engine, EngineSpec
engine = Engine(EngineSpec.of("smollm2-135m", Path(sys.argv[1])))
engine.ensure_running()
print(engine.pid, flush=True)
time.sleep(600)
"""


def until(condition: Callable[[], bool]) -> None:
    """Wait for it; the suite's time limit is the limit."""
    while not condition():
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"


def die(engine: Engine) -> None:
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    until(lambda: not engine.running)


def test_a_launch_survives_its_line() -> None:
    launch = Launch("/m.gguf", "m", "key", 4_096, 2, 2, 256, ("/a.gguf",))
    assert "\n" not in launch.to_json()
    assert Launch.from_json(launch.to_json()) == launch


def test_a_file_that_is_no_model_is_reported_with_the_log(tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + b"\0" * 100)
    engine = Engine(EngineSpec.of("broken", file))
    with pytest.raises(EngineError, match=r"broken .* ended with status") as caught:
        engine.ensure_running()
    assert "last lines of its log" in caught.value.message
    assert "failed to load model" in caught.value.message
    assert not engine.running


def test_a_python_that_cannot_run_it_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.touch()
    with pytest.raises(EngineError, match="ended"):
        Engine(EngineSpec.of("m", file), python="/bin/false").ensure_running()


@pytest.mark.engine
def test_it_serves_under_its_name_to_those_with_the_key(engine: Engine) -> None:
    url = engine.ensure_running()
    assert engine.ensure_running() == url
    assert engine.restarts == 0
    assert httpx.get(f"{url}/models").status_code == 401
    listed = httpx.get(f"{url}/models", headers={"Authorization": f"Bearer {engine.key}"}).json()
    (model,) = listed["data"]
    assert (model["id"], model["owned_by"]) == ("smollm2-135m", "llamacpp")
    assert model["meta"]["n_ctx"] == 4_096
    pid = engine.pid
    assert pid is not None
    engine.stop()
    engine.stop()
    assert not alive(pid)


@pytest.mark.engine
def test_an_adapter_that_cannot_be_loaded_is_reported(weights: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "voice.gguf"
    adapter.write_bytes(b"GGUF")
    engine = Engine(EngineSpec.of("smollm2-135m", weights, adapters=(adapter,)))
    with pytest.raises(EngineError, match=r"with .*voice\.gguf ended with status") as caught:
        engine.ensure_running()
    assert "whether the adapter was trained on this model" in caught.value.fix


@pytest.mark.engine
def test_it_is_started_again_when_it_died_but_not_for_ever(engine: Engine) -> None:
    engine.ensure_running()
    for number in range(1, MAX_RESTARTS + 1):
        die(engine)
        engine.ensure_running()
        assert engine.restarts == number
    die(engine)
    with pytest.raises(EngineError, match=f"died {MAX_RESTARTS + 1} times"):
        engine.ensure_running()


@pytest.mark.engine
def test_it_dies_with_a_parent_that_is_killed(weights: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", HOLD_ENGINE, str(weights)], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    until(lambda: not alive(child))
