"""Who wrote a paragraph of a scene: which call of the narrator, or a person. Pure of Textual."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from novelcraft.state.calls import CallRecord
from novelcraft.state.manuscript import Provenance, SceneCommit
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.text import clipped

Author = Literal["the narrator", "the narrator, changed by a person", "a person"]

ALIKE = 0.6
"""Share of two paragraphs that is the same, from which one was made of the other."""
PERSON = "person"
"""The role of words that no model wrote."""

_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*")


class Span(NamedTuple):
    """A paragraph: characters of its text."""

    begin: int
    end: int


def spans(text: str) -> list[Span]:
    """The paragraphs of a text: its lines that are not blank."""
    return [Span(*match.span()) for match in _PARAGRAPH.finditer(text)]


def paragraphs(text: str) -> list[str]:
    """The same, as texts without blanks around them."""
    return [text[begin:end].strip() for begin, end in spans(text)]


def authors(prose: str, narrated: str) -> list[Author]:
    """Who wrote each paragraph of a scene that a person edited.

    Args:
        prose: The scene as it stands.
        narrated: The scene as the narrator wrote it; empty where there is no such.
    """
    now, then = paragraphs(prose), paragraphs(narrated)
    found: list[Author] = ["a person"] * len(now)
    matcher = SequenceMatcher(None, then, now, autojunk=False)
    for tag, old, old_end, new, new_end in matcher.get_opcodes():
        for number in range(new, new_end):
            if tag == "equal":
                found[number] = "the narrator"
            elif _like_one(now[number], then[old:old_end]):
                found[number] = "the narrator, changed by a person"
    return found


def _like_one(text: str, others: Sequence[str]) -> bool:
    return any(SequenceMatcher(None, other, text).ratio() >= ALIKE for other in others)


def narrated_for(store: ManuscriptStore, commit: SceneCommit) -> SceneCommit | None:
    """What the narrator wrote of a scene: the commit itself, or the one that a person edited.

    Of several the one that has the most paragraphs in common with the scene as it stands.
    """
    if commit.provenance.role != PERSON:
        return commit
    here = set(paragraphs(commit.prose))
    versions = [c for c in store.versions(commit.scene_id) if c.provenance.role != PERSON]
    return max(versions, key=lambda c: len(here & set(paragraphs(c.prose))), default=None)


def origin(store: ManuscriptStore, commit: SceneCommit, number: int) -> str:
    """Where a paragraph of a scene is from, in lines.

    Args:
        store: The novel's.
        commit: The scene.
        number: Of the paragraph, from 0.
    """
    narrated = narrated_for(store, commit)
    wrote = authors(commit.prose, narrated.prose if narrated else "")
    texts = paragraphs(commit.prose)
    number = min(number, len(texts) - 1)
    lines = []
    if texts:
        lines += [
            f"Paragraph {number + 1} of {len(texts)}: {clipped(texts[number], 60)}",
            f"written  by {wrote[number]}",
        ]
        if narrated and wrote[number] != "a person":
            lines += _call(store, narrated.provenance, texts[number])
            lines += _made(narrated.provenance)
    lines += ["", f"The scene, commit {commit.id}"]
    lines.append(f"accepted {commit.accepted_by}")
    lines += [f"by {name}: {listed}" for name, listed in _shares(wrote)]
    lines += [f"stale    {why}" for why in commit.stale]
    return "\n".join(lines)


def _call(store: ManuscriptStore, made: Provenance, text: str) -> list[str]:
    """The call that a paragraph came with; all calls of its draft where it is of no single one."""
    calls = [(n, record) for n, key in enumerate(made.calls, 1) if (record := store.find_call(key))]
    of = [(n, record) for n, record in calls if text in record.text] or calls
    return [_line(n, len(made.calls), record) for n, record in of]


def _line(number: int, total: int, record: CallRecord) -> str:
    at = record.at[:19].replace("T", " ")
    read, written = record.usage.prompt_tokens, record.usage.completion_tokens
    return (
        f"call     {record.key[:16]} ({number} of {total}), {at} UTC, "
        f"{read} tokens read, {written} written, seed {record.seed}"
    )


def _made(made: Provenance) -> list[str]:
    sampling = ", ".join(f"{k} {v}" for k, v in made.sampling.items())
    return [
        f"draft    {made.attempt}, ended by {made.finish_reason}",
        f"model    {made.model}, {f'adapter {made.adapter}' if made.adapter else 'no adapter'}",
        f"sampling {sampling or 'as the server has it'}; seed {made.seed}",
        f"tokens   {made.prompt_tokens} read, {made.completion_tokens} written",
        f"prompt   {made.prompt_hash[:16]}, template {made.template_hash[:16]}",
    ]


def _shares(wrote: Sequence[Author]) -> list[tuple[Author, str]]:
    """Each author with the numbers of his paragraphs, from 1: `2, 5-7`."""
    shares = []
    for author in dict.fromkeys(wrote):
        runs: list[list[int]] = []
        for number in (n for n, who in enumerate(wrote, 1) if who == author):
            if runs and runs[-1][-1] == number - 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        shares.append((author, ", ".join(_range(run) for run in runs)))
    return shares


def _range(run: list[int]) -> str:
    return f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}"
