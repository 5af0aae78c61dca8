"""What is asked of both sides: prompts in tokens, as rows have them. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from novelcraft.finetune.data.rows import TrainRow, prompt_of
from novelcraft.finetune.evaluation.material import Material, human_scene
from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.evaluation.other_worlds import other_worlds
from novelcraft.prompts.narrator import STOPS, NarratorInput, assemble, prompt_hash
from novelcraft.state.calls import Message
from novelcraft.state.evaluation import SampleKind
from novelcraft.state.rows import TrainingRow
from novelcraft.tools.books.rows.chat_template import CHATML, row_texts
from novelcraft.tools.models.thinking import CLOSE, OPEN, split_thinking

_ANSWER = "It was evening."
"""Stands for a scene, to see what the template puts around one."""


@dataclass(frozen=True)
class Prompt:
    """A prompt, and the scene that a person wrote to it, where there is one."""

    name: str
    kind: SampleKind
    text: str
    """All messages of the prompt, one after the other."""
    brief: str
    """The part that says what the scene must do."""
    tokens: tuple[int, ...]
    hash: str
    """SHA-256 of its messages."""
    human: str | None = None


@dataclass(frozen=True)
class Written:
    """What each side wrote to a prompt; empty where it was no longer asked."""

    prompt: Prompt
    texts: Mapping[Side, str]


class Prompter:
    """Lays out prompts as the rows' were, and takes apart what is written to them."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._tokenizer = material.data.tokenizer
        asked = (Message(role="user", content=_ANSWER), Message(role="assistant", content=_ANSWER))
        prompt, completion = row_texts(self._tokenizer.template or CHATML, asked, material.think)
        before, _, after = completion.rpartition(_ANSWER)
        self._opened = prompt.rstrip().endswith(OPEN)
        self.closing = tuple(self._tokenizer.encode(before)) if CLOSE in before else ()
        """An empty think block, or its end, where the template has one that the rows fill in.

        Rows teach how to come through it; a base that is not put past it would think for as long
        as it may, and write nothing.
        """
        self.turn_end = after.strip()
        """What the template puts after an answer."""

    def held_out(self) -> tuple[Prompt, ...]:
        """The prompts of the validation rows, in an order whose every beginning is spread evenly.

        Their tokens are the rows' own.
        """
        material = self._material
        return self._of_rows("held_out", material.validation, material.data.validation)

    def trained(self) -> tuple[Prompt, ...]:
        """The prompts of the training rows, likewise."""
        material = self._material
        return self._of_rows("trained", material.train, material.data.train)

    def other_worlds(self) -> tuple[Prompt, ...]:
        """The prompts of worlds of no training book."""
        return tuple(
            self.prompt(world.prompt, f"other-world/{world.name}") for world in other_worlds()
        )

    def prompt(self, given: NarratorInput, name: str = "") -> Prompt:
        """Lay out a prompt in the layout of the rows, its brief whole.

        Raises:
            ConfigError: The chat template cannot render it.
        """
        count = self._tokenizer.count
        rows, brief = self._material.layout, sum(count(f"{line}\n") for line in given.brief)
        made = assemble(given, rows.with_parts(brief=max(rows.brief, brief)), count)
        answer = Message(role="assistant", content=_ANSWER)
        tokens, _ = self._tokenizer.encode_row((*made.messages, answer), self._material.think)
        return Prompt(
            name=name,
            kind="other_world",
            text=made.text,
            brief="\n".join(given.brief),
            tokens=tuple(tokens),
            hash=made.hash,
        )

    def scene(self, tokens: Sequence[int], *, closed: bool) -> str:
        """What was written, without think block and end of turn.

        Args:
            tokens: As they were written.
            closed: Whether the prompt ended in `closing`.
        """
        written = self._tokenizer.tokenizer.decode(list(tokens), skip_special_tokens=False)
        text = split_thinking(written, opened=self._opened and not closed).answer
        for end in self.ends:
            text = text.partition(end)[0]
        return text.strip()

    @property
    def ends(self) -> tuple[str, ...]:
        """Where a text ends: with its turn, or where it begins to write its own prompt."""
        return (self.turn_end, *STOPS) if self.turn_end else STOPS

    def ending_tokens(self) -> frozenset[int]:
        """Control tokens: prose has none, so that each ends a scene."""
        return frozenset(self._tokenizer.control_tokens)

    def tail(self, tokens: Sequence[int]) -> str:
        """The last of what was written, long enough to see an end in it."""
        longest = max(len(end.encode("utf-8")) for end in self.ends)
        return str(
            self._tokenizer.tokenizer.decode(list(tokens[-longest:]), skip_special_tokens=False)
        )

    def _of_rows(
        self, kind: SampleKind, rows: Sequence[TrainingRow], encoded: Sequence[TrainRow]
    ) -> tuple[Prompt, ...]:
        pairs = list(zip(rows, encoded, strict=True))
        return tuple(self._of_row(kind, *pairs[number]) for number in spread(len(pairs)))

    def _of_row(self, kind: SampleKind, row: TrainingRow, encoded: TrainRow) -> Prompt:
        asked = row.messages[:-1]
        return Prompt(
            name=f"{kind.replace('_', '-')}/{row.row_id}",
            kind=kind,
            text="\n".join(message.content for message in asked),
            brief=_brief(asked[-1].content),
            tokens=prompt_of(encoded),
            hash=prompt_hash(asked),
            human=human_scene(row),
        )


def spread(count: int) -> list[int]:
    """The numbers below `count` in an order whose every beginning is spread evenly over them."""
    bits = max(1, (count - 1).bit_length())
    return [n for n in _reversed_bits(bits) if n < count]


def _reversed_bits(bits: int) -> Iterator[int]:
    for number in range(1 << bits):
        yield int(f"{number:0{bits}b}"[::-1], 2)


def _brief(asked: str) -> str:
    """The brief at the end of a prompt, after the line that asks for the scene."""
    before, found, after = asked.rpartition(STOPS[-1])
    return after.partition("\n")[2].strip() if found and before else asked.strip()
