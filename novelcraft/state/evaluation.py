"""What an adapter was found to be: its evaluation, the gate's word on it, and its card.

Base and tuned are the same base model, without and with the adapter.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from novelcraft.state.base import Frozen
from novelcraft.state.layout import Layout
from novelcraft.state.memory import MemoryLimits, MemoryReport
from novelcraft.state.style import StyleScore

SampleKind = Literal["held_out", "trained", "other_world"]
"""Written to the prompt of a validation row, to that of a training row, where reciting comes
easiest, or to one of a world of no training book."""
ProbeName = Literal["transitions", "character_change", "foreshadowing"]
ProbeContext = Literal["full", "bare"]
"""With the world context and the rolling summary, or without."""
GateVerdict = Literal["passed", "failed", "not_evaluated"]


class EvalSettings(Frozen):
    """How an adapter is evaluated. The same settings on the same adapter give the same texts."""

    words: int = Field(default=6_000, ge=100)
    """Words that each side writes, at least: a style score needs 5,000."""
    scene_tokens: int = Field(default=700, ge=16)
    """The longest scene, in tokens of the base."""
    probe_tokens: int = Field(default=1_000, ge=16)
    """The longest scene of a probe: room for the 650 words that its brief asks for."""
    other_worlds: int = Field(default=4, ge=1)
    """Scenes of worlds of no training book."""
    trained_prompts: int = Field(default=8, ge=1)
    """Scenes written to prompts of training rows, by turns at the lowest and the highest
    temperature that narrators write with by default."""
    training_rows: int = Field(default=24, ge=1)
    """Rows of the training set that perplexity is taken on too, for the gap to validation."""
    batch_size: int = Field(default=4, ge=1)
    """Scenes written at once."""
    temperature: float = Field(default=0.8, gt=0)
    top_p: float = Field(default=0.95, gt=0, le=1)
    repetition_penalty: float = Field(default=1.0, ge=1)
    """None by default, as it makes full stops and the commonest words rarer: style counts them."""
    probes: bool = True
    """Whether to run the probes, which take the most time."""
    seed: int = Field(default=1, ge=0)
    limits: MemoryLimits = MemoryLimits()


class ChapterPerplexity(Frozen):
    """A validation chapter, read by both."""

    chapter: str
    """`the-iron-heel/3`"""
    tokens: int
    """Tokens that are to be learnt."""
    base: float
    tuned: float


class PerplexityReport(Frozen):
    """Perplexities over the tokens that are to be learnt, every token weighing the same."""

    chapters: tuple[ChapterPerplexity, ...]
    base: float
    """Of all validation chapters."""
    tuned: float
    training_rows: int
    """How many rows of the training set were read for the two below."""
    training_base: float
    training_tuned: float

    @property
    def gain(self) -> float:
        """By what share the validation perplexity fell: 0.15 is 15 %."""
        return 1.0 - self.tuned / self.base

    @property
    def gap(self) -> float:
        """Validation over training perplexity of the tuned model, against the same of the base.

        Above 1 by what was learnt by heart: 1.0 is no overfitting, 1.5 is much.
        """
        return (self.tuned / self.training_tuned) / (self.base / self.training_base)


class StyleSide(Frozen):
    """The style score of one side."""

    score: StyleScore | None = None
    why_not: str = ""
    """For a person, where there is no score."""
    words: int


class StyleReport(Frozen):
    """How near both come to the training books' style."""

    base: StyleSide
    tuned: StyleSide
    books: StyleSide
    """The validation scenes as people wrote them: what a tuned model can hope for."""


class EvalSample(Frozen):
    """A scene, written by both to the same prompt."""

    name: str
    """Unique: `held-out/the-iron-heel/ch03-s02`, `trained/…`, `other-world/salt-station`."""
    kind: SampleKind
    brief: str
    """What the prompt asked for."""
    human: str = ""
    """The scene as a person wrote it, of a row."""
    base: str
    tuned: str


class ProbeFinding(Frozen):
    """What a check found in a probe's scene."""

    scene: int = Field(ge=1)
    check: str
    message: str
    quote: str = ""


class ProbeScene(Frozen):
    """A scene of a probe, as written."""

    brief: str
    text: str


class ProbeRun(Frozen):
    """A probe, written once by one side in one context."""

    probe: ProbeName
    side: Literal["base", "tuned"]
    context: ProbeContext
    scenes: tuple[ProbeScene, ...]
    words: int
    expected: int = Field(ge=1)
    """Things that the checks looked for."""
    met: int = Field(ge=0)
    """Those that were right."""
    findings: tuple[ProbeFinding, ...] = ()
    span: int = Field(default=0, ge=0)
    """Words from where something is planted or changes to the scene where it is looked for last."""
    span_wanted: int = Field(default=0, ge=0)
    """Words that the probe means to bridge; 0 where it bridges from scene to scene only."""

    @property
    def reached(self) -> bool:
        """Whether the scenes were long enough for the distance that the probe is about."""
        return self.span >= self.span_wanted

    @property
    def share(self) -> float:
        """Share of the things looked for that were right, 0 to 1."""
        return self.met / self.expected


class Evaluation(Frozen):
    """Everything that an evaluation found."""

    version: int = 1
    adapter_sha256: str
    """Of the adapter's weights: an evaluation stands for these and no others."""
    base_model: str
    data_hash: str
    """Of the rows, as the training run knew them."""
    settings: EvalSettings
    device: str
    perplexity: PerplexityReport
    style: StyleReport
    memory: MemoryReport
    """What the tuned model has kept of the training books."""
    base_memory: MemoryReport
    """The same for the bare base: what it knew before."""
    samples: tuple[EvalSample, ...]
    probes: tuple[ProbeRun, ...] = ()
    seconds: float
    versions: dict[str, str]


class GateResult(Frozen):
    """Whether an adapter may write."""

    verdict: GateVerdict
    reasons: tuple[str, ...] = ()
    """Why not, for a person."""
    limits: MemoryLimits | None = None
    words: int = 0
    """Words that were searched, where it passed or failed."""
    longest_run: int = 0
    """Words of the longest verbatim run; 0 where there is none of 8 or more."""
    alike_share: float = 0.0
    """Share of its words in passages alike to the training books, 0 to 1."""
    largest_overlap: float = 0.0
    leaked_names: int = 0


class AdapterCard(Frozen):
    """The model card of an adapter: where it comes from and what is known of it."""

    version: int = 1
    name: str
    created: str
    """ISO 8601, UTC."""
    base_model: str
    base_licence: str = ""
    """As given by the base's own card or by the person; empty where nobody said."""
    books_licence: str = ""
    """As given by the person."""
    adapter_sha256: str
    data_hash: str
    """SHA-256 over the files of rows."""
    manifest_hash: str = ""
    """SHA-256 of the data folder's manifest; empty for rows without one."""
    books: tuple[str, ...] = ()
    """Ids of the books that the rows come from."""
    layout: Layout | None = None
    """Of the rows, which is how the adapter is to be asked; None where it is not known."""
    config: dict[str, Any]
    """The training run's settings."""
    step: int
    """Of the checkpoint that the adapter is."""
    versions: dict[str, str]
    gate: GateResult
    perplexity_base: float | None = None
    """On validation rows; None before an evaluation."""
    perplexity_tuned: float | None = None
    style_base: float | None = None
    """Style score, 0 to 100; None where there is none."""
    style_tuned: float | None = None
