"""Base models without weights: chat templates of the formats in use, and a small tokenizer.

The templates are ours; what they render for a system, a user and an assistant message is what
the models of that family are sent.
"""

from __future__ import annotations

from functools import lru_cache

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from novelcraft.tools.books.rows.chat_template import ChatTemplate
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer

_CHATML_TURN = "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}"
_CHATML_BEGIN = "{{- '<|im_start|>assistant\n' }}"
_THINKING_TURN = """
{%- set content = message.content %}
{%- set thought = '' %}
{%- if '</think>' in content %}
    {%- set thought = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
    {%- set content = content.split('</think>')[-1].lstrip('\n') %}
{%- endif %}
{{- '<|im_start|>assistant\n<think>\n' + thought.strip('\n') + '\n</think>\n\n' }}
{{- content.lstrip('\n') + '<|im_end|>\n' }}
"""

CHATML = (
    "{%- for message in messages %}"
    + _CHATML_TURN
    + "{%- endfor %}{%- if add_generation_prompt %}"
    + _CHATML_BEGIN
    + "{%- endif %}"
)
QWEN3_INSTRUCT = CHATML
SMOLLM2 = (
    "{%- if messages[0].role != 'system' %}"
    "{{- '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{%- endif %}" + CHATML
)
_THINKING = (
    "{%- for message in messages %}{%- if message.role == 'assistant' %}"
    + _THINKING_TURN
    + "{%- else %}"
    + _CHATML_TURN
    + "{%- endif %}{%- endfor %}{%- if add_generation_prompt %}"
    + _CHATML_BEGIN
)
QWEN3 = (
    _THINKING + "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}"
)
QWEN3_THINKING = _THINKING + "{{- '<think>\n' }}{%- endif %}"
QWEN35 = (
    _THINKING + "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}{%- else %}{{- '<think>\n' }}{%- endif %}{%- endif %}"
)
LLAMA31 = """
{{- bos_token }}
{%- if not date_string is defined %}{%- set date_string = "26 Jul 2024" %}{%- endif %}
{%- if messages[0].role == 'system' %}
    {%- set system = messages[0].content | trim %}{%- set messages = messages[1:] %}
{%- else %}{%- set system = "" %}{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{{- "Cutting Knowledge Date: December 2023\nToday Date: " + date_string + "\n\n" }}
{{- system + "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}
    {{- message.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"""
MISTRAL = """
{%- if messages[0].role == 'system' %}
    {%- set system = messages[0].content + '\n\n' %}{%- set messages = messages[1:] %}
{%- else %}{%- set system = '' %}{%- endif %}
{{- bos_token }}
{%- for message in messages %}
    {%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('Conversation roles must alternate user/assistant') }}
    {%- endif %}
    {%- if message.role == 'user' %}
        {{- '[INST] ' + (system if loop.first else '') + message.content + '[/INST]' }}
    {%- else %}
        {{- ' ' + message.content + eos_token }}
    {%- endif %}
{%- endfor %}
"""
NO_SYSTEM = """
{{- bos_token }}
{%- if messages[0].role == 'system' %}
    {{- raise_exception('System role not supported') }}
{%- endif %}
{%- for message in messages %}
    {%- set role = 'model' if message.role == 'assistant' else message.role %}
    {{- '<start_of_turn>' + role + '\n' + message.content | trim + '<end_of_turn>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<start_of_turn>model\n' }}{%- endif %}
"""

TEMPLATES = {
    "qwen3": QWEN3,
    "qwen3-thinking": QWEN3_THINKING,
    "qwen3-instruct": QWEN3_INSTRUCT,
    "qwen3.5": QWEN35,
    "llama-3.1": LLAMA31,
    "mistral": MISTRAL,
    "chatml": CHATML,
    "smollm2": SMOLLM2,
    "no system role": NO_SYSTEM,
}

_SPECIAL = (
    "<s>",
    "</s>",
    "<|im_start|>",
    "<|im_end|>",
    "<|begin_of_text|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "[INST]",
    "[/INST]",
    "<start_of_turn>",
    "<end_of_turn>",
)
_THINK = ("<think>", "</think>")
_BOS = {"llama-3.1": "<|begin_of_text|>"}

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

SENTENCES = (
    "The keeper climbed the stairs and lit the lamp before the storm came.",
    "“You were late,” she said, and set the letter down upon the table.",
    "Nobody in the village remembered who had first built the harbour wall.",
    "He counted 12 boats, then 7, and then the fog took the rest of them.",
    "Anna didn't answer; the wind had found the door again.",
)


@lru_cache
def tokenizer() -> Tokenizer:
    """A byte-level BPE that cuts words as Qwen's does."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(_SPECIAL),
        show_progress=False,
    )
    made.train_from_iterator(SENTENCES * 4 + ("\n\n", "\n") * 20, trainer)
    made.add_tokens([AddedToken(token, normalized=False) for token in _THINK])
    return made


def base(name: str = "chatml", *, template: bool = True) -> BaseTokenizer:
    """A base model with the template of that name."""
    specials = {"bos_token": _BOS.get(name, "<s>"), "eos_token": "</s>"}
    chat = ChatTemplate(TEMPLATES[name], specials) if template else None
    return BaseTokenizer(name, True, chat, "f" * 64, tokenizer())
