"""`novelcraft adapter`: what is known of adapters, and what is made of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from novelcraft.finetune.registry.cards import CARD_FILE, register
from novelcraft.state.evaluation import AdapterCard
from tests.cli.conftest import Run
from tests.finetune.cards import RECITES, evaluation, keep, trained
from tests.finetune.marks import MISSING
from tests.finetune.registry.test_cards import swap


@pytest.fixture
def shelf(here: Path) -> Path:
    """Adapters in every state, in `adapters` below the current folder."""
    folder = here / "adapters"
    for name, recites in (("austen", False), ("poe", True)):
        adapter = trained(folder / name)
        register(adapter, evaluation=evaluation(adapter, recites=recites))
    trained(folder / "raw")
    swapped = trained(folder / "swapped")
    register(swapped, evaluation=evaluation(swapped))
    swap(swapped)
    torn = trained(folder / "torn")
    (torn / CARD_FILE).write_text("{", encoding="utf-8")
    return folder


def test_a_list_of_adapters(run: Run, shelf: Path) -> None:
    told = run("adapter", "list")
    assert told.code == 0, told.err
    lines = told.out.splitlines()
    assert lines[0].split() == ["name", "base", "gate", "perplexity", "style", "created"]
    (austen,) = [line for line in lines if line.startswith("austen")]
    assert austen.split()[1:9] == ["owner/base", "passed", "30.50", "→", "20.25", "21", "→", "64"]
    for name, state in (
        ("poe", "failed"),
        ("raw", "not registered"),
        ("swapped", "unknown"),
        ("torn", "damaged"),
    ):
        (line,) = [line for line in lines if line.startswith(name)]
        assert state in line
    assert f"{Path('adapters/torn/adapter') / CARD_FILE} cannot be read" in told.out
    assert "is not the file that its card was written for" in told.out


def test_a_list_for_programs(run: Run, shelf: Path) -> None:
    told = run("adapter", "list", shelf, "--json")
    entries = {entry["name"]: entry for entry in json.loads(told.out)}
    assert {name: entry["verdict"] for name, entry in entries.items()} == {
        "austen": "passed",
        "poe": "failed",
        "raw": "not_evaluated",
        "swapped": "not_evaluated",
        "torn": "not_evaluated",
    }
    assert entries["poe"]["reasons"][0].startswith(RECITES)
    assert AdapterCard.model_validate(entries["austen"]["card"]).name == "austen"
    assert entries["raw"]["card"] is None


def test_no_adapters(run: Run, here: Path) -> None:
    told = run("adapter", "list")
    assert (told.code, told.out) == (0, "There are no adapters in adapters.\n")
    assert json.loads(run("adapter", "list", "--json").out) == []


def test_an_evaluation_is_used_again(run: Run, here: Path) -> None:
    adapter = trained(here / "mine")
    keep(adapter, evaluation(adapter))
    told = run("adapter", "eval", "mine", "--name", "Mine", "--licence", "CC0")
    assert told.code == 0, told.err
    assert "evaluated already" in told.err
    assert told.out.splitlines()[-2:] == [
        "mine/adapter/report.html",
        "Mine: It passed the gate: it does not recite its training books.",
    ]
    assert (adapter / "report.html").is_file()
    card = AdapterCard.model_validate_json((adapter / CARD_FILE).read_bytes())
    assert (card.name, card.books_licence, card.gate.verdict) == ("Mine", "CC0", "passed")


def test_a_failed_gate_has_an_exit_code_of_its_own(run: Run, here: Path) -> None:
    adapter = trained(here / "mine")
    keep(adapter, evaluation(adapter, recites=True))
    told = run("adapter", "eval", adapter)
    assert told.code == 68
    assert told.out.splitlines()[-1] == "mine: It did not pass the gate."
    assert RECITES in " ".join(told.out.split())
    card = AdapterCard.model_validate_json((adapter / CARD_FILE).read_bytes())
    assert card.gate.verdict == "failed"


def test_an_evaluation_that_cannot_be_done(run: Run, here: Path) -> None:
    """The process that evaluates says why, whether or not the training stack is there."""
    adapter = trained(here / "mine")
    (here / "mine/data/train.jsonl").write_text("{}\n", encoding="utf-8")
    told = run("adapter", "eval", "mine", "--quiet")
    assert told.code == 62
    assert "are not those that" in told.err
    # What is damaged is not used again.
    (adapter / "evaluation.json").write_text("{", encoding="utf-8")
    assert run("adapter", "eval", "mine", "--quiet").code == 62
    assert not (adapter / CARD_FILE).exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["eval", "nowhere"], 65, "nowhere holds no adapter"),
        (["eval", "mine", "--words", "5"], 2, "--words"),
        (["merge", "nowhere", "--out", "x"], 65, "nowhere holds no adapter"),
        (["convert", "mine", "--to", "vllm"], 10, "--out DIR"),
        (["convert", "mine", "--to", "onnx"], 2, "onnx"),
        (["verify", "mine"], 10, "There is nothing to verify"),
        (["verify", "mine", "--merged", "x", "--vllm", "y"], 10, "One thing is verified"),
        (["verify", "mine", "--gguf", "a.gguf"], 10, "--model BASE.gguf"),
        (["verify", "mine", "--vllm", "nowhere"], 10, "nowhere is neither a folder nor a URL"),
        (["verify", "mine", "--vllm", "http://127.0.0.1:9"], 10, "--name NAME"),
    ],
)
def test_wrong_input(run: Run, here: Path, arguments: list[str], code: int, words: str) -> None:
    trained(here / "mine")
    told = run("adapter", *arguments)
    assert told.code == code
    assert words in told.err


@pytest.mark.skipif(not MISSING, reason="the training stack is there")
@pytest.mark.parametrize(
    "arguments",
    [
        ["merge", "mine", "--out", "x"],
        ["convert", "mine", "--to", "gguf"],
        ["verify", "mine", "--merged", "x"],
    ],
)
def test_without_the_training_stack(run: Run, here: Path, arguments: list[str]) -> None:
    trained(here / "mine")
    told = run("adapter", *arguments)
    assert told.code == 61
    assert "pip install novelcraft[train]" in told.err


def test_a_pickle_is_refused(run: Run, here: Path) -> None:
    adapter = trained(here / "mine")
    shutil.move(adapter / "adapter_model.safetensors", adapter / "adapter_model.bin")
    told = run("adapter", "merge", "mine", "--out", "x")
    assert told.code == 65
    assert "as a pickle" in told.err
