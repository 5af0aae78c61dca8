"""Real preference tuning of a small base, on a processor."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import AdapterError
from novelcraft.finetune.rowfolder import rows_hash
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.preferences import PreferencePair
from novelcraft.state.train_events import TrainEvent, TrainStarted, TrainStep, TrainStopped
from tests.finetune.data.pairs import data, near_miss, pair, settings, write
from tests.finetune.marks import TRAINS
from tests.finetune.rows import row, write_rows
from tests.finetune.runs import losses, read, start, train, validated, written

pytestmark = TRAINS

HELD = range(100, 108)


@pytest.fixture(scope="module")
def reference(
    tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[TrainEvent]]:
    """A run of DPO that nothing disturbs."""
    folder = data(tmp_path_factory.mktemp("dpo"))
    return folder, train(settings(folder, tiny_base))


def near_misses(folder: Path) -> Path:
    return write(folder, [near_miss(k) for k in (*range(24), *HELD)])


def begun(told: list[TrainEvent]) -> TrainStarted:
    return next(event for event in told if isinstance(event, TrainStarted))


def score(told: list[TrainEvent]) -> Any:
    found = validated(told)[-1].preference
    assert found is not None
    return found


def test_better_scenes_become_likelier_than_others(
    reference: tuple[Path, list[TrainEvent]],
) -> None:
    folder, told = reference
    started, ended = begun(told), told[-1]
    assert (started.method, started.rows, started.validation_rows) == ("dpo", 24, 8)
    assert isinstance(ended, TrainStopped)
    assert ended.reason == "finished"
    margins = [found.preference.margin for found in validated(told) if found.preference]
    assert 0 < margins[0] < margins[-1]
    assert score(told).accuracy == 1.0
    steps = [event for event in told if isinstance(event, TrainStep)]
    assert steps[-1].margin is not None
    assert steps[-1].margin > 1.0 > abs(steps[0].margin or 0.0)
    assert steps[-1].accuracy == 1.0
    assert [c.chapter for c in validated(told)[0].chapters] == ["b/25", "b/26"]
    files = {path.suffix for path in (folder / "run").rglob("*") if path.is_file()}
    assert files <= {".safetensors", ".json", ".jsonl"}
    assert not list((folder / "run").rglob("ref"))


def test_without_the_sft_term_the_better_scenes_become_less_likely(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    given = {"start_adapter": str(tiny_adapter), "learning_rate": 1e-3, "max_steps": 12}
    bare = train(settings(near_misses(tmp_path / "bare"), tiny_base, sft_weight=0.0, **given))
    held = train(settings(near_misses(tmp_path / "held"), tiny_base, sft_weight=1.0, **given))
    assert score(bare).margin > 0.2
    assert score(held).margin > 0.2
    assert score(bare).chosen < -0.1
    assert score(held).chosen > 0.0
    assert validated(held)[-1].perplexity < validated(bare)[-1].perplexity


def texts(pairs: list[PreferencePair], side: str, tokenizer: Any) -> list[tuple[int, list[int]]]:
    """The tokens of a pair's side as transformers renders them, and where its scene begins."""
    found = []
    for one in pairs:
        asked = [message.model_dump() for message in one.messages]
        answered = [*asked, {"role": "assistant", "content": getattr(one, side)}]
        render = tokenizer.apply_chat_template
        prompt = render(asked, tokenize=False, add_generation_prompt=True)
        whole = render(answered, tokenize=False)
        given = tokenizer(prompt)["input_ids"]
        found.append((len(given), given + tokenizer(whole[len(prompt) :])["input_ids"]))
    return found


def log_probs(model: Any, rows: list[tuple[int, list[int]]]) -> tuple[list[float], int]:
    """Log-probabilities of whole scenes by a plain forward pass each, and their tokens."""
    import torch

    found = []
    for begin, tokens in rows:
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0].double()
        steps = logits.log_softmax(-1)[:-1].gather(1, torch.tensor(tokens[1:])[:, None])
        found.append(float(steps[begin - 1 :].sum()))
    return found, sum(len(tokens) - begin for begin, tokens in rows)


def by_hand(base: Path, adapter: Path, start_adapter: Path | None, pairs: list[Any]) -> Any:
    """DPO's loss with the SFT term, of plain transformers and PEFT alone."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    def of(folder: Path | None) -> Any:
        model = AutoModelForCausalLM.from_pretrained(base).eval()
        return PeftModel.from_pretrained(model, folder).eval() if folder else model

    words = AutoTokenizer.from_pretrained(base)
    now, before = of(adapter), of(start_adapter)
    sides = {}
    for side in ("chosen", "rejected"):
        rows = texts(pairs, side, words)
        mine, count = log_probs(now, rows)
        sides[side] = (mine, log_probs(before, rows)[0], count)
    (good, good0, count), (bad, bad0, _) = sides["chosen"], sides["rejected"]
    gaps = [0.1 * ((a - b) - (c - d)) for a, b, c, d in zip(good, good0, bad, bad0, strict=True)]
    preference = sum(math.log(1 + math.exp(-gap)) for gap in gaps) / len(gaps)
    return preference + 0.2 * -sum(good) / count, sum(gaps) / len(gaps)


def test_the_loss_is_the_one_computed_by_hand(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    """Before training against the adapter that is gone on from, in training, and after it."""
    folder = near_misses(tmp_path)
    rows = write_rows(folder / "rows", [row(k) for k in range(8)], [row(100)])
    pairs = [near_miss(k) for k in range(24)]
    config = settings(
        folder,
        tiny_base,
        start_adapter=str(tiny_adapter),
        learning_rate=1e-3,
        lr_scheduler="constant",
        warmup_ratio=0.0,
        per_device_batch_size=24,
        max_steps=2,
        eval_steps=1,
        save_steps=1,
    )
    told = train(config)
    first, _ = by_hand(tiny_base, tiny_adapter, tiny_adapter, pairs)
    assert losses(told)[1] == pytest.approx(first, abs=1e-4)
    # The second step's loss is that of the adapter after the first, whose batch is all pairs.
    after_one = folder / "run/checkpoints/step-000001"
    second, margin = by_hand(tiny_base, after_one, tiny_adapter, pairs)
    assert losses(told)[2] == pytest.approx(second, abs=1e-4)
    assert abs(second - first) > 1e-2
    steps = [event for event in told if isinstance(event, TrainStep)]
    assert steps[1].margin == pytest.approx(margin, abs=1e-4)
    held, margin = by_hand(tiny_base, after_one, tiny_adapter, [near_miss(k) for k in HELD])
    assert validated(told)[0].loss == pytest.approx(held, abs=1e-4)
    found = validated(told)[0].preference
    assert found is not None
    assert found.margin == pytest.approx(margin, abs=1e-4)
    # An evaluation goes by the rows that lie beside the pairs.
    said = json.loads((folder / "run/adapter/training.json").read_text(encoding="utf-8"))
    assert said["data_hash"] == rows_hash(rows) != said["pairs_hash"]


def test_a_killed_run_goes_on_with_the_same_losses(
    reference: tuple[Path, list[TrainEvent]], tiny_base: Path, tmp_path: Path
) -> None:
    config = settings(data(tmp_path), tiny_base)
    with start(written(tmp_path, config)) as run:
        assert run.stdout is not None
        before = []
        for line in run.stdout:
            before.append(read(line))
            if isinstance(before[-1], TrainStep) and before[-1].step == 8:
                run.kill()
    after = train(config, resume=True)
    resumed_at = begun(after).resumed_at
    assert resumed_at in (6, 12)
    whole = losses(reference[1])
    assert losses(before) == {step: whole[step] for step in losses(before)}
    assert losses(after) == {step: whole[step] for step in range(resumed_at + 1, 19)}
    assert validated(after)[-1].loss == validated(reference[1])[-1].loss


def test_a_run_that_was_told_to_stop_goes_on_with_the_same_losses(
    tiny_base: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.training.train import run_training

    given = {"max_steps": 4, "eval_steps": 2}
    whole = train(settings(data(tmp_path / "whole"), tiny_base, **given))
    config = settings(data(tmp_path / "stopped"), tiny_base, **given)
    stop = Stop()
    told: list[TrainEvent] = []

    def listen(event: TrainEvent) -> None:
        told.append(event)
        stop.asked = isinstance(event, TrainStep) and event.step == 1

    assert run_training(config, listen, stop=stop).reason == "cancelled"
    after = train(config, resume=True)
    assert losses(told) | losses(after) == losses(whole)
    assert validated(after)[-1].loss == validated(whole)[-1].loss


def test_a_loss_that_is_no_number_names_the_pairs(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file
    from tokenizers import Tokenizer

    broken = tmp_path / "base"
    shutil.copytree(tiny_base, broken)
    weights = load_file(broken / "model.safetensors")
    tokens = Tokenizer.from_file(str(broken / "tokenizer.json")).encode("%").ids
    weights["model.embed_tokens.weight"][tokens] = float("nan")
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    pairs = [pair(k) for k in range(12)] + [pair(50, pair_id="odd", rejected="100 %")]
    told = train(settings(write(tmp_path, pairs), broken, per_device_batch_size=1))
    ended = told[-1]
    assert isinstance(ended, TrainStopped)
    assert ended.reason == "nan"
    assert "rows odd" in ended.detail


def test_an_adapter_of_another_shape_is_not_gone_on_from(
    tiny_base: Path, tiny_adapter: Path, tmp_path: Path
) -> None:
    from tests.finetune.tiny import make_base

    other = make_base(tmp_path / "base", steps=1, hidden_size=32)
    config = settings(data(tmp_path), other, start_adapter=str(tiny_adapter))
    with pytest.raises(AdapterError, match="cannot be gone on from"):
        train(config)
