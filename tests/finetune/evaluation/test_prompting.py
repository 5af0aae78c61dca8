"""What is asked of both sides, and how what they write is taken apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from novelcraft.config.layouts import LAYOUTS
from novelcraft.finetune.data.rows import prompt_of
from novelcraft.finetune.evaluation.prompting import Prompter, spread
from novelcraft.prompts.narrator import NarratorInput
from novelcraft.state.calls import Message
from novelcraft.tools.books.rows.chat_template import CHATML, row_texts
from tests.finetune.evaluation.materials import material
from tests.finetune.rows import story
from tests.tools.books.bases import TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_prompts_of_validation_rows_are_the_rows_own(tmp_path: Path, template: str) -> None:
    found = material(tmp_path, template=template)
    prompts = Prompter(found).held_out()
    rows = {f"held-out/{row.row_id}": row for row in found.data.validation}
    assert sorted(prompt.name for prompt in prompts) == sorted(rows)
    assert all(prompt.tokens == prompt_of(rows[prompt.name]) for prompt in prompts)
    first = next(p for p in prompts if p.name == "held-out/b/ch26-s00")
    assert first.human == story(100)
    assert first.brief == "Write scene 100 of the book."
    assert first.text == "You write a novel.\nWrite scene 100 of the book."


def test_the_prompts_of_training_rows_are_asked_too(tmp_path: Path) -> None:
    found = material(tmp_path)
    prompts = Prompter(found).trained()
    rows = {f"trained/{row.row_id}": row for row in found.data.train}
    assert sorted(prompt.name for prompt in prompts) == sorted(rows)
    assert all(prompt.tokens == prompt_of(rows[prompt.name]) for prompt in prompts)
    assert {prompt.kind for prompt in prompts} == {"trained"}
    assert all(prompt.human for prompt in prompts)


GIVEN = NarratorInput(
    world="A town of 12 boats.",
    summary="The keeper lit the lamp.",
    notes=("The door is shut.",),
    tail="He counted them again.",
    brief=("Anna finds the door.", "The scene follows Anna."),
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_other_prompts_are_laid_out_as_rows_are(tmp_path: Path, template: str) -> None:
    found = material(tmp_path, template=template)
    prompter = Prompter(found)
    prompt = prompter.prompt(GIVEN, "x")
    tokenizer = found.data.tokenizer
    asked = tokenizer.tokenizer.decode(list(prompt.tokens), skip_special_tokens=False)
    assert "A town of 12 boats." in asked
    assert asked.index("The keeper lit") < asked.index("Anna finds the door.\nThe scene follows")
    assert "The door is shut." in asked
    assert "counted them" in asked
    assert prompt.brief == "Anna finds the door.\nThe scene follows Anna."
    answer = Message(role="assistant", content=story(1))
    messages = [Message(role="user", content="?"), answer]
    rendered, _ = row_texts(tokenizer.template or CHATML, messages, "empty")
    assert asked.endswith(rendered[rendered.rindex("?") + 1 :])


def test_what_the_layout_has_no_room_for_is_not_asked(tmp_path: Path) -> None:
    found = replace(material(tmp_path), layout=LAYOUTS["lean"])
    asked = Prompter(found).prompt(GIVEN, "x").text
    assert "Anna finds the door." in asked
    assert "The door is shut." not in asked
    assert "counted them" not in asked


def test_a_brief_is_never_cut(tmp_path: Path) -> None:
    prompter = Prompter(material(tmp_path))
    lines = tuple(f"Anna counts the boats for the {n}th time." for n in range(60))
    prompt = prompter.prompt(NarratorInput("", "", (), "", lines))
    assert all(line in prompt.text for line in lines)


def test_there_are_prompts_of_other_worlds(tmp_path: Path) -> None:
    prompts = Prompter(material(tmp_path)).other_worlds()
    assert len(prompts) >= 8
    assert {prompt.kind for prompt in prompts} == {"other_world"}
    assert all(prompt.human is None for prompt in prompts)
    assert len({prompt.name for prompt in prompts}) == len(prompts)


THOUGHT = "<think>\nNo plan.\n</think>\n\nHe lit the lamp."


@pytest.mark.parametrize(
    ("template", "written", "closing"),
    [
        ("qwen3-thinking", "\nNo plan.\n</think>\n\nHe lit the lamp.", True),
        ("qwen3", THOUGHT, False),
        ("chatml", THOUGHT, False),
        ("mistral", "He lit the lamp.", False),
        ("llama-3.1", "He lit the lamp.", False),
    ],
)
def test_think_blocks_are_no_prose(
    tmp_path: Path, template: str, written: str, closing: bool
) -> None:
    found = material(tmp_path, template=template)
    prompter = Prompter(found)
    encode = found.data.tokenizer.encode
    assert prompter.scene(encode(written), closed=False) == "He lit the lamp."
    assert prompter.scene(encode("\n He lit the lamp.  "), closed=True) == "He lit the lamp."
    assert bool(prompter.closing) == closing
    if closing:
        # A thought that does not end is no scene, unless the prompt has ended it.
        assert prompter.scene(encode("So the keeper"), closed=False) == ""
        decode = found.data.tokenizer.tokenizer.decode
        assert decode(list(prompter.closing), skip_special_tokens=False).strip() == "</think>"


def test_a_scene_ends_with_its_turn_or_where_a_prompt_begins(tmp_path: Path) -> None:
    found = material(tmp_path)
    prompter = Prompter(found)
    encode = found.data.tokenizer.encode
    for end in ("<|im_end|>\n", '\n"""\nA world', "\nThe story so far:", "\nWrite the next scene"):
        assert prompter.scene(encode(f"He lit the lamp.{end} Anna"), closed=False) == (
            "He lit the lamp."
        )
        assert any(
            text in prompter.tail(encode(f"He lit the lamp.{end}")) for text in prompter.ends
        )
    assert prompter.ending_tokens() >= set(encode("<|im_end|></s>"))
    assert not prompter.ending_tokens() & set(encode("<think></think>He lit the lamp."))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 13])
def test_every_beginning_is_spread_evenly(count: int) -> None:
    order = spread(count)
    assert sorted(order) == list(range(count))
    assert order[0] == 0
    if count == 8:
        assert sorted(order[:2]) == [0, 4]
        assert sorted(order[:4]) == [0, 2, 4, 6]
