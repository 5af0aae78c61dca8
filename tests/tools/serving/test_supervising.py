"""Servers that are started, watched and ended, with a small program in vLLM's place."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from novelcraft.errors import EngineError
from novelcraft.tools.serving.catalog import ServedRole
from novelcraft.tools.serving.compose import compose
from novelcraft.tools.serving.fitting import fit
from novelcraft.tools.serving.planning import plan_servers
from novelcraft.tools.serving.record import RunningServer, ServingRecord
from novelcraft.tools.serving.remedies import KILLED, REMEDIES, find_remedy
from novelcraft.tools.serving.supervising import Supervisor
from tests.tools.serving.machines import BOTH, CATALOG, roomy

FAKE = Path(__file__).with_name("fake_vllm.py")
GPU = roomy(CATALOG.preset("rtx-4090"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def gone(pid: int) -> bool:
    """Whether a process ends within a minute."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with suppress(FileNotFoundError):
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        time.sleep(0.05)
    return False


@pytest.fixture
def executable(tmp_path: Path) -> Path:
    program = tmp_path / "vllm"
    program.write_text(f"#!{sys.executable}\n{FAKE.read_text()}")
    program.chmod(0o755)
    return program


@dataclass
class Supervise:
    """Makes supervisors of servers at free ports, and notes what they tell."""

    folder: Path
    executable: Path
    told: list[str] = field(default_factory=list)

    def __call__(
        self,
        roles: Sequence[ServedRole] = BOTH,
        ports: dict[ServedRole, int] | None = None,
        act: str = "",
        start_timeout: float = 120.0,
    ) -> Supervisor:
        ports = ports or {role: free_port() for role in roles}
        preset = GPU.model_copy(
            update={
                role: GPU.role(role).model_copy(update={"flags": {"port": port}})
                for role, port in ports.items()
            }
        )
        plans = plan_servers(CATALOG, preset, roles)
        commands = compose(fit(plans, preset, CATALOG), preset, self.folder)
        return Supervisor(
            commands,
            self.executable,
            self.folder / "serving",
            self.told.append,
            environ={**os.environ, "FAKE_VLLM": act},
            start_timeout=start_timeout,
        )


@pytest.fixture
def supervise(tmp_path: Path, executable: Path) -> Supervise:
    return Supervise(tmp_path, executable)


def running(tmp_path: Path) -> tuple[RunningServer, ...]:
    return ServingRecord(tmp_path / "serving").read()


def test_servers_run_until_they_are_ended_together(supervise: Supervise, tmp_path: Path) -> None:
    seen: list[RunningServer] = []

    def on_ready() -> None:
        seen.extend(running(tmp_path))
        raise KeyboardInterrupt

    supervise().run(on_ready)
    assert [server.roles for server in seen] in (
        [("reasoning",), ("narrator",)],
        [("narrator",), ("reasoning",)],
    )
    assert {s.model for s in seen} == {"qwen2.5-7b-instruct-awq", "llama-3.1-8b-instruct-awq"}
    assert all(gone(server.pid) for server in seen)
    assert running(tmp_path) == ()
    ready = [line for line in supervise.told if "is ready" in line]
    started = [n for n, line in enumerate(supervise.told) if line.startswith("Starting")]
    assert len(ready) == 2
    # The second starts when the first has taken its memory.
    assert supervise.told.index(ready[0]) < started[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_them_in_order(
    supervise: Supervise, tmp_path: Path, number: signal.Signals
) -> None:
    seen: list[RunningServer] = []

    def on_ready() -> None:
        seen.extend(running(tmp_path))
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    supervise(["narrator"]).run(on_ready)
    assert seen
    assert all(gone(server.pid) for server in seen)
    assert signal.getsignal(number) == before


def test_workers_end_with_their_server(supervise: Supervise, tmp_path: Path) -> None:
    seen: list[int] = []

    def on_ready() -> None:
        log = Path(running(tmp_path)[0].log).read_text()
        seen.append(int(log.rpartition("worker ")[2].split()[0]))
        raise KeyboardInterrupt

    supervise(["narrator"], act="worker").run(on_ready)
    assert gone(seen[0])


def test_a_server_that_dies_at_its_start_is_named_with_its_last_words(
    supervise: Supervise, tmp_path: Path
) -> None:
    words = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"
    with pytest.raises(EngineError, match="ended with status 1") as died:
        supervise(act=f"die:{words}").run(lambda: None)
    assert words in died.value.message
    assert died.value.fix.startswith("Out of memory: ")
    assert running(tmp_path) == ()


def test_the_others_end_when_one_dies_later(supervise: Supervise, tmp_path: Path) -> None:
    seen: list[RunningServer] = []
    words = "CUDA error: an illegal memory access was encountered"
    with pytest.raises(EngineError, match="illegal memory access") as died:
        supervise(act=f"die-later:{words}").run(lambda: seen.extend(running(tmp_path)))
    assert "PIECEWISE" in died.value.fix
    assert all(gone(server.pid) for server in seen)


def test_a_server_that_never_answers(supervise: Supervise) -> None:
    with pytest.raises(EngineError, match=r"did not answer within 1 seconds(?s:.*)fake vllm"):
        supervise(["narrator"], act="silent", start_timeout=1.0).run(lambda: None)


def test_a_port_in_use_is_refused_before_anything_starts(
    supervise: Supervise, tmp_path: Path
) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        ports: dict[ServedRole, int] = {
            "reasoning": free_port(),
            "narrator": listening.getsockname()[1],
        }
        with pytest.raises(EngineError, match=f"Port {ports['narrator']} .* is in use"):
            supervise(ports=ports).run(lambda: None)
    assert supervise.told == []


def test_a_port_of_a_server_of_ours_is_named_with_its_process(
    supervise: Supervise, tmp_path: Path
) -> None:
    ports: dict[ServedRole, int] = {"narrator": free_port()}

    def on_ready() -> None:
        (server,) = running(tmp_path)
        with pytest.raises(EngineError, match=f"process {server.pid}"):
            supervise(["narrator"], ports).run(lambda: None)
        raise KeyboardInterrupt

    supervise(["narrator"], ports).run(on_ready)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")
def test_servers_end_when_what_started_them_is_killed(executable: Path) -> None:
    port = free_port()
    script = (
        "import subprocess, sys, time\n"
        "server = subprocess.Popen([sys.executable, '-m', 'novelcraft.tools.serving.launch', "
        "*sys.argv[1:]], start_new_session=True)\n"
        "print(server.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(executable), "serve", "m", "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    assert "fake vllm" in parent.stdout.readline()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(server)


WORDS = {
    "[Errno 98] error while attempting to bind: address already in use": "port in use",
    "CUDA error: an illegal memory access": "CUDA graphs after an illegal access",
    "ValueError: No available memory for the cache blocks.": "out of memory",
    "1.1 GiB KV cache is needed, which is larger than the available KV cache memory (0.59 GiB)": (
        "out of memory"
    ),
    "ValueError: Free memory on device cuda:0 (3.1/23.6 GiB) on startup is less than desired GPU "
    "memory utilization (0.92, 21.7 GiB).": "memory held by others",
    "OSError: a/b is not a local folder and is not a valid model identifier": "missing weights",
    "RuntimeError: Cannot find any model weights with `/tmp/x`": "missing weights",
    "OSError: You are trying to access a gated repo.": "licence to be accepted",
    "Unknown vLLM environment variable detected: VLLM_X": "variable that vLLM does not know",
    "LoRA rank 64 is greater than max_lora_rank 16.": "adapter larger than allowed",
    "User-specified max_model_len (9000) is greater than the derived max_model_len": (
        "context longer than the model's"
    ),
    "api_server.py: error: unrecognized arguments: --x": "flag that vLLM does not know",
}


@pytest.mark.parametrize(("words", "name"), WORDS.items(), ids=WORDS.values())
def test_last_words_and_what_helps(words: str, name: str) -> None:
    remedy = find_remedy(f"Starting\n{words}\nTraceback (most recent call last):\n", 1)
    assert remedy is not None
    assert remedy.name == name


def test_a_death_without_words() -> None:
    assert find_remedy("", -9) is KILLED
    assert find_remedy("all is well", 1) is None
    assert len({remedy.name for remedy in REMEDIES}) == len(REMEDIES)
