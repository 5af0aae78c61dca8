"""Adapters with their rows and the tokenizer of a base, without a model behind them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from novelcraft.finetune.evaluation.material import Material, load_material
from novelcraft.finetune.rowfolder import rows_hash
from novelcraft.state.rows import TrainingRow
from novelcraft.tools.books.rows.tokenizers import open_tokenizer
from tests.finetune.adapters.test_folder import adapter as bare_adapter
from tests.finetune.rows import config, row, write_rows
from tests.tools.books.bases import TEMPLATES, tokenizer


def base_folder(folder: Path, template: str = "chatml") -> Path:
    """A base's tokenizer and chat template."""
    from tokenizers import Tokenizer, decoders

    folder.mkdir(parents=True)
    made = Tokenizer.from_str(tokenizer().to_str())
    made.decoder = decoders.ByteLevel()
    made.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(TEMPLATES[template], encoding="utf-8")
    specials = {"bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(specials), encoding="utf-8")
    return folder


def trained(
    folder: Path,
    *,
    train: Sequence[TrainingRow] | None = None,
    validation: Sequence[TrainingRow] | None = None,
    template: str = "chatml",
    **changed: Any,
) -> Path:
    """`FOLDER/adapter`, as a run leaves it that had its rows from `FOLDER/data/rows`."""
    base = base_folder(folder / "base", template)
    rows = write_rows(
        folder / "data" / "rows",
        [row(k) for k in range(12)] if train is None else train,
        [row(k) for k in range(100, 106)] if validation is None else validation,
    )
    made = bare_adapter(folder / "adapter", base_model_name_or_path=str(base))
    settings = config(folder / "data", base_model=str(base)).model_dump(mode="json")
    written = {
        "config": settings,
        "data_hash": rows_hash(rows),
        "tokenizer": open_tokenizer(str(base)).fingerprint,
        "step": 12,
        "versions": {},
    }
    file = made / "training.json"
    file.write_text(json.dumps(written | changed), encoding="utf-8")
    return made


def material(folder: Path, **given: Any) -> Material:
    """The same, read."""
    return load_material(trained(folder, **given), folder / "data")
