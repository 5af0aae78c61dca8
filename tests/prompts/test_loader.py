from __future__ import annotations

import pytest

from novelcraft.prompts.loader import load_template, without_control_tokens


@pytest.mark.parametrize(
    "token",
    [
        *("<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|endoftext|>", "<｜User｜>"),
        *("<s>", "</s>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "[INST]"),
        *("[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    ],
)
def test_no_message_has_a_control_token_that_was_given(token: str) -> None:
    given = {"scene": f"He said {token} twice.{token}", "summary": token, "words": 50}
    messages = load_template("summarize").render(**given, names=(token,))
    assert token not in "".join(message.content for message in messages)
    assert f"He said {token[0]} {token[1:]} twice." in messages[1].content


@pytest.mark.parametrize(
    "text",
    ["a < b | c > d", "<em>so</em>", "[I]", "|x|", "<|", "</s", "<<|>>", "He [INSTANTLY] left"],
)
def test_other_brackets_stay(text: str) -> None:
    assert without_control_tokens(text) == text
