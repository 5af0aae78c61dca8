"""Evaluations with numbers as real ones have them, and with hostile texts."""

from __future__ import annotations

from functools import cache
from typing import Any

from novelcraft.finetune.evaluation.probes import run_probes
from novelcraft.finetune.training.metrics import Curve
from novelcraft.state.evaluation import (
    AdapterCard,
    ChapterPerplexity,
    EvalSample,
    EvalSettings,
    Evaluation,
    GateResult,
    PerplexityReport,
    ProbeRun,
    StyleReport,
    StyleSide,
)
from novelcraft.state.memory import MemoryLimits, MemoryReport, NameLeak, Overlap, VerbatimRun
from novelcraft.state.style import PartScore, StylePart, StyleScore
from novelcraft.state.train_events import TrainStep, Validated
from tests.fakes.prose import Novelist
from tests.finetune.evaluation.probes.storyteller import Storyteller

NASTY = "</p><script>alert(1)</script> \"'& {{ 7 * 7 }} \x00\x1b[31m"

_PARTS: tuple[StylePart, ...] = (
    "vocabulary", "sentences", "structure", "pacing", "function_words",
)  # fmt: skip


def score(overall: float) -> StyleScore:
    def part(value: float) -> PartScore:
        return PartScore(
            distance=1 - value / 200, score=value, nearer_than_same=0.4, nearer_than_other=0.8
        )

    parts = {
        name: part(min(100.0, max(0.0, overall + 9 * (number - 2))))
        for number, name in enumerate(_PARTS)
    }
    return StyleScore(
        overall=part(overall), parts=parts, words=6_012, pools=1, reference_words=80_000,
        reference_pools=16,
    )  # fmt: skip


def side(overall: float | None, why_not: str = "Too little text.") -> StyleSide:
    if overall is None:
        return StyleSide(why_not=why_not, words=800)
    return StyleSide(score=score(overall), words=6_012)


def memory(**given: Any) -> MemoryReport:
    values: dict[str, Any] = {
        "limits": MemoryLimits(),
        "texts": 14,
        "words": 12_400,
        "training_texts": 3,
        "training_words": 241_000,
        "training_names": 612,
        "runs": (
            VerbatimRun(
                text="held-out/the-light/ch03-s02", word=12, source="the-light", source_word=90,
                length=11, quote="and the lamp went round and round above the dark water",
            ),
        ),
        "overlaps": (Overlap(text="held-out/the-light/ch03-s02", jaccard=0.0123),),
        "names": (),
        "reasons": (),
    }  # fmt: skip
    return MemoryReport(**(values | given))


def failing() -> MemoryReport:
    run = memory().runs[0].model_copy(update={"length": 34})
    leak = NameLeak(
        text="other-world/salt-station", name="Elias Marrow", count=2, quote="then Elias Marrow"
    )
    reasons = ("A run of 34 words stands in the-light.", "Elias Marrow walks into another world.")
    return memory(runs=(run,), names=(leak,), reasons=reasons)


@cache
def probes(words: int = 110) -> tuple[ProbeRun, ...]:
    """The base forgets, the tuned model slips once."""
    forgets = {("foreshadowing", 7): "She took out a key.", ("character_change", 5): "He climbed."}
    base = run_probes(Storyteller(words, forgets), sides=["base"])  # type: ignore[arg-type]
    slips = {("character_change", 7): "He shut both hands."}
    tuned = run_probes(Storyteller(words, slips), sides=["tuned"])  # type: ignore[arg-type]
    return tuple(run for pair in zip(base, tuned, strict=True) for run in pair)


def sample(number: int = 1, *, human: bool = True, words: int = 180) -> EvalSample:
    texts = {
        who: Novelist(f"{who}/{number}", ("Elias Marrow",)).write(words)
        for who in ("base", "tuned", "human")
    }
    return EvalSample(
        name=f"held-out/the-light/ch0{number}-s01" if human else f"other-world/world-{number}",
        kind="held_out" if human else "other_world",
        brief="Elias climbs the tower and finds the lamp out.\nIt happens here: the lighthouse.",
        human=texts["human"] if human else "",
        base=texts["base"],
        tuned=texts["tuned"],
    )


def perplexity(**given: Any) -> PerplexityReport:
    chapters = tuple(
        ChapterPerplexity(
            chapter=f"the-light/{n}", tokens=2_400 + n, base=26.0 + n * 1.7, tuned=18.5 + n * 1.3
        )
        for n in range(1, 8)
    )
    values: dict[str, Any] = {
        "chapters": chapters, "base": 31.4, "tuned": 22.9, "training_rows": 24,
        "training_base": 30.2, "training_tuned": 18.8,
    }  # fmt: skip
    return PerplexityReport(**(values | given))


def evaluation(**given: Any) -> Evaluation:
    values: dict[str, Any] = {
        "adapter_sha256": "ab" * 32,
        "base_model": "owner/small-135M",
        "data_hash": "cd" * 32,
        "settings": EvalSettings(),
        "device": "cpu",
        "perplexity": perplexity(),
        "style": StyleReport(base=side(31.0), tuned=side(68.0), books=side(91.0)),
        "memory": memory(),
        "base_memory": memory(runs=(), overlaps=()),
        "samples": (sample(1), sample(2), sample(3, human=False)),
        "probes": probes(),
        "seconds": 2_904.0,
        "versions": {"novelcraft": "0.4.0", "torch": "2.13.0"},
    }
    return Evaluation(**(values | given))


def card(**given: Any) -> AdapterCard:
    values: dict[str, Any] = {
        "name": "The Light, first try",
        "created": "2026-11-21T11:00:00Z",
        "base_model": "owner/small-135M",
        "base_licence": "Apache-2.0",
        "books_licence": "public domain",
        "adapter_sha256": "ab" * 32,
        "data_hash": "cd" * 32,
        "books": ("the-light",),
        "config": {},
        "step": 150,
        "versions": {},
        "gate": GateResult(verdict="passed"),
    }
    return AdapterCard(**(values | given))


def curve(steps: int = 200) -> Curve:
    def step(number: int) -> TrainStep:
        loss = 2.6 + 1.2 * 0.98**number + 0.12 * ((number * 7) % 5 - 2)
        return TrainStep(
            step=number, steps=steps, loss=loss, learning_rate=1e-4, gradient_norm=1.0,
            tokens_per_second=90.0, memory_bytes=10**9,
        )  # fmt: skip

    def validated(number: int) -> Validated:
        loss = 3.0 + abs(number - 150) / 220
        return Validated(
            step=number, loss=loss, perplexity=20.0, train_loss=2.9, best=True, chapters=()
        )

    return Curve(
        tuple(step(n) for n in range(1, steps + 1)),
        tuple(validated(n) for n in range(25, steps + 1, 25)),
    )
