"""The tokenizer inside a GGUF file, as the files that other programs read.

A GGUF file holds a model's tokens and merges, and names the way in which text is cut before they
are applied. That makes a `tokenizer.json` again. Reading the file takes seconds, so what came of
it is kept beside the weights.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from novelcraft.errors import ConfigError
from novelcraft.tools.models.embedded.fetch import storage_fault

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "tokenizer_config.json"
_SOURCE_FILE = "source.json"
_FORMAT = 1
"""Raised when what is kept beside the weights is made in another way."""

_CONTROL, _USER_DEFINED = 3, 4
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_PATTERNS = {
    "llama-bpe": rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}|{_REST}",
    "qwen2": rf"{_CONTRACTIONS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}|{_REST}",
    "tekken": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}
"""How text is cut into words, by the name that GGUF has for it."""
_WHOLE_TOKENS = ("llama-bpe", "tekken")
"""Where a word that is a token is taken as it is, merges or not."""
_BYTE_LEVEL = ("gpt-2", "smollm", *_PATTERNS)


def tokenizer_folder(gguf: Path) -> Path:
    """A folder with the `tokenizer.json` and `tokenizer_config.json` of a GGUF model.

    It lies beside the model and is made when it is missing or older than the model.

    Raises:
        ConfigError: The model's kind of tokenizer is not known here.
        DiskFullError, ReadOnlyError: The folder cannot be written.
    """
    folder = gguf.with_name(f".{gguf.stem}.tokenizer")
    source = _source(gguf)
    try:
        with FileLock(gguf.with_name(f".{gguf.stem}.tokenizer.lock")):
            if not _is_of(folder, source):
                _make(gguf, folder, source)
    except OSError as error:
        raise storage_fault(error, gguf.parent) from error
    return folder


def _source(gguf: Path) -> dict[str, int]:
    status = gguf.stat()
    return {"format": _FORMAT, "size": status.st_size, "modified": status.st_mtime_ns}


def _is_of(folder: Path, source: Mapping[str, int]) -> bool:
    kept = folder / _SOURCE_FILE
    return kept.exists() and json.loads(kept.read_text(encoding="utf-8")) == source


def _make(gguf: Path, folder: Path, source: Mapping[str, int]) -> None:
    fields = read_fields(gguf)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
    try:
        build_tokenizer(fields, gguf.name).save(str(scratch / TOKENIZER_FILE))
        _write(scratch / CONFIG_FILE, _config(fields))
        _write(scratch / _SOURCE_FILE, source)
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def read_fields(gguf: Path) -> dict[str, Any]:
    """What a GGUF file says about its tokenizer, by GGUF's names without their prefix."""
    from gguf import GGUFReader

    prefixes = ("tokenizer.ggml.", "tokenizer.")
    found: dict[str, Any] = {}
    for name, field in GGUFReader(gguf).fields.items():
        prefix = next((p for p in prefixes if name.startswith(p)), "")
        if prefix:
            found[name.removeprefix(prefix)] = field.contents()
    return found


def build_tokenizer(fields: Mapping[str, Any], name: str) -> Tokenizer:
    """The tokenizer that a GGUF file describes.

    Args:
        fields: What `read_fields` gives.
        name: Names the model in errors.

    Raises:
        ConfigError: It is of a kind that is not known here.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models

    kind, cut = str(fields.get("model", "")), str(fields.get("pre", "gpt-2"))
    if kind != "gpt2" or cut not in _BYTE_LEVEL:
        raise ConfigError(
            f"The tokenizer of {name} ({kind or 'unnamed'}, {cut}) cannot be read from its GGUF "
            "file.",
            fix="Name the base model's folder or its name on the hub, for its own tokenizer.",
        )
    tokens = fields["tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in fields["merges"]]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    made = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, ignore_merges=cut in _WHOLE_TOKENS)
    )
    _set_cutting(made, cut)
    made.decoder = decoders.ByteLevel()
    for token, type_ in zip(tokens, fields.get("token_type") or (), strict=False):
        if type_ in (_CONTROL, _USER_DEFINED):
            special = type_ == _CONTROL
            made.add_tokens([AddedToken(token, special=special, normalized=False)])
    return made


def _set_cutting(tokenizer: Tokenizer, cut: str) -> None:
    from tokenizers import Regex, normalizers, pre_tokenizers

    pattern = _PATTERNS.get(cut)
    if pattern:
        steps = [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    else:
        steps = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    if cut == "smollm":
        steps.insert(0, pre_tokenizers.Digits(individual_digits=True))
    if cut == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)


def _config(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What transformers would write beside the tokenizer, as far as rows need it."""
    tokens = fields["tokens"]
    config: dict[str, Any] = {
        f"{role}_token": tokens[fields[f"{key}_token_id"]]
        for role, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding"))
        if f"{key}_token_id" in fields
    }
    if fields.get("chat_template"):
        config["chat_template"] = fields["chat_template"]
    return config
