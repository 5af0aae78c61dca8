"""Evaluations of a small base that was really trained."""

from __future__ import annotations

import json
import math
import shutil
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from novelcraft.errors import AdapterError, ExportError, LossError, TrainingMemoryError
from novelcraft.finetune.adapters.evaluation_file import read_evaluation
from novelcraft.finetune.training.stopping import Stop
from novelcraft.state.evaluation import EvalSettings, Evaluation
from novelcraft.state.train_events import (
    EvalFinished,
    EvalProgress,
    EvalStarted,
    TrainEvent,
)
from novelcraft.tools.books.rows.row_reader import read_rows
from tests.finetune.evaluation.evaluated import SHORT, Trained, copied, evaluated
from tests.finetune.limits import file_limit
from tests.finetune.marks import TRAINS
from tests.finetune.rows import row, write_rows
from tests.finetune.runs import rows, settings, train, validated
from tests.finetune.tiny import make_base

pytestmark = TRAINS

Found = tuple[Evaluation, list[TrainEvent]]


def test_perplexities_are_those_of_the_run(trained: Trained, evaluation: Found) -> None:
    found = evaluation[0].perplexity
    last = validated(trained.told)[-1]
    assert last.best
    assert found.tuned == pytest.approx(last.perplexity, rel=1e-5)
    assert [(c.chapter, c.tokens) for c in found.chapters] == [
        (c.chapter, c.tokens) for c in last.chapters
    ]
    assert [c.tuned for c in found.chapters] == pytest.approx(
        [c.perplexity for c in last.chapters], rel=1e-5
    )
    assert found.gain > 0.3


def plain_losses(base: Path, file: Path, chosen: slice = slice(None)) -> dict[str, list[float]]:
    """The loss of each token that is to be learnt, by chapter, as transformers alone has it."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    made: defaultdict[str, list[float]] = defaultdict(list)
    for line in file.read_text(encoding="utf-8").splitlines()[chosen]:
        one = json.loads(line)
        messages = one["messages"]
        asked = tokenizer.apply_chat_template(
            messages[:-1], tokenize=False, add_generation_prompt=True
        )
        whole = tokenizer.apply_chat_template(messages, tokenize=False)
        given = len(tokenizer(asked)["input_ids"])
        tokens = tokenizer(whole, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            shares = model(input_ids=tokens).logits[0].log_softmax(-1)
        made[f"{one['book_id']}/{one['chapter_index']}"] += [
            -shares[at - 1, tokens[0, at]].item() for at in range(given, tokens.shape[1])
        ]
    return made


def perplexity(*losses: list[float]) -> float:
    return math.exp(fmean(loss for some in losses for loss in some))


def test_perplexities_of_the_base_are_those_of_transformers(
    trained: Trained, tiny_base: Path, evaluation: Found
) -> None:
    found = evaluation[0].perplexity
    held = plain_losses(tiny_base, trained.data / "validation.jsonl")
    assert {c.chapter: c.base for c in found.chapters} == pytest.approx(
        {chapter: perplexity(its) for chapter, its in held.items()}, rel=1e-4
    )
    assert found.base == pytest.approx(perplexity(*held.values()), rel=1e-4)
    # Six of forty-eight, evenly spread.
    learnt = plain_losses(tiny_base, trained.data / "train.jsonl", slice(0, None, 8))
    assert found.training_rows == 6
    assert found.training_base == pytest.approx(perplexity(*learnt.values()), rel=1e-4)


def test_the_base_of_an_adapter_on_experts_is_bare(tmp_path: Path) -> None:
    base = make_base(tmp_path / "base", "qwen3_moe", steps=30)
    folder = rows(tmp_path / "data")
    config = settings(folder, base, lora_r=4, lora_dropout=0.0, max_steps=6)
    assert config.lora_target_parameters
    told = train(config)
    found, _ = evaluated(Trained(folder / "run" / "adapter", folder, told), words=100)
    bare = plain_losses(base, folder / "validation.jsonl")
    assert found.perplexity.base == pytest.approx(perplexity(*bare.values()), rel=1e-4)
    last = validated(told)[-1]
    assert found.perplexity.tuned == pytest.approx(last.perplexity, rel=1e-4)
    assert found.perplexity.tuned < found.perplexity.base


def test_what_an_evaluation_holds(trained: Trained, evaluation: Found) -> None:
    found, _ = evaluation
    assert read_evaluation(trained.adapter) == found
    kinds = [sample.kind for sample in found.samples]
    assert kinds == ["held_out"] * (len(kinds) - 5) + ["trained"] * 3 + ["other_world"] * 2
    names = [sample.name for sample in found.samples]
    assert len(set(names)) == len(names)
    held = [sample for sample in found.samples if sample.kind == "held_out"]
    trained_prompts = [sample for sample in found.samples if sample.kind == "trained"]
    rows_trained = {row.row_id for row in read_rows(trained.data / "train.jsonl")}
    assert {
        s.name.removeprefix("trained/").partition("#")[0] for s in trained_prompts
    } <= rows_trained
    assert all(sample.human for sample in (*held, *trained_prompts))
    assert all(sample.base != sample.tuned for sample in held)
    assert min(found.style.base.words, found.style.tuned.words) >= 200
    assert "needs 5,000" in found.style.tuned.why_not
    assert found.style.books.words == sum(
        len(row(k).messages[-1].content.split()) for k in range(100, 108)
    )
    assert {o.text for o in found.memory.overlaps} == {
        sample.name for sample in (*held, *trained_prompts)
    }
    assert found.memory.training_texts == 1
    assert found.memory.texts == found.base_memory.texts == len(names)
    assert found.device == "cpu"
    assert found.versions.keys() >= {"novelcraft", "torch", "peft"}


def test_what_an_evaluation_tells(trained: Trained, evaluation: Found) -> None:
    found, told = evaluation
    assert isinstance(told[0], EvalStarted)
    assert told[0].adapter == str(trained.adapter)
    progress = [event for event in told if isinstance(event, EvalProgress)]
    assert list(dict.fromkeys(event.part for event in progress)) == [
        "perplexity",
        "writing",
        "measuring",
    ]
    last = {event.part: event for event in progress}
    assert all(event.done == event.total for event in last.values())
    assert all(event.done <= event.total for event in progress)
    assert last["perplexity"].done == 2 * (8 + 6)
    assert last["writing"].done == 2 * len(found.samples)
    ended = told[-1]
    assert isinstance(ended, EvalFinished)
    assert ended.path == str(trained.adapter / "evaluation.json")
    assert ended.passed == found.memory.passed
    assert (ended.perplexity_tuned, ended.style_tuned) == (found.perplexity.tuned, None)


def test_the_seed_decides_what_is_written(
    trained: Trained, evaluation: Found, tmp_path: Path
) -> None:
    mine = copied(trained, tmp_path / "adapter")
    again, _ = evaluated(mine)
    assert again.samples == evaluation[0].samples
    assert again.memory == evaluation[0].memory
    other, _ = evaluated(mine, seed=2)
    assert [sample.name for sample in other.samples][:8] == [s.name for s in again.samples][:8]
    assert all(a.tuned != b.tuned for a, b in zip(other.samples[:8], again.samples, strict=False))


def test_an_adapter_that_learnt_a_text_by_heart_fails_the_gate(
    tiny_base: Path, tmp_path: Path
) -> None:
    text = (
        "Anna climbed the stairs before the storm came. Nobody in the village lit the lamp as the "
        "fog lifted. The old pilot counted 12 boats upon the harbour wall."
    )
    made = [row(k, text=text) for k in range(12)]
    folder = write_rows(tmp_path, made, [row(100), row(101)])
    learnt = {
        "max_steps": 120,
        "eval_steps": 120,
        "lora_r": 64,
        "lora_alpha": 64.0,
        "lr_scheduler": "constant",
        "lora_dropout": 0.0,
        "neftune_noise_alpha": 0.0,
    }
    train(settings(folder, tiny_base, **learnt))
    drawn = {"temperature": 0.1}
    found, told = evaluated(Trained(folder / "run" / "adapter", folder, []), **drawn)
    assert not found.memory.passed
    worst = found.memory.runs[0]
    assert worst.length >= 20
    assert worst.quote.split()[0] in text
    assert any(f"{worst.length} words in a row from b" in reason for reason in found.memory.reasons)
    assert isinstance(told[-1], EvalFinished)
    assert not told[-1].passed
    assert all(run.length < 20 for run in found.base_memory.runs)


def test_another_base_of_the_same_tokens_is_refused(
    trained: Trained, tiny_base: Path, tmp_path: Path
) -> None:
    from novelcraft.finetune.evaluation.evaluator import evaluate
    from novelcraft.finetune.evaluation.material import load_material

    other = make_base(tmp_path / "other", steps=0, hidden_size=32)
    # Trained anew, the words may come in another order.
    shutil.copyfile(tiny_base / "tokenizer.json", other / "tokenizer.json")
    material = load_material(trained.adapter, trained.data, str(other))
    with pytest.raises(AdapterError, match="for another base"):
        evaluate(material, EvalSettings(), lambda event: None)


def test_an_adapter_whose_numbers_are_none_is_named(trained: Trained, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    mine = copied(trained, tmp_path / "adapter")
    weights = load_file(mine.adapter / "adapter_model.safetensors")
    save_file(
        {name: tensor * float("nan") for name, tensor in weights.items()},
        mine.adapter / "adapter_model.safetensors",
    )
    with pytest.raises(LossError, match="the tuned model is no number on 8 rows, b/ch2"):
        evaluated(mine)
    assert read_evaluation(mine.adapter) is None


def test_a_disk_that_takes_no_more_keeps_the_old_evaluation(
    trained: Trained, evaluation: Found, tmp_path: Path
) -> None:
    from novelcraft.finetune.evaluation.evaluator import evaluate
    from novelcraft.finetune.evaluation.material import load_material

    mine = copied(trained, tmp_path / "adapter")
    before, _ = evaluated(mine)
    with ExitStack() as limits:

        def listen(event: TrainEvent) -> None:
            if isinstance(event, EvalProgress) and event.part == "measuring":
                limits.enter_context(file_limit(2**10))

        material = load_material(mine.adapter, mine.data)
        with pytest.raises(ExportError, match=r"evaluation\.json cannot be written"):
            evaluate(material, EvalSettings(**SHORT, seed=3), listen)
    assert read_evaluation(mine.adapter) == before
    assert {path.name for path in mine.adapter.iterdir()} == {
        ".weights.json",
        "adapter_config.json",
        "adapter_model.safetensors",
        "evaluation.json",
        "metrics.jsonl",
        "training.json",
    }


@pytest.mark.parametrize("part", ["perplexity", "writing", "measuring"])
def test_it_stops_when_it_is_told_to(trained: Trained, tmp_path: Path, part: str) -> None:
    from novelcraft.finetune.evaluation.evaluator import StoppedError, evaluate
    from novelcraft.finetune.evaluation.material import load_material

    mine = copied(trained, tmp_path / "adapter")
    stop = Stop()
    told: list[TrainEvent] = []

    def listen(event: TrainEvent) -> None:
        told.append(event)
        stop.asked = isinstance(event, EvalProgress) and event.part == part

    material = load_material(mine.adapter, mine.data)
    with pytest.raises(StoppedError):
        evaluate(material, EvalSettings(**SHORT), listen, stop)
    assert isinstance(told[-1], EvalProgress)
    assert told[-1].part == part
    assert read_evaluation(mine.adapter) is None


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        ("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried", True),
        ("shapes cannot be multiplied", False),
    ],
)
def test_too_little_memory_is_said(error: str, ours: bool) -> None:
    from novelcraft.finetune.evaluation.variants import memory_errors

    expected: Any = TrainingMemoryError if ours else RuntimeError
    with pytest.raises(expected), memory_errors():
        raise RuntimeError(error)
