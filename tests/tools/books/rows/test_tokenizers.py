from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from novelcraft.errors import ConfigError, ModelDownloadError
from novelcraft.tools.books.rows.tokenizers import open_tokenizer
from tests.tools.books.bases import CHATML, LLAMA31, tokenizer

TEXT = "The keeper climbed the stairs.\n\n<|im_start|>"


def model(folder: Path, config: dict[str, Any] | None = None, template: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer().save(str(folder / "tokenizer.json"))
    if config is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    if template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


def test_a_folder_gives_its_tokens_and_its_template(tmp_path: Path) -> None:
    config = {
        "chat_template": CHATML,
        "bos_token": {"content": "<s>", "lstrip": False},
        "eos_token": "</s>",
        "pad_token": None,
    }
    opened = open_tokenizer(str(model(tmp_path / "base", config)))
    assert opened.exact
    assert opened.encode(TEXT) == tokenizer().encode(TEXT, add_special_tokens=False).ids
    assert opened.count(TEXT[:-12]) == len(opened.encode(TEXT[:-12]))
    assert opened.count(TEXT) > len(opened.encode(TEXT))
    assert opened.template is not None
    assert opened.template.source == CHATML
    assert opened.template.specials == {"bos_token": "<s>", "eos_token": "</s>"}


def test_a_template_in_a_file_of_its_own_comes_first(tmp_path: Path) -> None:
    opened = open_tokenizer(str(model(tmp_path, {"chat_template": CHATML}, LLAMA31)))
    assert opened.template is not None
    assert opened.template.source == LLAMA31


def test_of_several_templates_the_default_is_taken(tmp_path: Path) -> None:
    named = [{"name": "tool_use", "template": "x"}, {"name": "default", "template": CHATML}]
    opened = open_tokenizer(str(model(tmp_path, {"chat_template": named})))
    assert opened.template is not None
    assert opened.template.source == CHATML


@pytest.mark.parametrize("config", [None, {}, {"chat_template": [{"name": "rag"}]}])
def test_a_base_may_have_no_template(tmp_path: Path, config: dict[str, Any] | None) -> None:
    assert open_tokenizer(str(model(tmp_path, config))).template is None


def test_special_tokens_may_stand_in_their_own_file(tmp_path: Path) -> None:
    folder = model(tmp_path, {"chat_template": CHATML})
    specials = {"bos_token": {"content": "<s>"}, "additional_special_tokens": ["<x>"]}
    (folder / "special_tokens_map.json").write_text(json.dumps(specials), encoding="utf-8")
    template = open_tokenizer(str(folder)).template
    assert template is not None
    assert template.specials == {"bos_token": "<s>"}


def test_texts_are_never_cut_or_filled_up(tmp_path: Path) -> None:
    folder = model(tmp_path)
    cutting = type(tokenizer()).from_file(str(folder / "tokenizer.json"))
    cutting.enable_truncation(4)
    cutting.enable_padding(length=4)
    cutting.save(str(folder / "tokenizer.json"))
    opened = open_tokenizer(str(folder))
    assert opened.count(TEXT) > 4
    assert opened.count("") == 0


@pytest.mark.parametrize(
    ("content", "says"), [(None, "has no tokenizer.json"), ("{}", "no tokenizer that can be read")]
)
def test_a_folder_without_a_tokenizer_is_an_error(
    tmp_path: Path, content: str | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        open_tokenizer(str(tmp_path))


def test_a_broken_config_is_an_error(tmp_path: Path) -> None:
    (model(tmp_path) / "tokenizer_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tokenizer_config\.json is no JSON"):
        open_tokenizer(str(tmp_path))


@pytest.mark.parametrize("name", ["nowhere", "./no/where", "~/none", "/no/such", "a/b/c"])
def test_a_name_that_is_neither_is_an_error(name: str) -> None:
    with pytest.raises(ConfigError, match="neither a folder that exists nor a name on the hub"):
        open_tokenizer(name)


def test_a_hub_name_is_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    def snapshot(repo: str) -> Path:
        asked.append(repo)
        return model(tmp_path, {"chat_template": CHATML})

    opened = open_tokenizer("owner/name", snapshot=snapshot)
    assert asked == ["owner/name"]
    assert (opened.name, opened.exact) == ("owner/name", True)


def test_a_hub_that_is_out_of_reach_is_an_error(tmp_path: Path) -> None:
    # The suite's sockets reach nothing beyond the loopback.
    with pytest.raises(ModelDownloadError, match="owner/name could not be fetched") as caught:
        open_tokenizer("owner/name")
    assert "folder of the base model" in caught.value.fix
