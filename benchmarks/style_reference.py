"""Make the reference figures of the style score, and measure how well it tells authors apart.

    python -m benchmarks.style_reference FOLDER [--out FILE.json] [--language en]

FOLDER holds novels in any format that `novelcraft prep` reads, with author and title in their
metadata; editions of one title count once. With --out the figures of pools of 5,000 words are
written: means, deviations and quantiles of distances, no text. The first table gives, by size of
pool, how often two pools of different authors are farther apart than two of one author (AUC). The
second scores each author with two books by figures that were made without that author.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from statistics import quantiles

from novelcraft.errors import BookError, InputError
from novelcraft.state.style import Calibration, PartScore, StylePart, StyleReference
from novelcraft.tools.books.cleaning.chapters import split_chapters
from novelcraft.tools.books.cleaning.clean import clean
from novelcraft.tools.books.reading.convert import read_source
from novelcraft.tools.metrics.calibration import (
    BookPools,
    ReferenceBook,
    auc,
    by_author,
    calibrated,
    evenly,
    measured_books,
    other_pairs,
    reference_of,
    same_pairs,
    scales_of,
)
from novelcraft.tools.metrics.style_distances import (
    PARTS,
    Distances,
    combined,
    mean_distances,
    placed,
    pool_distances,
)

SIZES = (1_000, 2_500, 5_000, 10_000)
OTHERS = 8
"""Books by others that each book is held against."""
Scored = dict[str, PartScore]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--language", default="en")
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    books = books_of(given.folder)
    print(f"{len(books)} books of {len({b.author for b in books})} authors\n")
    separation(books, given.language)
    measured = measured_books(books, given.language)
    held_out(measured, given.language)
    if given.out:
        reference = reference_of(measured, given.language)
        given.out.write_text(rounded(reference), encoding="utf-8")


def books_of(folder: Path) -> list[ReferenceBook]:
    """The books of a folder, one edition of each."""
    found: dict[str, ReferenceBook] = {}
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        try:
            source, raw = read_source(path)
        except BookError as error:
            print(f"left out: {error}")
            continue
        if not source.author:
            print(f"left out: {path.name} names no author")
            continue
        text = "\n\n".join(chapter.text for chapter in split_chapters(clean(raw).narrative))
        book = ReferenceBook(source.title, source.author, text)
        found.setdefault(book.title.casefold(), book)
    return list(found.values())


def separation(books: Sequence[ReferenceBook], language: str) -> None:
    """Print the AUC by size of pool, part, and what the pools of one author have in common."""
    print("| pool words | one author's pools | pairs | " + " | ".join((*PARTS, "overall")) + " |")
    print("|---" * (len(PARTS) + 4) + "|")
    for size in SIZES:
        measured = measured_books(books, language, size)
        scales = scales_of([pool for book in measured for pool in book.pools])
        other = [pool_distances(a, b, scales) for a, b in other_pairs(measured)]
        for label, groups in (("two books", [measured]), ("one book", [[b] for b in measured])):
            across = label == "two books"
            pairs = [p for group in groups for p in same_pairs(group, across=across)]
            same = [pool_distances(a, b, scales) for a, b in pairs]
            if same:
                figures = " | ".join(f"{value:.3f}" for value in aucs(same, other))
                print(
                    f"| {size:,} | {label} | {len(same)} / {len(other)} | {figures} |", flush=True
                )


def aucs(same: Sequence[Distances], other: Sequence[Distances]) -> list[float]:
    """Of each part, and of all together that are of use."""
    parts: dict[StylePart, Calibration] = {}
    for part in PARTS:
        with suppress(InputError):
            parts[part] = calibrated(part, [d[part] for d in same], [d[part] for d in other])
    found = [auc([d[part] for d in same], [d[part] for d in other]) for part in PARTS]
    return [*found, auc([combined(d, parts) for d in same], [combined(d, parts) for d in other])]


def held_out(books: Sequence[BookPools], language: str) -> None:
    """Print the scores of whole books, by figures made without the author they are held against."""
    same: list[Scored] = []
    other: list[Scored] = []
    for author, own in by_author(books).items():
        others = [b for b in books if b.author != author]
        if len(own) > 1:
            reference = reference_of(others, language)
            same += [scored(a, b, reference) for a, b in permutations(own, 2)]
            other += [scored(a, b, reference) for b in own for a in evenly(others, OTHERS)]
    if not same:
        print("(no author has two books)")
        return
    print("\n| score of a book against | books | part | quartile | median | quartile |")
    print("|---|---|---|---|---|---|")
    for label, found in (("another by its author", same), ("one by another author", other)):
        for name in (*PARTS, "overall"):
            low, middle, high = quantiles([scores[name].score for scores in found], n=4)
            print(f"| {label} | {len(found)} | {name} | {low:.0f} | {middle:.0f} | {high:.0f} |")
    distances = [[scores["overall"].distance for scores in found] for found in (same, other)]
    print(f"\nAUC of whole books: {auc(*distances):.3f}")


def scored(candidate: BookPools, profile: BookPools, reference: StyleReference) -> Scored:
    distances = mean_distances(candidate.pools, profile.pools, reference.scales)
    parts = {str(part): placed(d, reference.parts[part]) for part, d in distances.items()}
    whole = placed(combined(distances, reference.parts), reference.overall)
    return {**parts, "overall": whole}


def rounded(reference: StyleReference) -> str:
    """The figures as JSON, with five digits."""

    def short(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.5g}")
        if isinstance(value, dict):
            return {k: short(v) for k, v in value.items()}
        return [short(v) for v in value] if isinstance(value, list | tuple) else value

    return json.dumps(short(reference.model_dump(mode="json")), indent=1) + "\n"


if __name__ == "__main__":
    main()
