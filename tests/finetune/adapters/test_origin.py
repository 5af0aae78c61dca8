"""A merged model says what its adapter had learnt, so that an adapter on top of it knows it too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from novelcraft.finetune.adapters.fingerprint import weights_hash
from novelcraft.finetune.adapters.origin import ORIGIN_FILE, merged_rows
from novelcraft.finetune.adapters.trained import UNKNOWN_ROWS
from novelcraft.finetune.registry.cards import register
from novelcraft.finetune.registry.lookup import origin_of_merged
from novelcraft.finetune.settings.start_adapter import start_marks
from tests.finetune.adapters.test_folder import adapter as bare_adapter
from tests.finetune.cards import evaluation, keep, trained
from tests.finetune.rows import config

EARLIER = "1" * 64


def merged(folder: Path, adapter: Path, base: str = "owner/base") -> Path:
    """A merged model as far as it says what it was made of."""
    folder.mkdir()
    said = origin_of_merged(adapter, base).model_dump_json()
    (folder / ORIGIN_FILE).write_text(said, encoding="utf-8")
    return folder


def test_what_a_merged_base_learnt_counts_as_learnt_before(tmp_path: Path) -> None:
    adapter = trained(tmp_path / "first")
    file = adapter / "training.json"
    training = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(training | {"earlier_rows": [EARLIER]}), encoding="utf-8")
    base = merged(tmp_path / "merged", adapter)
    on = config(tmp_path / "first/data", base_model=str(base))
    own = training["data_hash"]
    assert start_marks(on, "2" * 64) == {"earlier_rows": sorted([own, EARLIER])}
    assert start_marks(on, own) == {"earlier_rows": [EARLIER]}
    # Also where another adapter is merged into the merged one.
    twice = merged(tmp_path / "twice", bare_adapter(tmp_path / "foreign"), str(base))
    assert merged_rows(str(twice)) == {own, EARLIER, UNKNOWN_ROWS}


def test_a_base_that_says_nothing_knows_nothing_and_one_that_is_damaged_anything(
    tmp_path: Path,
) -> None:
    assert merged_rows("owner/base") == merged_rows(str(tmp_path)) == frozenset()
    (tmp_path / ORIGIN_FILE).write_text("{", encoding="utf-8")
    assert merged_rows(str(tmp_path)) == {UNKNOWN_ROWS}


@pytest.mark.parametrize("registered", [True, False])
def test_a_merged_model_keeps_the_gate_s_word(tmp_path: Path, registered: bool) -> None:
    adapter = trained(tmp_path / "mine")
    assert origin_of_merged(adapter, "owner/base").verdict == "not_evaluated"
    keep(adapter, evaluation(adapter, recites=True))
    if registered:
        register(adapter, name="Mine")
        (adapter / "evaluation.json").write_text("{", encoding="utf-8")
    said = origin_of_merged(adapter, "owner/base")
    assert (said.name, said.verdict) == ("Mine" if registered else "mine", "failed")
    assert said.adapter_sha256 == weights_hash(adapter)
