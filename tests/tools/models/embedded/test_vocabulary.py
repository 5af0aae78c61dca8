from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from gguf import GGUFWriter
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from novelcraft.errors import ConfigError, ReadOnlyError
from novelcraft.state.calls import Message
from novelcraft.tools.books.rows.chat_template import ChatTemplate
from novelcraft.tools.books.rows.tokenizers import open_tokenizer
from novelcraft.tools.models.embedded.engine import Engine
from novelcraft.tools.models.embedded.library import ModelLibrary
from novelcraft.tools.models.embedded.vocabulary import (
    build_tokenizer,
    read_fields,
    tokenizer_folder,
)
from tests.tools.books.bases import PATTERN, SENTENCES

TEXTS = (
    *SENTENCES,
    "  two  blanks,\ttabs,\r\n\r\nbreaks\n \n\n — dashes… “quotes” naïve 東京 ½ '90s DON'T 1,234  ",
    "<|im_start|>user\nHello<|im_end|>\n",
    "e\u0301t\u00e9",
)
TEMPLATE = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"


def trained(cut: str) -> Tokenizer:
    """A tokenizer that cuts words as that kind of model does."""
    made = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=cut != "qwen2")
    before: Any = pre_tokenizers.Digits(individual_digits=True)
    if cut == "qwen2":
        made.normalizer = normalizers.NFC()
        before = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    steps = [byte_level] if cut == "gpt-2" else [before, byte_level]
    made.pre_tokenizer = pre_tokenizers.Sequence(steps)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        show_progress=False,
    )
    made.train_from_iterator(SENTENCES * 3, trainer)
    return made


def write_gguf(path: Path, tokenizer: Tokenizer, *, pre: str, model: str = "gpt2") -> Path:
    """A GGUF file with a tokenizer and nothing else."""
    described = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(described["vocab"], key=described["vocab"].get)
    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<|") else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in described["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("cut", ["gpt-2", "smollm", "qwen2"])
def test_a_tokenizer_comes_out_as_it_went_in(tmp_path: Path, cut: str) -> None:
    original = trained(cut)
    built = build_tokenizer(read_fields(write_gguf(tmp_path / "m.gguf", original, pre=cut)), "m")
    for text in TEXTS:
        expected = original.encode(text, add_special_tokens=False).ids
        assert built.encode(text, add_special_tokens=False).ids == expected
        spoken = normalizers.NFC().normalize_str(text) if cut == "qwen2" else text
        assert built.decode(expected, skip_special_tokens=False) == spoken


@pytest.mark.parametrize("cut", ["llama-bpe", "tekken"])
def test_a_word_that_is_a_token_needs_no_merges(tmp_path: Path, cut: str) -> None:
    file = write_gguf(tmp_path / "m.gguf", trained("gpt-2"), pre=cut)
    fields = {**read_fields(file), "merges": []}
    fields["tokens"] = [*fields["tokens"], "Ġlighthouse"]
    assert build_tokenizer(fields, "m").encode(" lighthouse").tokens == ["Ġlighthouse"]


@pytest.mark.parametrize(("model", "pre"), [("llama", "default"), ("gpt2", "unheard-of")])
def test_an_unknown_kind_is_an_error(tmp_path: Path, model: str, pre: str) -> None:
    file = write_gguf(tmp_path / "m.gguf", trained("gpt-2"), pre=pre, model=model)
    with pytest.raises(ConfigError, match=rf"m\.gguf \({model}, {pre}\)") as caught:
        tokenizer_folder(file)
    assert "base model's folder" in caught.value.fix
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == []


def test_the_folder_is_made_once_and_again_when_the_model_changes(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m.gguf", trained("gpt-2"), pre="gpt-2")
    folder = tokenizer_folder(file)
    made = (folder / "tokenizer.json").stat().st_mtime_ns
    assert tokenizer_folder(file) == folder
    assert (folder / "tokenizer.json").stat().st_mtime_ns == made
    os.utime(file, ns=(1, 1))
    tokenizer_folder(file)
    assert (folder / "tokenizer.json").stat().st_mtime_ns > made
    assert [m.name for m in ModelLibrary(tmp_path).installed()] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m.gguf", trained("gpt-2"), pre="gpt-2")
    tmp_path.chmod(0o500)
    with pytest.raises(ReadOnlyError):
        tokenizer_folder(file)


def test_without_a_base_the_embedded_model_counts(tmp_path: Path) -> None:
    library = ModelLibrary(tmp_path)
    library.folder.mkdir(parents=True)
    original = trained("smollm")
    write_gguf(library.folder / "own.gguf", original, pre="smollm")
    for nothing in (None, ""):
        opened = open_tokenizer(nothing, library=library)
        assert (opened.name, opened.exact) == ("own", False)
        assert opened.encode(TEXTS[5]) == original.encode(TEXTS[5], add_special_tokens=False).ids
        assert opened.template == ChatTemplate(
            TEMPLATE, {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
        )
    direct = open_tokenizer(str(library.folder / "own.gguf"))
    assert direct.exact
    assert direct.fingerprint == opened.fingerprint


@pytest.mark.engine
def test_the_engine_counts_and_asks_the_same(engine: Engine) -> None:
    root = engine.ensure_running().removesuffix("/v1")
    opened = open_tokenizer(str(engine.spec.path))
    assert opened.template is not None
    with httpx.Client(headers={"Authorization": f"Bearer {engine.key}"}, timeout=60) as client:
        for text in TEXTS:
            body: dict[str, Any] = {"content": text, "add_special": False, "parse_special": True}
            said = client.post(f"{root}/tokenize", json=body).json()["tokens"]
            assert opened.encode(text) == said
        messages = (Message(role="system", content="Be brief."), Message(role="user", content="Go"))
        body = {"messages": [m.model_dump() for m in messages]}
        rendered = client.post(f"{root}/apply-template", json=body).json()["prompt"]
    assert opened.template.render(messages, add_generation_prompt=True) == rendered
