"""A GGUF model as a base to train on."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import BaseModelError, ConfigError

pytest.importorskip("torch")


def test_an_unpacked_model_is_the_one_that_was_packed(tiny_base: Path, tmp_path: Path) -> None:
    from novelcraft.finetune.models import ComputeDevice, load_base, load_tokenizer
    from novelcraft.finetune.serving.comparing import difference, logits
    from novelcraft.finetune.serving.unpack import unpack_gguf
    from tests.finetune.tinygguf import write_gguf

    folder = unpack_gguf(write_gguf(tiny_base, tmp_path / "base.gguf"), tmp_path / "unpacked")
    text = "<|im_start|>user\nThe old harbour, in 1912.<|im_end|>\n"
    tokens = [load_tokenizer(str(base))(text)["input_ids"] for base in (tiny_base, folder)]
    assert tokens[0] == tokens[1]
    machine = ComputeDevice("cpu", "fp32")
    found = [logits(load_base(str(base), machine), tokens) for base in (tiny_base, folder)]
    assert difference(*found).logits < 1e-5


def test_what_is_in_the_way_stays(tmp_path: Path) -> None:
    from novelcraft.finetune.serving.unpack import unpack_gguf

    (tmp_path / "there").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        unpack_gguf(tmp_path / "base.gguf", tmp_path / "there")


def test_a_file_that_is_no_gguf(tmp_path: Path) -> None:
    from novelcraft.finetune.serving.unpack import unpack_gguf

    file = tmp_path / "base.gguf"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(BaseModelError, match=r"base\.gguf cannot be unpacked"):
        unpack_gguf(file, tmp_path / "new")
    assert list(tmp_path.iterdir()) == [file]
