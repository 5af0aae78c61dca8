"""Memory of a whole corpus against the largest few of its books, and how wide chapters run.

    python -m benchmarks.prep_corpus --books 100

Books are made up here, and no model is asked for the memory; the width is measured on a server
of fakes, which answers after a moment. Peak memory is that of the program itself, as the
operating system counts it.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fakes import script as s
from tests.fakes.server import FakeServer

LARGE, SMALL = 60_000, 6_000
"""Words of a large book and of a small one."""
FEW = 4
CHAPTER = 3_000
SLOTS = (2, 8)
_SYLLABLES = [c + v for c in "bdfgklmnprstv" for v in "aeiou"]


def book(seed: int, words: int) -> str:
    draw = random.Random(seed)
    lexicon = ["".join(draw.choices(_SYLLABLES, k=draw.randint(1, 3))) for _ in range(3_000)]
    parts = []
    for number in range(1, words // CHAPTER + 1):
        paragraphs = []
        for _ in range(CHAPTER // 100):
            sentences = [" ".join(draw.choices(lexicon, k=10)).capitalize() for _ in range(10)]
            paragraphs.append(". ".join(sentences) + ".")
        parts.append(f"# Chapter {number}\n\n" + "\n\n".join(paragraphs))
    return "\n\n".join(parts)


def peak(books: list[Path], out: Path, environment: dict[str, str], *options: str) -> float:
    """Megabytes of resident memory that a preparation takes at its most."""
    code = "from novelcraft.cli import main; main()"
    command = [sys.executable, "-c", code, "prep", *map(str, books), "--out", str(out)]
    child = subprocess.Popen(
        [*command, "--quiet", *options], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"prep ended with {child.returncode}")
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return usage.ru_maxrss / scale


def width(folder: Path, files: list[Path], slots: int, environment: dict[str, str]) -> int:
    """The most calls in flight at once on a server with so many slots."""
    script = s.Script()
    script.on(s.anything, s.wait(0.05))
    with FakeServer(script=script) as server:
        roles = {}
        for role in ("REASONING", "NARRATOR"):
            roles |= {
                role: "openai:fake-model",
                f"{role}_BASE_URL": server.base_url,
                f"{role}_MAX_CONCURRENCY": str(slots),
            }
        peak(files, folder / f"width-{slots}", environment | roles, "--until", "briefs")
        return server.most_at_once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=100)
    count = parser.parse_args().books
    environment = {**os.environ, "NOVELCRAFT_PREP_EMBEDDING": "hash"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = []
        for number in range(count):
            path = folder / f"book-{number:03}.md"
            path.write_text(book(number, LARGE if number < FEW else SMALL), encoding="utf-8")
            files.append(path)
        few = peak(files[:FEW], folder / "few", environment, "--no-models")
        all_of_them = peak(files, folder / "all", environment, "--no-models")
        print(f"| the {FEW} largest books | {count} books | ratio |\n|---|---|---|")
        print(f"| {few:.0f} MB | {all_of_them:.0f} MB | {all_of_them / few:.2f} |\n")
        print("| slots | calls in flight at once |\n|---|---|")
        for slots in SLOTS:
            print(f"| {slots} | {width(folder, files[FEW : FEW + 8], slots, environment)} |")


if __name__ == "__main__":
    main()
