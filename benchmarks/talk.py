"""Fit the check for talk about the text, and measure it on books and drafts that it never saw.

    python -m benchmarks.talk BOOKS [--write]

BOOKS is a folder with the EPUB files that LEARNT and HELD name. `talk.jsonl` holds what the bare
embedded model wrote, a draft a line, each paragraph marked as talk or narration by hand: answers
to chats and scenes of novels. `held` ones are for measuring; of those without marks only the
draft as a whole was judged. `--write` puts the weights into the package.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.book_scenes import pieces
from novelcraft.tools.canon.embedders import open_embedder
from novelcraft.tools.checks.talk import WEIGHTS, Weights, judged
from novelcraft.tools.metrics import Prose

LEARNT = (
    "white-fang",
    "the-call-of-the-wild",
    "o-pioneers",
    "ethan-frome",
    "treasure-island",
    "the-thirty-nine-steps",
)
HELD = ("frankenstein", "the-invisible-man", "the-iron-heel", "the-time-machine")
SCENE = 600
"""Words of a scene of a book: what the small model is asked for."""
DRAWN = 300
"""Paragraphs of each book that are learnt from."""
RARE = 0.999
"""Share of the paragraphs of a book not learnt from that lie below the limit."""
STEPS, RATE, DECAY = 3_000, 20.0, 1e-4

Vectors = NDArray[np.float64]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("books", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    embedder = open_embedder("minilm")

    def vectors(texts: Sequence[str]) -> Vectors:
        return np.array(embedder.embed(texts))

    drafts = [json.loads(line) for line in _data().read_text(encoding="utf-8").splitlines()]
    marked = [p for d in drafts if not d["held"] for p in d["paragraphs"]]
    talk = vectors([p["text"] for p in marked if p["talk"]])
    told = vectors([p["text"] for p in marked if not p["talk"]])
    books = [vectors(_drawn(given.books, name)) for name in LEARNT]
    found = fit(books, told, talk, embedder.name)
    if given.write:
        WEIGHTS.write_text(found.model_dump_json() + "\n", encoding="utf-8")
    on_drafts(found, [d for d in drafts if d["held"]], vectors)
    on_books(found, given.books, vectors)


def fit(books: Sequence[Vectors], told: Vectors, talk: Vectors, embedder: str) -> Weights:
    """Weights by logistic regression, the limit by the books left out in turn."""
    left_out = []
    for number, book in enumerate(books):
        others = [other for n, other in enumerate(books) if n != number]
        weights, bias = _regression(np.concatenate([*others, told]), talk)
        left_out.append(book @ weights + bias)
    weights, bias = _regression(np.concatenate([*books, told]), talk)
    limit = float(np.quantile(np.concatenate(left_out), RARE)) - bias
    return Weights(
        embedder=embedder,
        weights=tuple(round(float(w), 3) for w in weights),
        limit=round(limit, 3),
    )


def _regression(no: Vectors, yes: Vectors) -> tuple[Vectors, float]:
    """Logistic regression in which both kinds weigh the same."""
    given = np.concatenate([no, yes])
    truth = np.r_[np.zeros(len(no)), np.ones(len(yes))]
    weight = np.r_[np.full(len(no), 0.5 / len(no)), np.full(len(yes), 0.5 / len(yes))]
    weights, bias = np.zeros(given.shape[1]), 0.0
    for _ in range(STEPS):
        off = (1 / (1 + np.exp(-(given @ weights + bias))) - truth) * weight
        weights -= RATE * (given.T @ off + DECAY * weights)
        bias -= RATE * float(off.sum())
    return weights, bias


def on_books(found: Weights, folder: Path, vectors: Any) -> None:
    """Print what is taken for talk in the scenes of books that were not learnt from."""
    for name in HELD:
        scenes = [_read(piece.text) for piece in pieces(_book(folder, name), SCENE)]
        talks = [[found.talks(v) for v in vectors(scene)] for scene in scenes]
        paragraphs, pairs = sum(map(sum, talks)), sum(map(_two, talks))
        total = sum(map(len, talks))
        print(f"{name}: {paragraphs} of {total} paragraphs, {pairs} of {len(scenes)} scenes")


def on_drafts(found: Weights, drafts: Sequence[dict[str, Any]], vectors: Any) -> None:
    """Print how many drafts that talk are found, and how many that do not."""
    for source in sorted({d["source"] for d in drafts}):
        own = [d for d in drafts if d["source"] == source]
        hits = [_two([found.talks(v) for v in vectors(_texts(d))]) for d in own]
        for kind in (True, False):
            of = [hit for d, hit in zip(own, hits, strict=True) if d["talk"] == kind]
            print(f"{source}, {'talk' if kind else 'narration'}: {sum(of)} of {len(of)} drafts")


def _two(talks: Sequence[bool]) -> bool:
    return any(a and b for a, b in pairwise(talks))


def _texts(draft: dict[str, Any]) -> list[str]:
    return [p["text"] for p in draft["paragraphs"]]


def _read(text: str) -> list[str]:
    return [narration for _, narration in judged(Prose(text))]


def _drawn(folder: Path, name: str) -> list[str]:
    found = [n for piece in pieces(_book(folder, name), SCENE) for n in _read(piece.text)]
    return random.Random(name).sample(found, min(DRAWN, len(found)))


def _book(folder: Path, name: str) -> Path:
    return folder / f"{name}.standardebooks.epub"


def _data() -> Path:
    return Path(__file__).with_suffix(".jsonl")


if __name__ == "__main__":
    main()
