"""Style rows: a writer's own samples, as passages to learn the style from.

Samples are not books: they have no scenes, no story so far and no world. A row asks for a passage
of a length, under a system prompt that says what the writer's style measures, and its answer is
whole paragraphs of one sample.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import BookEncodingError, BookError
from novelcraft.prompts.loader import load_template
from novelcraft.state.calls import Message
from novelcraft.state.manuscript import count_words
from novelcraft.state.rows import BookRows, SkippedRow, TrainingRow
from novelcraft.tools.books.reading.encoding import decode
from novelcraft.tools.books.rows.compile import CompiledRows, RowPlace, measured_row, think_of
from novelcraft.tools.books.rows.strategies import Count
from novelcraft.tools.books.rows.style_profile import StyleProfile, measure_style, style_phrases
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer

STYLE_TEMPLATE = "style"
SUFFIXES = (".txt", ".md")

_LEFT_OUT = 1_000.0
"""What it costs to leave a paragraph out, in units of a chunk that is as far off as can be."""
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s")
_NOT_OF_A_NAME = re.compile(r"[^a-z0-9]+")
_WORDS_TO = 50
"""The length that a row asks for is rounded to so many words."""


@dataclass(frozen=True)
class _Sample:
    """A file of samples."""

    name: str
    """Its path in the folder."""
    number: int
    """From 1."""
    sections: list[list[str]]
    """The paragraphs between its headings."""

    @property
    def text(self) -> str:
        return "\n\n".join(p for section in self.sections for p in section)


def compile_style_rows(
    folder: Path, settings: PrepSettings, tokenizer: BaseTokenizer
) -> tuple[BookRows, CompiledRows]:
    """The rows of a folder of samples, with its entry for the manifest.

    Headings end a chunk and belong to none. Paragraphs that make no chunk, because one alone is
    too long or all there are too few, are left out and named.

    Args:
        folder: All its .txt and .md files are samples, those of its folders too.
        settings: Limits of the chunks, and of a row.
        tokenizer: The base model's.

    Raises:
        BookError: There is no such folder, or no sample with text in it.
        ConfigError: The chat template cannot be used.
    """
    samples, skipped = _read(folder)
    # A line break within a paragraph is the editor's, and would count as a paragraph's end.
    profile = measure_style([re.sub(r"(?<!\n)\n(?!\n)", " ", s.text) for s in samples])
    if not profile.words:
        raise BookError(
            f"{folder} holds no samples with text.",
            fix=f"Give a folder with {' or '.join(SUFFIXES)} files of your prose.",
        )
    compiler = _Compiler(f"style-{_slug(folder)}", profile, settings, tokenizer)
    rows: list[TrainingRow] = []
    for sample in samples:
        made, left = compiler.rows(sample)
        rows += made
        skipped += left
    compiled = CompiledRows(tuple(rows), (), tuple(skipped))
    return _entry(compiler.name, samples, compiled), compiled


def plan_chunks(tokens: Sequence[int], low: int, high: int) -> list[tuple[int, int]]:
    """Cut paragraphs into chunks of similar length.

    Args:
        tokens: Of each paragraph.
        low: Of the shortest chunk.
        high: Of the longest chunk.

    Returns:
        Start and end of each chunk, in order. As few paragraphs as possible are in none.
    """
    best: list[tuple[float, int]] = [(0.0, 0)]
    middle, reach = (low + high) / 2, max(1.0, (high - low) / 2)
    for end in range(1, len(tokens) + 1):
        chosen = (best[end - 1][0] + _LEFT_OUT, end)
        total = 0
        for start in range(end - 1, -1, -1):
            total += tokens[start]
            if total > high:
                break
            if total >= low:
                cost = best[start][0] + ((total - middle) / reach) ** 2
                chosen = min(chosen, (cost, start))
        best.append(chosen)
    return _walk_back(best)


def _walk_back(best: Sequence[tuple[float, int]]) -> list[tuple[int, int]]:
    chunks: list[tuple[int, int]] = []
    end = len(best) - 1
    while end > 0:
        start = best[end][1]
        if start < end:
            chunks.append((start, end))
        end = min(start, end - 1)
    return chunks[::-1]


class _Compiler:
    def __init__(
        self, name: str, profile: StyleProfile, settings: PrepSettings, tokenizer: BaseTokenizer
    ) -> None:
        self.name = name
        self._phrases = style_phrases(profile)
        self._settings = settings
        self._tokenizer = tokenizer
        self._think = think_of(tokenizer, settings)

    def rows(self, sample: _Sample) -> tuple[list[TrainingRow], list[SkippedRow]]:
        rows: list[TrainingRow] = []
        skipped: list[SkippedRow] = []
        for section in sample.sections:
            tokens = [_with_break(p, self._tokenizer.count) for p in section]
            # A chunk ends without the break after its last paragraph.
            chunks = plan_chunks(tokens, self._settings.style_low + 2, self._settings.style_high)
            skipped += self._left_out(sample, tokens, chunks)
            for start, end in chunks:
                made = self._row(sample, len(rows) + 1, "\n\n".join(section[start:end]))
                if made.tokens <= self._settings.max_row_tokens:
                    rows.append(made)
                else:
                    skipped.append(_too_long(made, self._settings.max_row_tokens))
        return rows, skipped

    def _row(self, sample: _Sample, number: int, text: str) -> TrainingRow:
        words = max(1, round(count_words(text) / _WORDS_TO)) * _WORDS_TO
        asked = load_template(STYLE_TEMPLATE).render(words=words, **self._phrases)
        place = RowPlace(
            kind="style",
            book_id=self.name,
            chapter_index=sample.number,
            scene_id=f"{sample.name}#{number}",
            name=f"{sample.name}#{number}",
        )
        answer = Message(role="assistant", content=text)
        return measured_row(place, (*asked, answer), self._tokenizer, self._think)

    def _left_out(
        self, sample: _Sample, tokens: Sequence[int], chunks: Sequence[tuple[int, int]]
    ) -> list[SkippedRow]:
        inside = {i for start, end in chunks for i in range(start, end)}
        runs = [
            list(run) for out, run in groupby(range(len(tokens)), inside.__contains__) if not out
        ]
        low, high = self._settings.style_low, self._settings.style_high
        return [
            SkippedRow(
                row_id=f"{self.name}/{sample.name}",
                reason=f"{_paragraphs(len(run))} with {sum(tokens[i] for i in run)} tokens, after "
                f"the {run[0]} before, fit no chunk of {low} to {high}.",
            )
            for run in runs
        ]


def _with_break(paragraph: str, count: Count) -> int:
    return count(f"{paragraph}\n\n")


def _paragraphs(count: int) -> str:
    return "1 paragraph" if count == 1 else f"{count} paragraphs"


def _too_long(row: TrainingRow, most: int) -> SkippedRow:
    return SkippedRow(
        row_id=row.row_id, reason=f"It takes {row.tokens} tokens; a row may have {most}."
    )


def sample_files(folder: Path) -> list[Path]:
    """The files of samples in a folder and below it, in order.

    Raises:
        BookError: There is no such folder, or it holds none.
    """
    there = sorted(folder.rglob("*")) if folder.is_dir() else []
    files = [p for p in there if p.suffix.lower() in SUFFIXES and p.is_file()]
    if not files:
        what = "has no samples in it" if folder.is_dir() else "is no folder"
        raise BookError(
            f"{folder} {what}.",
            fix=f"Give a folder with {' or '.join(SUFFIXES)} files of your prose.",
        )
    return files


def _read(folder: Path) -> tuple[list[_Sample], list[SkippedRow]]:
    files = sample_files(folder)
    samples: list[_Sample] = []
    skipped: list[SkippedRow] = []
    for number, file in enumerate(files, 1):
        name = file.relative_to(folder).as_posix()
        try:
            text = decode(file.read_bytes(), name)
        except BookEncodingError as error:
            row_id = f"style-{_slug(folder)}/{name}"
            skipped.append(SkippedRow(row_id=row_id, reason=error.message))
        else:
            samples.append(_Sample(name, number, _sections(text, file.suffix.lower())))
    return samples, skipped


def _sections(text: str, suffix: str) -> list[list[str]]:
    """The paragraphs of a sample. Without any blank line, each line is one."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if suffix == ".md":
        plain = _FRONT_MATTER.sub("", plain)
    cut = re.split(r"\n\s*\n", plain) if re.search(r"\S\n\s*\n\s*\S", plain) else plain.split("\n")
    paragraphs = [p.strip() for p in cut if p.strip()]
    heads = suffix == ".md"
    return [
        list(run)
        for heading, run in groupby(paragraphs, lambda p: heads and bool(_HEADING.match(p)))
        if not heading
    ]


def _slug(folder: Path) -> str:
    return _NOT_OF_A_NAME.sub("-", folder.resolve().name.lower()).strip("-") or "samples"


def _entry(name: str, samples: Sequence[_Sample], compiled: CompiledRows) -> BookRows:
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(f"{sample.name}\0{sample.text}\0".encode())
    return BookRows(
        book_id=name,
        sha256=digest.hexdigest(),
        scenes=len(compiled.rows),
        rows=len(compiled.rows),
        tokens=sum(row.tokens for row in compiled.rows),
    )
