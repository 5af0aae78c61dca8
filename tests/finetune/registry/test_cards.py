"""Cards stand for the weights that they were written for, and say what is known of them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from novelcraft.errors import AdapterError
from novelcraft.finetune.adapters import fingerprint
from novelcraft.finetune.adapters.fingerprint import weights_hash
from novelcraft.finetune.registry.cards import (
    CARD_FILE,
    README_FILE,
    find_adapters,
    register,
    stored_gate_result,
)
from novelcraft.finetune.settings.config import TrainConfig
from novelcraft.finetune.settings.start_adapter import start_marks
from novelcraft.state.evaluation import AdapterCard, StyleReport
from novelcraft.state.rows import BookRows, ThinkNote
from tests.finetune.adapters.test_folder import adapter as bare_adapter
from tests.finetune.cards import RECITES, evaluation, keep, side, trained
from tests.tools.books.cards import manifest


def swap(adapter: Path) -> None:
    """Other weights of the same size, with the times of those that were there."""
    file = adapter / "adapter_model.safetensors"
    times = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def front_matter(adapter: Path) -> dict[str, Any]:
    text = (adapter / README_FILE).read_text(encoding="utf-8")
    read = YAML(typ="safe", pure=True).load(StringIO(text.split("---\n")[1]))
    assert isinstance(read, dict)
    return read


def test_a_card_says_where_the_adapter_comes_from(tmp_path: Path) -> None:
    adapter = trained(tmp_path / "mine")
    card = register(
        adapter,
        evaluation=evaluation(adapter),
        base_licence="apache-2.0",
        books_licence="public domain",
    )
    assert AdapterCard.model_validate_json((adapter / CARD_FILE).read_bytes()) == card
    assert (card.name, card.base_model, card.step) == ("mine", "owner/base", 12)
    assert card.adapter_sha256 == weights_hash(adapter)
    assert (card.gate.verdict, card.perplexity_tuned, card.style_tuned) == ("passed", 20.25, 63.6)
    assert card.config["lora_r"] == 16
    front = front_matter(adapter)
    assert front["base_model"] == "owner/base"
    assert front["library_name"] == "peft"
    assert front["license"] == "apache-2.0"
    assert "lora" in front["tags"]
    text = (adapter / README_FILE).read_text(encoding="utf-8")
    for told in ("It passed the gate", "| 30.50 | 20.25 |", "Books: public domain", card.data_hash):
        assert told in text


def test_a_card_has_no_row_for_what_was_not_measured(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    style = StyleReport(base=side(None), tuned=side(None), books=side(None))
    keep(adapter, evaluation(adapter, style=style))
    register(adapter)
    text = (adapter / README_FILE).read_text(encoding="utf-8")
    assert "perplexity, validation" in text
    assert "style score" not in text
    assert "| max_steps | 0 |" in text


def test_books_are_those_of_the_manifest_of_the_same_rows(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    assert register(adapter).books == ()
    # As rows without a manifest are read.
    think = ThinkNote(block="optional", content="empty", narrator_think=False)
    books = (BookRows(book_id="b", sha256="b", scenes=9, rows=9, tokens=90),)
    made = manifest(books=books, think=think)
    file = tmp_path / "data" / "manifest.json"
    file.write_text(made.model_dump_json(), encoding="utf-8")
    card = register(adapter)
    assert card.books == ("b",)
    assert card.manifest_hash == hashlib.sha256(file.read_bytes()).hexdigest()
    rows = tmp_path / "data" / "train.jsonl"
    whole = rows.read_text(encoding="utf-8")
    rows.write_text(whole.partition("\n")[2], encoding="utf-8")
    assert register(adapter).books == ()
    # A manifest that cannot be read tells nothing, and is no reason not to register.
    rows.write_text(whole, encoding="utf-8")
    file.write_text("{}", encoding="utf-8")
    assert register(adapter).manifest_hash == ""


def test_a_failing_adapter_is_registered_as_failed(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    keep(adapter, evaluation(adapter, recites=True))
    # What is not given is read from the folder: registering again does not wash it clean.
    card = register(adapter)
    assert card.gate.verdict == "failed"
    text = (adapter / README_FILE).read_text(encoding="utf-8")
    assert "It failed the gate" in text
    assert RECITES in text
    (found,) = find_adapters(tmp_path)
    assert (found.verdict, found.reasons) == ("failed", card.gate.reasons)


def test_a_few_words_do_not_take_a_failure_back(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    keep(adapter, evaluation(adapter, recites=True))
    failed = register(adapter).gate
    clean = evaluation(adapter)
    few = clean.memory.model_copy(update={"words": 2_100})
    keep(adapter, clean.model_copy(update={"memory": few}))
    assert stored_gate_result(adapter).verdict == "failed"
    card = register(adapter)
    assert (card.gate.verdict, card.gate.reasons[0]) == ("failed", failed.reasons[0])
    assert "until an evaluation passes" in (adapter / README_FILE).read_text(encoding="utf-8")
    (adapter / "evaluation.json").unlink()
    assert register(adapter).gate == stored_gate_result(adapter) == card.gate
    keep(adapter, clean)
    assert stored_gate_result(adapter).verdict == register(adapter).gate.verdict == "passed"
    # Other weights have nothing to answer for.
    keep(adapter, evaluation(adapter, recites=True))
    register(adapter)
    swap(adapter)
    assert register(adapter).gate.verdict == "not_evaluated"


def test_what_an_adapter_learnt_before_is_not_washed_off(tmp_path: Path) -> None:
    """An adapter that goes on from one that recites its books, on other books."""
    first, adapter = trained(tmp_path / "first"), trained(tmp_path / "second")
    file = adapter / "training.json"
    training = json.loads(file.read_text(encoding="utf-8"))
    rows = training["data_hash"]
    on = TrainConfig(**training["config"] | {"start_adapter": str(first)})
    assert start_marks(on, rows)["earlier_rows"] == []
    other = "1" * 64
    before = json.loads((first / "training.json").read_text(encoding="utf-8"))
    (first / "training.json").write_text(json.dumps(before | {"data_hash": other}), "utf-8")
    marks = start_marks(on, rows)
    assert marks == {"start_sha256": weights_hash(first), "earlier_rows": [other]}
    file.write_text(json.dumps(training | marks), encoding="utf-8")
    keep(adapter, evaluation(adapter))
    assert stored_gate_result(adapter).verdict == "not_evaluated"
    assert register(adapter).gate.verdict == "not_evaluated"


def test_an_evaluation_of_other_weights_counts_for_nothing(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    card = register(adapter, evaluation=evaluation(adapter, adapter_sha256="0" * 64))
    assert card.gate.verdict == "not_evaluated"
    assert card.perplexity_tuned is None


def test_swapped_weights_are_noticed(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    register(adapter, name="mine", evaluation=evaluation(adapter), books_licence="mine")
    assert find_adapters(tmp_path)[0].verdict == "passed"
    swap(adapter)
    (found,) = find_adapters(tmp_path)
    assert (found.status, found.verdict, found.name) == ("changed", "not_evaluated", "mine")
    assert "not the file that its card was written for" in found.problem
    # The licence was given for other weights, from other books perhaps.
    assert register(adapter).books_licence == ""


def test_weights_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = trained(tmp_path)
    read: list[Path] = []

    def counted(folder: Path) -> str:
        read.append(folder)
        return weights_hash(folder)

    monkeypatch.setattr(fingerprint, "weights_hash", counted)
    for _ in range(3):
        assert fingerprint.known_weights(adapter) == weights_hash(adapter)
    assert len(read) == 1
    swap(adapter)
    assert fingerprint.known_weights(adapter) == weights_hash(adapter)
    assert len(read) == 2


def test_a_person_is_asked_for_licences_once(tmp_path: Path) -> None:
    adapter = trained(tmp_path / "run")
    register(adapter, name="Austen", base_licence="mit", books_licence="CC0")
    card = register(adapter, evaluation=evaluation(adapter))
    assert (card.name, card.base_licence, card.books_licence) == ("Austen", "mit", "CC0")
    training = json.loads((adapter / "training.json").read_text(encoding="utf-8"))
    training["config"]["books_licence"] = "CC-BY"
    (adapter / "training.json").write_text(json.dumps(training), encoding="utf-8")
    assert register(adapter).books_licence == "CC0"
    (adapter / CARD_FILE).unlink()
    assert register(adapter).books_licence == "CC-BY"


@pytest.mark.parametrize(
    ("front", "licence"),
    [
        ("license: apache-2.0", "apache-2.0"),
        ("license: other\nlicense_name: llama3.1", "llama3.1"),
        ("license: [mit, apache-2.0]", "mit, apache-2.0"),
        ("tags: [a", ""),
        ("- a list", ""),
    ],
)
def test_the_base_says_its_licence(tmp_path: Path, front: str, licence: str) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "README.md").write_text(f"---\n{front}\n---\n# A base\n", encoding="utf-8")
    adapter = trained(tmp_path / "run")
    bare_adapter(adapter, base_model_name_or_path=str(base))
    assert register(adapter).base_licence == licence


def test_all_adapters_are_found_whatever_their_state(tmp_path: Path) -> None:
    root = tmp_path / "adapters"
    good, broken, plain = (trained(root / name) for name in ("a", "b", "c"))
    register(good, evaluation=evaluation(good))
    register(broken)
    (broken / CARD_FILE).write_text('{"version": 1', encoding="utf-8")
    shutil.copytree(plain, root / "c" / "checkpoints" / "step-000004")
    converted = shutil.copytree(plain, root / "c" / "vllm")
    (converted / "origin.json").write_text("{}", encoding="utf-8")
    deep = root / "1" / "2" / "3" / "4" / "5"
    deep.mkdir(parents=True)
    bare_adapter(deep / "adapter")
    found = find_adapters(root)
    assert [(f.folder, f.status) for f in found] == [
        (good, "registered"),
        (broken, "damaged"),
        (plain, "unregistered"),
    ]
    assert str(broken / CARD_FILE) in found[1].problem
    assert find_adapters(tmp_path / "nowhere") == []


def test_an_adapter_without_weights_is_damaged(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    register(adapter)
    (adapter / "adapter_model.safetensors").unlink()
    (found,) = find_adapters(tmp_path)
    assert found.status == "damaged"
    assert "adapter_model.safetensors" in found.problem


def test_an_adapter_of_another_trainer_has_no_card(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="does not say how the adapter was trained"):
        register(bare_adapter(tmp_path))
    assert not (tmp_path / CARD_FILE).exists()


def test_a_folder_that_cannot_be_written_is_read_each_time(tmp_path: Path) -> None:
    adapter = trained(tmp_path)
    (adapter / fingerprint.CACHE_FILE).mkdir()
    assert fingerprint.known_weights(adapter) == weights_hash(adapter)
