"""Both sides write to the same prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice

from novelcraft.finetune.evaluation.generating import Endings, Sampling, generate
from novelcraft.finetune.evaluation.narrating import Side
from novelcraft.finetune.evaluation.prompting import Prompt, Prompter, Written
from novelcraft.finetune.evaluation.variants import Sides
from novelcraft.prompts.narrator import NarratorInput
from novelcraft.state.base import derive_seed
from novelcraft.state.evaluation import EvalSettings
from novelcraft.state.manuscript import count_words

SIDES: tuple[Side, Side] = ("base", "tuned")
TEMPERATURES = (0.6, 0.9)
"""The lowest and the highest of the narrators' presets: reciting shows most at a low one."""
_SPARSE, _TRIED = 20, 8
"""A side with fewer words a scene than this after so many scenes will never have its words."""


class Writer:
    """Has either side write to prompts, a batch at a time.

    The seed of a scene is made of the evaluation's, the prompt with its name, and the number of
    the draw: a scene does not depend on what is written before it, and two scenes of one prompt,
    as rows without a brief have it, are two.
    """

    def __init__(
        self, sides: Sides, prompter: Prompter, settings: EvalSettings, watch: Callable[[], None]
    ) -> None:
        self._sides = sides
        self._prompter = prompter
        self._settings = settings
        self._watch = watch
        self._sampling = Sampling(
            tokens=settings.scene_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            repetition_penalty=settings.repetition_penalty,
        )
        self._endings = Endings(prompter.ending_tokens(), prompter.ends, prompter.tail)

    def narrate(self, given: Sequence[NarratorInput], side: Side, /) -> list[str]:
        """See `narrating.Narrate`."""
        asked = [(self._prompter.prompt(one), 1) for one in given]
        return self.write(asked, side, tokens=self._settings.probe_tokens)

    def write(
        self,
        asked: Sequence[tuple[Prompt, int]],
        side: Side,
        *,
        tokens: int | None = None,
        temperature: float | None = None,
    ) -> list[str]:
        """A scene for each prompt and number of its draw, in order.

        Args:
            asked: Prompts and numbers.
            side: Who writes.
            tokens: The longest scene; None for that of the settings.
            temperature: To draw at; None for that of the settings.
        """
        size = self._settings.batch_size
        drawn = replace(
            self._sampling,
            tokens=tokens or self._sampling.tokens,
            temperature=temperature or self._sampling.temperature,
        )
        return [
            text
            for start in range(0, len(asked), size)
            for text in self._batch(asked[start : start + size], side, drawn)
        ]

    def _batch(self, asked: Sequence[tuple[Prompt, int]], side: Side, drawn: Sampling) -> list[str]:
        closing = self._prompter.closing if side == "base" else ()
        with self._sides.as_side(side) as model:
            found = generate(
                model,
                [((*prompt.tokens, *closing), self._seed(prompt, draw)) for prompt, draw in asked],
                drawn,
                self._endings,
                self._watch,
            )
        return [self._prompter.scene(tokens, closed=bool(closing)) for tokens in found]

    def _seed(self, prompt: Prompt, draw: int) -> int:
        return derive_seed(self._settings.seed, "evaluation", prompt.name, prompt.hash, draw)


def write_samples(
    writer: Writer,
    prompter: Prompter,
    settings: EvalSettings,
    tell: Callable[[int, int], None],
) -> list[Written]:
    """Have both sides write held-out scenes until both have words, then trained and other ones.

    Args:
        writer: Writes.
        prompter: Lays out the prompts.
        settings: How many scenes and words.
        tell: Told after each batch how many scenes are written, by either side, and about how
            many there will be; may raise.

    Returns:
        The held-out scenes, those to prompts of training, then those of other worlds. A side that
        writes next to nothing is given up on before it has its words.
    """
    size = settings.batch_size
    trained = list(islice(_draws(prompter.trained()), settings.trained_prompts))
    worlds = list(islice(_draws(prompter.other_worlds()), settings.other_worlds))
    others = len(trained) + len(worlds)
    done: list[Written] = []
    asked = list(SIDES)
    held = _draws(prompter.held_out())
    while going := [side for side in asked if _words(done, side) < settings.words]:
        done += _both(writer, list(islice(held, size)), asked)
        asked = [side for side in asked if not _hopeless(done, side)]
        least = min((_words(done, side) for side in going), default=0)
        needed = max(len(done), round(len(done) * settings.words / max(1, least)))
        tell(2 * len(done), 2 * (needed + others))
    whole = 2 * (len(done) + others)
    for prompts, temperature in (
        *((trained[n :: len(TEMPERATURES)], t) for n, t in enumerate(TEMPERATURES)),
        (worlds, None),
    ):
        for start in range(0, len(prompts), size):
            done += _both(writer, prompts[start : start + size], SIDES, temperature)
            tell(2 * len(done), whole)
    return done


def _draws(prompts: Sequence[Prompt]) -> Iterator[tuple[Prompt, int]]:
    """The prompts again and again, with the number of the draw; the later ones are named by it."""
    for number, prompt in enumerate(cycle(prompts)):
        draw = number // len(prompts) + 1
        yield (replace(prompt, name=f"{prompt.name}#{draw}") if draw > 1 else prompt), draw


def _both(
    writer: Writer,
    asked: Sequence[tuple[Prompt, int]],
    sides: Sequence[Side],
    temperature: float | None = None,
) -> list[Written]:
    texts = {side: writer.write(asked, side, temperature=temperature) for side in sides}
    return [
        Written(prompt, {side: texts[side][n] if side in texts else "" for side in SIDES})
        for n, (prompt, _) in enumerate(asked)
    ]


def _words(done: Sequence[Written], side: Side) -> int:
    return sum(count_words(written.texts[side]) for written in done)


def _hopeless(done: Sequence[Written], side: Side) -> bool:
    return len(done) >= _TRIED and _words(done, side) < _SPARSE * len(done)
