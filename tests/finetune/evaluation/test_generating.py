"""Scenes that are written side by side are the ones that would be written alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from novelcraft.state.evaluation import EvalSettings
from tests.finetune.evaluation.evaluated import Trained
from tests.finetune.marks import TRAINS

pytestmark = TRAINS

FEW = ((0,), (1,), (1, 1), (1, 1, 1))
PROMPTS = ((5, 6, 7), (30, 31, 32, 33, 34, 35, 36), (40,), (50, 51, 52, 53))


def sampling(**changed: Any) -> Any:
    from novelcraft.finetune.evaluation.generating import Sampling

    given = {"tokens": 12, "temperature": 1.0, "top_p": 1.0, "repetition_penalty": 1.0}
    return Sampling(**given | changed)


def endings(*tokens: int) -> Any:
    from novelcraft.finetune.evaluation.generating import Endings

    return Endings(frozenset(tokens), ("stop",), lambda written: "stop" if written[-1] == 9 else "")


def written(model: Any, prompts: Any = PROMPTS, ends: Any = None, **how: Any) -> list[list[int]]:
    import torch

    from novelcraft.finetune.evaluation.generating import generate

    with torch.inference_mode():
        return generate(
            model,
            [(prompt, sum(prompt)) for prompt in prompts],
            sampling(**how),
            ends or endings(),
            lambda: None,
        )


@pytest.fixture(scope="module")
def model(tiny_base: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_base).eval()


class Fixed:
    """A model that finds the same tokens likely, whatever it reads."""

    device = "cpu"
    config = None

    def __init__(self, shares: list[float]) -> None:
        import torch

        self._logits = torch.tensor(shares).log()

    def __call__(self, input_ids: Any, **_: Any) -> Any:
        return SimpleNamespace(logits=self._logits.expand(len(input_ids), 1, -1))


def test_the_likeliest_tokens_are_those_of_transformers(model: Any) -> None:
    import torch

    end = model.generation_config.eos_token_id
    found = written(model, ends=endings(end), tokens=30, temperature=1e-4)
    for prompt, scene in zip(PROMPTS, found, strict=True):
        whole = model.generate(
            input_ids=torch.tensor([prompt]), max_new_tokens=30, do_sample=False
        )[0, len(prompt) :].tolist()
        assert scene == [token for token in whole if token != end]


def test_a_scene_does_not_depend_on_those_beside_it(model: Any) -> None:
    ends = endings(model.generation_config.eos_token_id)
    how = {"ends": ends, "tokens": 30, "top_p": 0.9, "repetition_penalty": 1.2}
    together = written(model, **how)
    assert together == [written(model, [prompt], **how)[0] for prompt in PROMPTS]
    assert together == written(model, **how)
    assert len({len(scene) for scene in together}) > 1


def test_tokens_are_drawn_from_the_nucleus_by_their_shares() -> None:
    model = Fixed([0.45, 0.3, 0.2, 0.05])
    found = [token for scene in written(model, FEW, tokens=500, top_p=0.7) for token in scene]
    assert set(found) == {0, 1}
    assert found.count(0) / len(found) == pytest.approx(0.6, abs=0.05)
    assert {t for s in written(model, FEW, tokens=100, top_p=0.1) for t in s} == {0}
    assert {t for s in written(model, FEW, tokens=500) for t in s} == {0, 1, 2, 3}


def test_a_nucleus_of_very_many_tokens_is_whole() -> None:
    found = {t for s in written(Fixed([1 / 600] * 600), tokens=900, top_p=0.99) for t in s}
    assert len(found) > 500


def test_heat_makes_shares_more_alike() -> None:
    model = Fixed([0.9, 0.1])
    cold, hot = (
        sum(sum(scene) for scene in written(model, FEW, tokens=400, temperature=heat)) / 1600
        for heat in (0.5, 3.0)
    )
    assert cold == pytest.approx(1 / 82, abs=0.02)
    assert hot == pytest.approx(0.325, abs=0.05)


def test_recent_tokens_are_penalised_and_older_ones_are_not() -> None:
    model = Fixed([0.6, 0.4])
    prompts = [(0, 0, 0), (1, *[0] * 70)]
    first = {scene[0] for scene in written(model, prompts, tokens=1, temperature=1e-3)}
    assert first == {0}
    how: dict[str, Any] = {"tokens": 1, "temperature": 1e-3, "repetition_penalty": 5.0}
    assert written(model, prompts, **how) == [[1], [1]]
    assert written(model, [(1, *[0] * 63)], **how) == [[0]]


def test_a_scene_ends_at_a_token_or_at_a_text() -> None:
    sure = [0.0] * 8
    assert written(Fixed([*sure, 1.0, 0.0]), [(1,)], endings(8)) == [[]]
    assert written(Fixed([*sure, 0.0, 1.0]), [(1,)], endings(8)) == [[9]]
    assert written(Fixed([1.0, *sure]), [(1,)], endings(8), tokens=3) == [[0, 0, 0]]


def test_what_the_model_is_sent_are_the_rows_prompts(trained: Trained) -> None:
    from novelcraft.finetune.data.rows import prompt_of
    from novelcraft.finetune.evaluation.material import load_material
    from novelcraft.finetune.evaluation.prompting import Prompter
    from novelcraft.finetune.evaluation.variants import Sides
    from novelcraft.finetune.evaluation.writing import Writer

    material = load_material(trained.adapter, trained.data)
    sides = Sides(material)
    sent: list[tuple[int, ...]] = []
    whole = sides.model

    def listen(_module: Any, _given: Any, named: dict[str, Any]) -> None:
        if named["input_ids"].shape[1] > 1:
            for tokens, mask in zip(named["input_ids"], named["attention_mask"], strict=True):
                sent.append(tuple(tokens[mask.bool()].tolist()))

    whole.get_base_model().register_forward_pre_hook(listen, with_kwargs=True)
    prompter = Prompter(material)
    writer = Writer(sides, prompter, EvalSettings(scene_tokens=16, batch_size=3), lambda: None)
    prompts = prompter.held_out()
    tuned = writer.write([(prompt, 1) for prompt in prompts], "tuned")
    rows = {f"held-out/{row.row_id}": prompt_of(row) for row in material.data.validation}
    assert sent == [rows[prompt.name] for prompt in prompts]
    sent.clear()
    base = writer.write([(prompt, 1) for prompt in prompts], "base")
    assert sent == [rows[prompt.name] for prompt in prompts]
    assert tuned != base


def test_two_scenes_of_one_prompt_are_two(trained: Trained) -> None:
    from novelcraft.finetune.evaluation.material import load_material
    from novelcraft.finetune.evaluation.prompting import Prompter
    from novelcraft.finetune.evaluation.variants import Sides
    from novelcraft.finetune.evaluation.writing import Writer

    material = load_material(trained.adapter, trained.data)
    prompter = Prompter(material)
    writer = Writer(Sides(material), prompter, EvalSettings(scene_tokens=16), lambda: None)
    prompt = prompter.held_out()[0]
    asked = [(prompt, 1), (replace(prompt, name="another"), 1), (prompt, 2), (prompt, 1)]
    one, other, second, again = writer.write(asked, "tuned")
    assert one == again
    assert len({one, other, second}) == 3


def test_scenes_of_probes_have_room_of_their_own(trained: Trained) -> None:
    from novelcraft.finetune.evaluation.material import load_material
    from novelcraft.finetune.evaluation.prompting import Prompter
    from novelcraft.finetune.evaluation.variants import Sides
    from novelcraft.finetune.evaluation.writing import Writer
    from novelcraft.prompts.narrator import NarratorInput

    material = load_material(trained.adapter, trained.data)
    # So hot that it hardly ever draws an end.
    settings = EvalSettings(scene_tokens=16, probe_tokens=32, temperature=50, top_p=1)
    prompter = Prompter(material)
    writer = Writer(Sides(material), prompter, settings, lambda: None)
    given = [NarratorInput("", "", (), "", (f"Write scene {k} of the book.",)) for k in range(12)]
    short = writer.write([(prompter.prompt(one), 1) for one in given], "tuned")
    long = writer.narrate(given, "tuned")
    pairs = list(zip(short, long, strict=True))
    assert all(more.startswith(less) for less, more in pairs)
    assert any(len(more) > len(less) for less, more in pairs)
