"""`novelcraft train` where nothing is trained: plans, previews and wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders

from novelcraft.errors import InputError
from tests.cli.conftest import Run
from tests.cli.test_prep import BUDGET
from tests.finetune.marks import MISSING
from tests.graphs.prep.conftest import novel
from tests.tools.books.bases import CHATML, tokenizer
from tests.tools.models.embedded.test_vocabulary import trained, write_gguf

SHAPE = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 700,
    "tie_word_embeddings": True,
}


@pytest.fixture
def data(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with rows for a base model beside it, by the names `data` and `base`."""
    (here / "base").mkdir()
    made = Tokenizer.from_str(tokenizer().to_str())
    made.decoder = decoders.ByteLevel()
    made.save(str(here / "base" / "tokenizer.json"))
    (here / "base" / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    (here / "base" / "config.json").write_text(json.dumps(SHAPE), encoding="utf-8")
    (here / "config.toml").write_text(BUDGET, encoding="utf-8")
    monkeypatch.setenv("NOVELCRAFT_CONFIG", str(here / "config.toml"))
    (here / "The Book.md").write_text(novel("book", 5), encoding="utf-8")
    assert run("prep", "The Book.md", "--no-models", "--quiet").code == 0
    return here / "data"


def test_a_plan(run: Run, data: Path) -> None:
    told = run("train", "--data", data, "--base", "base", "--plan", "--gpu", "RTX 4090")
    assert told.code == 0, told.err
    assert "It fits: RTX 4090, 25.8 GB." in told.out
    rows = (data / "rows" / "train.jsonl").read_text("utf-8").splitlines()
    assert f"{len(rows)}\n" in told.out.partition("  rows")[2]


def test_a_plan_that_does_not_fit_says_what_to_change(run: Run, data: Path) -> None:
    told = run(
        "train", "--data", data, "--base", "meta-llama/Llama-3.3-70B-Instruct", "--plan",
        "--gpu", "RTX 3060",
    )  # fmt: skip
    assert told.code == 0
    assert "It does not fit: RTX 3060" in told.out
    assert "What would take less:" in told.out


def test_a_preview_shows_what_is_learnt(run: Run, data: Path) -> None:
    told = run("train", "--data", data, "--base", "base", "--preview")
    assert told.code == 0, told.err
    row = json.loads((data / "rows" / "train.jsonl").read_text("utf-8").splitlines()[0])
    assert f"{row['row_id']}: {row['tokens']} tokens, {row['completion_tokens']} learnt" in told.out
    assert "<|im_start|>assistant" in told.out


def test_a_folder_in_the_place_of_the_settings_is_the_data(run: Run, data: Path) -> None:
    wanted = run("train", "--data", data, "--base", "base", "--preview")
    assert run("train", data, "--base", "base", "--preview").out == wanted.out
    # The base is the one that the rows were made for.
    told = run("train", "--preview", data)
    assert told.code == 0, told.err
    assert told.out == wanted.out
    assert "The base is base, which" in told.err
    assert run("train", "--preview", data / "rows").out == wanted.out
    told = run("train", "--plan", data, "--gpu", "RTX 4090")
    assert told.code == 0, told.err
    assert "It fits" in told.out


@pytest.mark.parametrize("base", ["", "./moved"])
def test_a_base_that_the_rows_do_not_name_has_to_be_given(run: Run, data: Path, base: str) -> None:
    file = data / "rows" / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    manifest["settings"]["base_model"] = base
    file.write_text(json.dumps(manifest), encoding="utf-8")
    for asked in ("--preview", "--plan"):
        told = run("train", asked, data)
        assert told.code == InputError.exit_code
        assert "--base is missing" in told.err
    file.unlink()
    assert "--base is missing" in run("train", "--preview", data).err


def test_rows_with_the_tokens_of_an_embedded_model_are_shown(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = data / "rows" / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    manifest["settings"]["base_model"], manifest["tokenizer"]["name"] = "", "mine"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    monkeypatch.setenv("NOVELCRAFT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "models").mkdir(parents=True)
    write_gguf(tmp_path / "cache" / "models" / "mine.gguf", trained("gpt-2"), pre="gpt-2")
    told = run("train", "--preview", data)
    assert told.code == 0, told.err
    assert "learnt" in told.out
    told = run("train", "--plan", data)
    assert "--base is missing" in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 10, "--data and --base is missing"),
        (["--data", "data"], 10, "--base is missing"),
        (["--data", "nowhere", "--base", "base", "--plan"], 62, "nowhere has no rows to train on"),
        (["--data", "data", "--base", "Nobody/Nothing", "--plan"], 11, "Nobody/Nothing"),
        (["--data", "data", "--base", "base", "--plan", "--gpu", "abacus"], 11, "'abacus'"),
        (["data"], 10, "--base is missing"),
        (["base", "--preview"], 62, "base has no rows to train on"),
        (["data", "--data", "data", "--base", "base"], 10, "one data folder to a run"),
        (["no.yaml"], 11, "no.yaml: there is no such file"),
        (["run.yaml"], 11, "run.yaml: line 2: lora_rank: there is no such setting"),
    ],
)
def test_wrong_input(
    run: Run, data: Path, here: Path, arguments: list[str], code: int, words: str
) -> None:
    (here / "run.yaml").write_text("base_model: base\nlora_rank: 8\n", encoding="utf-8")
    told = run("train", *arguments)
    assert words in told.err
    assert told.code == code


@pytest.mark.skipif(not MISSING, reason="the training stack is installed")
def test_without_the_stack_nothing_is_begun(run: Run, data: Path, here: Path) -> None:
    told = run("train", "--data", "data", "--base", "base", "--books", "The Book.md", "--no-eval")
    assert told.code == 61
    assert "pip install novelcraft[train]" in told.err
    assert not (here / "adapters").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--plan", "--preview"], "--plan and --preview"),
        (["--plan", "--books", "x.epub"], "--plan and --books"),
        (["--preview", "--resume"], "--preview and --resume"),
        (["--gpu", "RTX 4090"], "--plan is missing"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(
    run: Run, here: Path, options: list[str], named: str
) -> None:
    told = run("train", "--data", "data", "--base", "base", *options)
    assert told.code == InputError.exit_code
    assert named in told.err
