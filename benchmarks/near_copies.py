"""What the release gate finds of near copies, and how often it cries over honest prose.

    python -m benchmarks.near_copies BOOK.epub ... [--novels FOLDER ...] [--paraphrase 8]

Cuts each book into scenes of about 1,500 words and measures what they have in common with the
other books and with the rest of their own, and what novels of this program have in common with
all of them: nothing of it is a copy. Then copies every eighth scene in the ways of
`tests/tools/metrics/near_copies.py` and measures those against their book. With `--paraphrase`
the model of the narrator's role (`NARRATOR=…`) tells so many of them again in other words.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.book_scenes import pieces
from novelcraft.config.root import Settings
from novelcraft.graphs.agent_sessions import open_sessions
from novelcraft.graphs.novel import Novel
from novelcraft.state.calls import Message
from novelcraft.state.memory import GeneratedText, MemoryLimits, MemoryReport
from novelcraft.tools.metrics.memory import TrainingText, memory_report
from novelcraft.tools.models.chat import ModelRequest
from tests.tools.metrics.near_copies import ATTACKS

WORDS = 1_500
"""Words of a scene, at least."""
EVERY = 8
"""One scene in so many is held out, and copied."""
PASSAGE = 120
"""Words that a model is asked to tell again at a time."""
RETELL = "Tell this passage of a novel again in other words. Keep everything that happens in it."


def measured(texts: list[str], *sources: str) -> MemoryReport:
    return memory_report(
        [GeneratedText(name=f"{n}", text=text) for n, text in enumerate(texts)],
        [TrainingText(f"{n}", source) for n, source in enumerate(sources)],
    )


def caught(report: MemoryReport) -> bool:
    limits = MemoryLimits()
    longest = max((run.length for run in report.runs), default=0)
    return (
        longest >= limits.run_words
        or report.run_share > limits.run_share
        or (report.alike_share or 0) > limits.alike_share
    )


def row(name: str, reports: list[MemoryReport]) -> str:
    words = sum(r.words for r in reports)
    runs = sum(r.run_share * r.words for r in reports) / words
    alike = sum((r.alike_share or 0) * r.words for r in reports) / words
    longest = max((run.length for r in reports for run in r.runs), default=0)
    found = sum(map(caught, reports))
    return f"| {name} | {found} of {len(reports)} | {longest} | {runs:.2%} | {alike:.2%} |"


def rows(cut: dict[str, list[str]]) -> Iterator[str]:
    held, rest = parted(cut)
    yield row(
        "scenes of one novel against another",
        [measured(cut[a], "\n\n".join(cut[b])) for a in cut for b in cut if a != b],
    )
    yield row("held-out scenes against the rest", [measured(held[a], rest[a]) for a in cut])
    for name, attack in ATTACKS.items():
        yield row(
            name,
            [measured([attack(piece)], "\n\n".join(cut[a])) for a in cut for piece in held[a]],
        )


def parted(cut: dict[str, list[str]]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Of each book every eighth scene, and the text of the others."""
    held = {name: scenes[::EVERY] for name, scenes in cut.items()}
    rest = {
        name: "\n\n".join(scene for n, scene in enumerate(scenes) if n % EVERY)
        for name, scenes in cut.items()
    }
    return held, rest


def generated(folders: Sequence[Path], cut: dict[str, list[str]]) -> str:
    """The row of novels that this program wrote, each against all books."""
    books = ["\n\n".join(scenes) for scenes in cut.values()]
    novels = []
    for folder in folders:
        with Novel.open(folder) as novel:
            chain = novel.store.chain(novel.store.branch("main").head)
            novels.append([commit.prose for commit in chain])
    return row("generated novels against all", [measured(scenes, *books) for scenes in novels])


async def paraphrased(cut: dict[str, list[str]], count: int) -> str:
    """The row of scenes that a model was asked to tell in other words."""
    held, _ = parted(cut)
    chosen = [(book, scene) for book in held for scene in held[book]]
    chosen = chosen[:: max(1, len(chosen) // count)][:count]
    reports = []
    async with open_sessions(Settings()) as session:
        models = session("paraphrase").caller.models
        for book, scene in chosen:
            told = []
            for number, part in enumerate(passages(scene)):
                request = ModelRequest(
                    role="narrator",
                    purpose="benchmark.paraphrase",
                    step=f"{len(reports)}/{number}",
                    messages=(Message(role="user", content=f"{RETELL}\n\n{part}"),),
                    max_tokens=2 * len(part.split()) + 40,
                    seed=number,
                )
                told.append((await models.stream(request, lambda _: True)).text)
            reports.append(measured(["\n\n".join(told)], "\n\n".join(cut[book])))
    return row("paraphrased by a model", reports)


def passages(scene: str) -> Iterator[str]:
    """The scene in parts of whole paragraphs, of about 120 words."""
    part: list[str] = []
    for paragraph in scene.split("\n\n"):
        part.append(paragraph)
        if sum(len(p.split()) for p in part) >= PASSAGE:
            yield "\n\n".join(part)
            part = []
    if part:
        yield "\n\n".join(part)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("books", nargs="+", type=Path)
    arguments.add_argument("--novels", nargs="*", type=Path, default=[])
    arguments.add_argument("--paraphrase", type=int, default=0, metavar="SCENES")
    given = arguments.parse_args()
    cut = {book.stem: [piece.text for piece in pieces(book, WORDS)] for book in given.books}
    print("| texts | caught | longest run | in runs of 8 | in alike passages |")
    print("|---|---|---|---|---|")
    if given.novels:
        print(generated(given.novels, cut), flush=True)
    if given.paraphrase:
        print(asyncio.run(paraphrased(cut, given.paraphrase)), flush=True)
    for line in rows(cut):
        print(line, flush=True)


if __name__ == "__main__":
    main()
