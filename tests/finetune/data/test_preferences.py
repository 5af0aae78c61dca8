"""Pairs as they are trained, and what is refused. Nothing is trained here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders

from novelcraft.errors import BaseModelError, ConfigError, PreferenceError
from novelcraft.finetune.data.preferences import load_pairs, load_run_data
from novelcraft.finetune.data.rows import encode_row, prompt_of
from novelcraft.finetune.planning.planner import plan_training, target_named
from novelcraft.finetune.preview import preview_data
from novelcraft.finetune.rowfolder import rows_hash
from novelcraft.finetune.settings.load import train_config
from novelcraft.finetune.training.checkpoints import Checkpoints
from novelcraft.finetune.training.preference_losses import (
    Scored,
    ScoredPair,
    pair_loss,
)
from novelcraft.finetune.training.runfile import claim
from novelcraft.state.preferences import PreferencePair
from novelcraft.tools.books.rows.chat_template import with_plan
from novelcraft.tools.books.rows.tokenizers import open_tokenizer
from novelcraft.tools.storage.files import files_digest
from tests.finetune.cards import trained
from tests.finetune.data.pairs import data, pair, settings, write
from tests.finetune.rows import row, write_rows
from tests.tools.books.bases import CHATML, tokenizer

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
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    made = Tokenizer.from_str(tokenizer().to_str())
    made.decoder = decoders.ByteLevel()
    made.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(SHAPE), encoding="utf-8")
    return folder


def test_a_pair_s_prompt_is_the_one_of_a_row(base: Path, tmp_path: Path) -> None:
    found = load_pairs(settings(data(tmp_path), base))
    assert (len(found.train), len(found.validation)) == (24, 8)
    one = found.train[3]
    same = encode_row(row(3, text=pair(3).chosen), open_tokenizer(str(base)), "empty")
    assert (one.chosen.tokens, one.chosen.labels) == (same.tokens, same.labels)
    assert prompt_of(one.rejected) == prompt_of(one.chosen)
    assert one.rejected.learnt > 0


def test_the_preview_shows_both_scenes_as_they_are_learnt(base: Path, tmp_path: Path) -> None:
    config = settings(data(tmp_path), base)
    better, other = preview_data(load_pairs(config), 1)
    assert (better.avoided, other.avoided) == (False, True)
    assert better.spans[-1].learnt
    assert better.spans[-1].text.startswith(pair(0).chosen)
    assert other.spans[-1].text.startswith(pair(0).rejected)
    assert better.spans[0] == other.spans[0]


def test_samples_are_written_once_to_each_prompt(base: Path, tmp_path: Path) -> None:
    held = pair(101)
    twice = pair(102, messages=held.messages)
    folder = write(tmp_path, [*(pair(k) for k in range(8)), held, twice])
    for_pairs = load_pairs(settings(folder, base))
    assert len(for_pairs.validation) == 2
    assert [row.row_id for row in for_pairs.briefs] == ["b/s101"]


def test_too_few_pairs_say_how_many_there_must_be(base: Path, tmp_path: Path) -> None:
    with pytest.raises(PreferenceError, match=r"has 7 pairs to train on; .* at least 8"):
        load_pairs(settings(data(tmp_path / "few", 7), base))
    with pytest.raises(PreferenceError, match="has no preferences to learn from") as raised:
        load_pairs(settings(tmp_path, base))
    assert raised.value.exit_code == 69


def test_pairs_of_another_prompt_template_are_refused(base: Path, tmp_path: Path) -> None:
    pairs = [pair(k) for k in range(9)] + [pair(9, template_hash="0" * 64)]
    with pytest.raises(PreferenceError, match=r"another version of the narrator's prompt .*: s9"):
        load_pairs(settings(write(tmp_path, pairs), base))


def test_validation_rows_are_never_trained_on(base: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", [row(k) for k in range(8)], [row(9)])
    pairs = [pair(k, scene=row(k).row_id) for k in range(10)]
    with pytest.raises(PreferenceError, match="would train on validation rows: b/ch03-s01"):
        load_pairs(settings(write(tmp_path, pairs), base))
    pairs[9] = pairs[9].model_copy(update={"held_out": True})
    found = load_pairs(settings(write(tmp_path, pairs), base))
    assert [one.name for one in found.validation] == ["b/s009"]
    assert found.data_hash != found.pairs_hash


def book_pair(number: int, **given: object) -> PreferencePair:
    """A pair of a row: the human's scene against the narrator's."""
    made = row(number)
    text = made.messages[-1].content
    return pair(number, source="human_vs_model", scene=made.row_id, chosen=text, **given)


def test_scenes_of_books_that_are_in_no_row_are_said(base: Path, tmp_path: Path) -> None:
    """The gate searches the rows alone."""
    write_rows(tmp_path / "rows", [row(k) for k in range(12)], [row(100)])
    own = [book_pair(k) for k in range(12)]
    held = book_pair(102)
    found = load_pairs(settings(write(tmp_path, [*own, held, pair(50)]), base))
    assert found.strangers == ()
    planned = own[3].model_copy(update={"chosen": with_plan("- a beat", own[3].chosen)})
    assert load_pairs(settings(write(tmp_path, [planned, *own[4:]]), base)).strangers == ()
    # Another book's, and another edition's of the same scene.
    other = book_pair(35)
    edition = own[0].model_copy(update={"chosen": "Another wording of it."})
    config = settings(write(tmp_path, [edition, *own[1:], other]), base)
    found = load_pairs(config)
    assert found.strangers == (own[0].scene, other.scene)
    assert any("gate will call the adapter not evaluated" in text for text in found.notices)
    # A run says so of its adapter.
    for learnt, earlier in ((found, [found.pairs_hash]), (replace(found, strangers=()), [])):
        run = tmp_path / f"run{len(earlier)}"
        run.mkdir()
        mine = claim(run, Checkpoints(run / "checkpoints"), config, learnt, resume=False)
        assert mine["earlier_rows"] == earlier


def test_pairs_apart_are_held_against_the_rows_of_the_adapter_before(
    base: Path, tmp_path: Path
) -> None:
    adapter = trained(tmp_path / "mine")
    folder = write(tmp_path / "apart", [book_pair(k) for k in range(8)])
    apart = settings(folder, base)
    assert len(load_pairs(apart).strangers) == 8
    on = apart.model_copy(update={"start_adapter": str(adapter)})
    found = load_pairs(on)
    assert (found.strangers, found.data_hash) == ((), rows_hash(tmp_path / "mine/data"))
    with (tmp_path / "mine/data/train.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = load_pairs(on)
    assert (len(changed.strangers), changed.data_hash) == (8, found.data_hash)


def test_pairs_over_length_are_refused_or_dropped_and_never_cut(base: Path, tmp_path: Path) -> None:
    folder = data(tmp_path, 12, 0)
    sizes = sorted(one.longest for one in load_pairs(settings(folder, base)).train)
    config = settings(folder, base, max_length=sizes[-2])
    assert sizes[-1] > sizes[-2]
    with pytest.raises(PreferenceError, match="1 pairs have more than max_length"):
        load_pairs(config)
    found = load_pairs(settings(folder, base, max_length=sizes[-2], over_long="drop"))
    assert [one.tokens for one in found.dropped] == [sizes[-1]]
    assert max(one.longest for one in found.train) == sizes[-2]


def test_a_plan_counts_both_scenes_of_a_pair(base: Path, tmp_path: Path) -> None:
    target = target_named("RTX 4090")
    config = settings(data(tmp_path, 12, 0), base, max_steps=0)
    longest = max(one.longest for one in load_pairs(config).train)
    plan = plan_training(config, target)
    assert plan.work.rows == 12
    assert plan.work.micro_tokens == 2 * 4 * longest
    assert plan.work.steps == 3
    assert any("both scenes of a pair" in notice for notice in plan.notices)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"packing": True}, "packing = true cannot be used with method = dpo"),
        ({"lora_dropout": 0.1}, r"lora_dropout = 0.1 would disturb"),
        ({"neftune_noise_alpha": 5.0}, "neftune_noise_alpha = 5 would disturb"),
        ({"method": "sft", "sft_weight": 1.0}, "sft_weight has no meaning with method = sft"),
        ({"method": "sft", "beta": 0.5}, "beta has no meaning with method = sft"),
        ({"method": "ppo"}, "method"),
    ],
)
def test_settings_that_contradict_the_method(
    base: Path, tmp_path: Path, given: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        settings(tmp_path, base, **given)


def test_preference_tuning_has_defaults_of_its_own(base: Path) -> None:
    plain = {"base_model": str(base), "data": "d", "output": "o"}
    rows, pairs = train_config(plain), train_config({**plain, "method": "dpo"})
    assert pairs.learning_rate == rows.learning_rate / 10
    assert (rows.packing, pairs.packing) == (True, False)
    assert pairs.num_epochs == 1.0


def test_the_loss_of_one_pair() -> None:
    from math import exp, log

    both = [ScoredPair(Scored(-10.0, -12.0), Scored(-20.0, -17.0), tokens=5)]
    loss, score = pair_loss(both, beta=0.1, sft_weight=0.5)
    assert loss == pytest.approx(log(1 + exp(-0.5)) + 0.5 * 2.0)
    figures = (score.chosen, score.rejected, score.margin, score.accuracy)
    assert figures == pytest.approx((0.2, -0.3, 0.5, 1.0))


def test_pairs_of_earlier_versions_still_open(base: Path, tmp_path: Path) -> None:
    folder = data(tmp_path)
    plain = load_pairs(settings(folder, base))
    alone = files_digest(folder / "pairs/pairs.jsonl", folder / "pairs/labels.jsonl")
    assert plain.pairs_hash == alone.hexdigest()
    (folder / "pairs/labels.jsonl").write_text("{}\n", encoding="utf-8")
    manifest = json.loads((folder / "pairs/manifest.json").read_text(encoding="utf-8"))
    manifest["files"].append({**manifest["files"][0], "name": "labels.jsonl"})
    manifest["counts"][0]["labels"] = 1
    (folder / "pairs/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = load_pairs(settings(folder, base))
    assert found.train == plain.train
    # A run that was begun with both files is resumed with both.
    both = files_digest(folder / "pairs/pairs.jsonl", folder / "pairs/labels.jsonl")
    assert found.pairs_hash == both.hexdigest()


def test_a_tokenizer_larger_than_the_embedding_is_refused(base: Path, tmp_path: Path) -> None:
    last = max(open_tokenizer(str(base)).tokenizer.get_vocab().values())
    folder = write_rows(tmp_path / "rows", [row(k) for k in range(9)])
    runs = settings(data(tmp_path), base), settings(folder, base, method="sft")
    for embeddings in (last + 1, last):
        shape = {**SHAPE, "model_type": "another", "vocab_size": embeddings}
        (base / "config.json").write_text(json.dumps(shape), encoding="utf-8")
        for config in runs:
            if embeddings > last:
                load_run_data(config)
                continue
            with pytest.raises(BaseModelError, match=f"tokens up to number {last}, .* {last} tok"):
                load_run_data(config)
