"""`novelcraft adapter` with a real adapter: merged, converted, verified, evaluated, and refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from novelcraft.finetune.adapters.origin import read_origin
from novelcraft.finetune.registry.cards import register
from novelcraft.finetune.registry.lookup import find_at
from tests.cli.conftest import Run
from tests.finetune.conftest import tiny_adapter, tiny_base  # noqa: F401
from tests.finetune.marks import TRAINS
from tests.finetune.vllm_server import KEY, vllm_server

pytestmark = TRAINS


@pytest.fixture
def adapter(here: Path, tiny_adapter: Path) -> Path:  # noqa: F811
    """A real adapter as `mine` below the current folder."""
    return Path(shutil.copytree(tiny_adapter, here / "mine" / "adapter"))


def test_merged_and_verified(run: Run, adapter: Path) -> None:
    told = run("adapter", "merge", "mine", "--out", "merged", "--dtype", "bf16")
    assert told.code == 0, told.err
    assert "stored in bf16" in told.out
    assert "mine: The gate has nothing to go by. That goes for the merged model too." in told.out
    assert "nats a token" in told.out
    assert told.out.splitlines()[-1] == "merged"
    assert run("adapter", "verify", "mine", "--merged", "merged").code == 0
    assert run("adapter", "merge", "mine", "--out", "merged").code == 11


def test_converted_for_llama_cpp_and_verified(
    run: Run,
    adapter: Path,
    tiny_base: Path,  # noqa: F811
    here: Path,
) -> None:
    from tests.finetune.tinygguf import write_gguf

    told = run("adapter", "convert", "mine", "--to", "gguf", "--dtype", "f32")
    assert told.code == 0, told.err
    made = here / "mine/adapter/adapter.gguf"
    assert told.out.splitlines()[-1] == "mine/adapter/adapter.gguf"
    model = write_gguf(tiny_base, here / "base.gguf")
    told = run("adapter", "verify", "mine", "--gguf", made, "--model", model)
    assert told.code == 0, told.err
    assert "It is the adapter that was trained" in told.out
    # Wherever the file goes, it says which adapter it is of.
    card = register(adapter)
    moved = made.rename(here / "voice.gguf")
    origin = read_origin(moved)
    assert origin is not None
    assert origin.adapter_sha256 == card.adapter_sha256
    found = find_at(moved, here)
    assert found is not None
    assert found.card == card


def test_converted_for_vllm_and_verified(
    run: Run,
    adapter: Path,
    tiny_base: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.attach import attach
    from novelcraft.finetune.models import ComputeDevice, load_base

    told = run("adapter", "convert", "mine", "--to", "vllm", "--out", "served")
    assert told.code == 0, told.err
    assert run("adapter", "verify", "mine", "--vllm", "served").code == 0
    base = load_base(str(tiny_base), ComputeDevice("cpu", "fp32"))
    made = read_adapter(Path("served"))
    tuned = attach(load_base(str(tiny_base), ComputeDevice("cpu", "fp32")), made)
    monkeypatch.setenv("VLLM_KEY", KEY)
    with vllm_server(base, {"voice": tuned, "bare": base}) as url:
        asked = ("verify", "mine", "--vllm", url.removesuffix("/v1"), "--api-key-env", "VLLM_KEY")
        told = run("adapter", *asked, "--name", "voice")
        assert told.code == 0, told.err
        assert "It is the adapter that was trained" in told.out
        told = run("adapter", *asked, "--name", "bare")
        assert told.code == 65
        assert "is not the adapter that was trained" in told.err


def test_evaluated_and_registered(run: Run, adapter: Path) -> None:
    given = ("--words", "2000", "--no-probes", "--batch", "4", "--quiet")
    told = run("adapter", "eval", "mine", *given)
    # What a model of two layers makes of a handful of rows is anybody's guess.
    assert told.code in (0, 68), told.err
    (entry,) = json.loads(run("adapter", "list", ".", "--json").out)
    assert entry["status"] == "registered"
    assert entry["verdict"] == ("failed" if told.code else "passed")
    assert entry["card"]["perplexity_tuned"] < entry["card"]["perplexity_base"]
    assert (adapter / "report.html").is_file()
    assert told.out.splitlines()[-2] == "mine/adapter/report.html"
    again = run("adapter", "eval", "mine")
    assert again.code == told.code
    assert "evaluated already" in again.err
