from __future__ import annotations

import pytest

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import ConfigError
from novelcraft.state.calls import Message
from novelcraft.tools.books.rows import chat_template
from novelcraft.tools.books.rows.chat_template import ChatTemplate, row_texts, split_plan, with_plan
from tests.tools.books.bases import LLAMA31, TEMPLATES, base

ASKED = (
    Message(role="system", content="You are a novelist."),
    Message(role="user", content="Write the next scene.\nAnna reads the letter."),
)
SCENE = "The lamp burned.\n\n“Read it,” she said."
PLAN = "- She breaks the seal.\n- She reads it."

EXPECTED = {
    "chatml": "<|im_start|>system\nYou are a novelist.<|im_end|>\n<|im_start|>user\n"
    "Write the next scene.\nAnna reads the letter.<|im_end|>\n<|im_start|>assistant\n",
    "llama-3.1": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
    "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
    "You are a novelist.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
    "Write the next scene.\nAnna reads the letter.<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "mistral": "<s>[INST] You are a novelist.\n\nWrite the next scene.\n"
    "Anna reads the letter.[/INST]",
    "no system role": "<s><start_of_turn>user\nYou are a novelist.\nWrite the next scene.\n"
    "Anna reads the letter.<end_of_turn>\n<start_of_turn>model\n",
}
EXPECTED["smollm2"] = EXPECTED["qwen3-instruct"] = EXPECTED["chatml"]
EXPECTED["qwen3"] = EXPECTED["chatml"] + "<think>\n\n</think>\n\n"
EXPECTED["qwen3.5"] = EXPECTED["qwen3"]
EXPECTED["qwen3-thinking"] = EXPECTED["chatml"] + "<think>\n"

ANSWERS = dict.fromkeys(EXPECTED, f"{SCENE}<|im_end|>\n") | {
    "llama-3.1": f"{SCENE}<|eot_id|>",
    "mistral": f" {SCENE}</s>",
    "no system role": f"{SCENE}<end_of_turn>\n",
    "qwen3-thinking": f"</think>\n\n{SCENE}<|im_end|>\n",
}
WITH_PLAN = {
    "qwen3": (EXPECTED["chatml"], f"<think>\n{PLAN}\n</think>\n\n{SCENE}<|im_end|>\n"),
    "qwen3.5": (EXPECTED["qwen3-thinking"], f"{PLAN}\n</think>\n\n{SCENE}<|im_end|>\n"),
    "qwen3-thinking": (EXPECTED["qwen3-thinking"], f"{PLAN}\n</think>\n\n{SCENE}<|im_end|>\n"),
}


def template(name: str) -> ChatTemplate:
    found = base(name).template
    assert found is not None
    return found


def answered(content: str = SCENE) -> tuple[Message, ...]:
    return (*ASKED, Message(role="assistant", content=content))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_row_falls_into_what_is_asked_and_what_is_learnt(name: str) -> None:
    prompt, completion = row_texts(template(name), answered(), "empty")
    assert prompt == EXPECTED[name]
    assert completion == ANSWERS[name]


@pytest.mark.parametrize("name", WITH_PLAN)
def test_a_plan_stands_in_the_think_block(name: str) -> None:
    texts = row_texts(template(name), answered(with_plan(PLAN, SCENE)), "beats")
    assert texts == WITH_PLAN[name]


@pytest.mark.parametrize("name", WITH_PLAN)
def test_a_scene_without_a_plan_closes_the_block_at_once(name: str) -> None:
    prompt, completion = row_texts(template(name), answered(), "beats")
    whole = prompt + completion
    assert whole.endswith(f"</think>\n\n{SCENE}<|im_end|>\n")
    assert whole.count("<think>") == whole.count("</think>") == 1


@pytest.mark.parametrize("think", ["empty", "beats"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_prompt_is_what_a_server_renders_token_for_token(name: str, think: ThinkMode) -> None:
    tokenizer, chat = base(name), template(name)
    content = with_plan(PLAN, SCENE) if think == "beats" else SCENE
    prompt, completion = row_texts(chat, answered(content), think)
    served = chat.render(ASKED, add_generation_prompt=True, **chat.serving(think))
    assert tokenizer.encode(prompt) == tokenizer.encode(served)
    # Tokenised in one go, the prompt's tokens are still the first: nothing joins across.
    whole = tokenizer.encode(prompt + completion)
    assert whole == tokenizer.encode(prompt) + tokenizer.encode(completion)


@pytest.mark.parametrize("name", [n for n in TEMPLATES if n != "qwen3-thinking"])
def test_a_row_is_the_conversation_as_the_template_itself_renders_it(name: str) -> None:
    chat = template(name)
    whole = chat.render(answered(), add_generation_prompt=False, **chat.serving("empty"))
    assert "".join(row_texts(chat, answered(), "empty")) == whole


@pytest.mark.parametrize("name", WITH_PLAN)
def test_so_is_one_with_a_plan(name: str) -> None:
    chat, messages = template(name), answered(with_plan(PLAN, SCENE))
    whole = chat.render(messages, add_generation_prompt=False, **chat.serving("beats"))
    assert "".join(row_texts(chat, messages, "beats")) == whole


def test_think_blocks_are_found_out() -> None:
    found = {name: template(name).think_block for name in TEMPLATES}
    assert {n for n, block in found.items() if block == "optional"} == {"qwen3", "qwen3.5"}
    assert {n for n, block in found.items() if block == "always"} == {"qwen3-thinking"}


def test_what_a_server_must_be_told() -> None:
    assert template("qwen3").serving("empty") == {"enable_thinking": False}
    assert template("qwen3").serving("beats") == {"enable_thinking": True}
    assert template("qwen3-thinking").serving("empty") == {}
    assert template("chatml").serving("beats") == {}


def test_plans_come_out_as_they_went_in() -> None:
    assert split_plan(with_plan(PLAN, SCENE)) == (PLAN, SCENE)
    assert split_plan(with_plan("", SCENE)) == ("", SCENE)
    assert split_plan("He said </think> aloud.") == ("", "He said </think> aloud.")


def test_the_assumed_template_is_chatml() -> None:
    rendered = chat_template.CHATML.render(ASKED, add_generation_prompt=True)
    assert rendered == EXPECTED["chatml"]


def test_templates_have_what_transformers_gives_them() -> None:
    chat = ChatTemplate(
        "{% for m in messages %}{% if loop.index > 5 %}{% break %}{% endif %}"
        "{% generation %}{{ m.content | tojson }}{% endgeneration %}{% endfor %}"
        "{{ strftime_now('%d %b %Y') }}{{ tools is none }}"
    )
    said = chat.render((Message(role="user", content="é <b>"),), add_generation_prompt=False)
    assert said == '"é <b>"26 Jul 2024True'


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{% if %}", "cannot render"),
        ("{{ raise_exception('never') }}", "never"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "cannot render"),
        ("{{ messages.append(1) }}", "cannot render"),
    ],
)
def test_a_template_that_cannot_be_used_is_an_error(source: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        ChatTemplate(source).render(ASKED, add_generation_prompt=True)


def test_a_template_that_answers_elsewhere_than_it_asks_is_an_error() -> None:
    odd = "{% for m in messages %}{{ m.content }};{% endfor %}{{ '>>' if add_generation_prompt }}"
    with pytest.raises(ConfigError, match=r"prompt ends '.*>>'"):
        row_texts(ChatTemplate(odd), answered(), None)


def test_a_template_that_drops_the_answer_is_an_error() -> None:
    losing = TEMPLATES["qwen3-thinking"].replace("content.lstrip('\n') +", "'' +")
    assert losing != TEMPLATES["qwen3-thinking"]
    with pytest.raises(ConfigError, match="loses"):
        row_texts(ChatTemplate(losing), answered(), "empty")


def test_hashes_tell_templates_apart() -> None:
    assert ChatTemplate(LLAMA31).hash != ChatTemplate(LLAMA31, {"bos_token": "<s>"}).hash
