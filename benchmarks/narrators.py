"""Novels beside each other: how their narrators fared with the checks.

    python -m benchmarks.narrators NOVEL ...

Write them first from the same premise, pages and seed: once with `NARRATOR_ADAPTER=none`, say.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from novelcraft.graphs.novel import Novel

SLIPS = ("prose.assistant", "prose.loop", "prose.monotone", "prose.person", "prose.tense")


def figures(folder: Path) -> Iterator[tuple[str, str]]:
    """What is told of a novel, a name and a value each."""
    with Novel.open(folder) as novel:
        chain = novel.store.chain(novel.store.branch("main").head)
        found = Counter(f.check for c in chain for f in c.findings)
        narrations = [line for line in novel.store.model_lines() if line.role == "narrator"]
        steps = {call.step.rpartition("/")[0] for call in novel.store.calls(role="narrator")}
    first = sum(c.accepted_by != "cap" and c.provenance.attempt == 1 for c in chain)
    capped = sum(c.accepted_by == "cap" for c in chain)
    yield "narrator", ", ".join(line.adapter or "bare" for line in narrations)
    yield "scenes, drafts", f"{len(chain)}, {len(steps)}"
    yield "passed at first", f"{first / len(chain):.0%}"
    yield "kept at the cap", f"{capped / len(chain):.0%}"
    for name in SLIPS:
        yield f"kept scenes with `{name}`", str(found[name])
    yield "words", f"{sum(c.words for c in chain):,}"
    seconds = sum(line.seconds for line in narrations)
    yield "narrator's seconds", f"{seconds:.0f}"
    yield "its tokens a second", f"{sum(n.completion_tokens for n in narrations) / seconds:.1f}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("novels", nargs="+", type=Path)
    tables = [dict(figures(folder)) for folder in parser.parse_args().novels]
    print("\n".join(f"| {' | '.join([name, *(t[name] for t in tables)])} |" for name in tables[0]))


if __name__ == "__main__":
    main()
