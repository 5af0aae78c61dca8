"""Packed rows and padded ones are learnt alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from novelcraft.finetune.data.rows import IGNORED, TrainRow
from novelcraft.finetune.training.stopping import Stop
from tests.finetune.marks import TRAINS
from tests.finetune.rows import row, story, write_rows
from tests.finetune.runs import settings

pytestmark = TRAINS


def made(number: int, given: int, learnt: int) -> TrainRow:
    tokens = tuple(range(10 * number, 10 * number + given + learnt))
    return TrainRow(f"r{number}", "c", tokens, (*[IGNORED] * given, *tokens[given:]))


def run_on(folder: Path, base: Path, **given: Any) -> Any:
    from novelcraft.finetune.training.train import Run

    lengths = (2, 9, 4, 7, 3, 8, 5, 6)
    data = [row(k, text=story(k, sentences)) for k, sentences in enumerate(lengths)]
    plain = {"neftune_noise_alpha": 0.0, "lora_dropout": 0.0, "eval_steps": 1000}
    config = settings(write_rows(folder, data, data), base, **plain | given)
    run = Run(config, lambda event: None, Stop())
    run.claim(False)
    run.prepare()
    return run


def test_rows_are_put_together_and_padded() -> None:
    from novelcraft.finetune.training.batches import ROWS, Collator, items, record

    rows = [made(0, 2, 3), made(1, 1, 1), made(2, 1, 4)]
    packed = items(rows, packing=True, room=7)
    assert [item.rows for item in packed] == [(0, 1), (2,)]
    assert packed[0].positions == (0, 1, 2, 3, 4, 0, 1)
    batch = Collator(pad=99, packing=True)([record(item) for item in packed])
    assert batch["input_ids"].tolist() == [
        [0, 1, 2, 3, 4, 10, 11],
        [20, 21, 22, 23, 24, 99, 99],
    ]
    assert batch["labels"].tolist() == [
        [IGNORED, IGNORED, 2, 3, 4, IGNORED, 11],
        [IGNORED, 21, 22, 23, 24, IGNORED, IGNORED],
    ]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 4, 0, 1], [0, 1, 2, 3, 4, 0, 1]]
    assert batch[ROWS].tolist() == [0, 1, 2]
    assert "attention_mask" not in batch


def test_a_row_s_first_token_is_never_learnt() -> None:
    from novelcraft.finetune.training.batches import items

    (item,) = items([made(0, 0, 3)], packing=False, room=9)
    assert item.labels == (IGNORED, 1, 2)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_a_row_s_loss_is_the_same_in_a_pack(
    attention: str, tiny_base: Path, tmp_path: Path
) -> None:
    import torch

    run = run_on(tmp_path, tiny_base, attention=attention)
    # An adapter that does something: a new one is a multiplication by zero.
    for name, parameter in run.trainer.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    rows = run.data.train
    apart = run.trainer.losses(rows)
    together = run.trainer.losses(rows, packing=True)
    assert [count for _, count in together] == [row.learnt for row in rows]
    assert [loss for loss, _ in together] == pytest.approx([loss for loss, _ in apart], rel=1e-5)


def test_a_pack_that_is_not_kept_apart_would_be_seen(tiny_base: Path, tmp_path: Path) -> None:
    """The comparison above is able to fail."""
    run = run_on(tmp_path, tiny_base)
    rows = run.data.train
    apart = [loss for loss, _ in run.trainer.losses(rows)]

    def contaminated(batch: dict[str, Any]) -> Any:
        import torch

        batch["attention_mask"] = torch.ones_like(batch["input_ids"])
        return honest(batch)

    honest = run.trainer._log_probs
    run.trainer._log_probs = contaminated
    together = [loss for loss, _ in run.trainer.losses(rows, packing=True)]
    assert max(abs(a - b) / a for a, b in zip(apart, together, strict=True)) > 1e-3


def test_a_step_on_packs_is_a_step_on_their_rows(tiny_base: Path, tmp_path: Path) -> None:
    found = []
    for packing, batch in ((False, 8), (True, 3)):
        run = run_on(
            tmp_path / str(packing),
            tiny_base,
            packing=packing,
            max_length=300,
            per_device_batch_size=batch,
            max_steps=1,
        )
        assert run.batches <= batch
        run.trainer.train()
        logged = run.trainer.state.log_history[0]
        found.append((logged["loss"], logged["grad_norm"]))
    assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_prompts_carry_no_loss(tiny_base: Path, tmp_path: Path) -> None:
    """Whatever the model says of a prompt's tokens, neither loss nor gradient changes."""
    import torch

    run = run_on(tmp_path, tiny_base)
    model = run.trainer.model
    embedded = model.get_input_embeddings()
    one = run.data.train[1]
    first = next(at for at, label in enumerate(one.labels) if label != IGNORED)
    labels = torch.tensor([one.labels])
    hidden = embedded(torch.tensor([one.tokens])).detach().requires_grad_()
    out = model(inputs_embeds=hidden, labels=labels, fused_lm_head=True, use_cache=False)
    assert out.label_mask[0].tolist() == [False] * (first - 1) + [True] * one.learnt
    assert out.log_probs[0, : first - 1].abs().max() == 0
    assert out.loss.item() == pytest.approx(run.trainer.losses([one])[0][0] / one.learnt, rel=1e-5)
