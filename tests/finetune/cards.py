"""Adapters without a model behind them, and evaluations of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from novelcraft.finetune.adapters.evaluation_file import EVALUATION_FILE
from novelcraft.finetune.adapters.fingerprint import weights_hash
from novelcraft.finetune.rowfolder import rows_hash
from novelcraft.state.evaluation import (
    ChapterPerplexity,
    EvalSample,
    EvalSettings,
    Evaluation,
    PerplexityReport,
    StyleReport,
    StyleSide,
)
from novelcraft.state.memory import MemoryLimits, MemoryReport, NameLeak, Overlap, VerbatimRun
from novelcraft.state.style import PartScore, StyleScore
from tests.finetune.adapters.test_folder import adapter as bare_adapter
from tests.finetune.rows import config, row, write_rows

RUN = VerbatimRun(
    text="held-out/b/ch01-s00",
    word=3,
    source="b/ch02",
    source_word=40,
    length=31,
    quote="the keeper climbed the stairs",
)
LEAK = NameLeak(text="other-world/salt", name="Ashgrove", count=2, quote="said Ashgrove and")
RECITES = "held-out/b/ch01-s00 has 31 words in a row from b/ch02"


def trained(folder: Path, *, weights: bytes | None = None) -> Path:
    """An adapter as a run leaves it, `FOLDER/adapter`, with its rows in `FOLDER/data`."""
    data = write_rows(folder / "data", [row(k) for k in range(8)], [row(9)])
    made = bare_adapter(folder / "adapter", weights=weights)
    settings = config(data, lora_r=16).model_dump(mode="json")
    training = {
        "config": settings | {"data": str(data)},
        "data_hash": rows_hash(data),
        "tokenizer": "t",
        "step": 12,
        "versions": {"novelcraft": "0.1.0", "torch": "2.13.0"},
    }
    (made / "training.json").write_text(json.dumps(training), encoding="utf-8")
    return made


def memory(*, recites: bool = False) -> MemoryReport:
    """What the search found."""
    return MemoryReport(
        limits=MemoryLimits(),
        texts=4,
        words=6_100,
        training_texts=8,
        training_words=900,
        training_names=3,
        runs=(RUN,) if recites else (),
        alike_share=0.0,
        overlaps=(Overlap(text="held-out/b/ch01-s00", jaccard=0.02),),
        names=(LEAK,) if recites else (),
        reasons=(f"{RECITES}.", "other-world/salt names Ashgrove.") if recites else (),
    )


def evaluation(adapter: Path, *, recites: bool = False, **changed: Any) -> Evaluation:
    """What an evaluation of that adapter could have found."""
    training = json.loads((adapter / "training.json").read_text(encoding="utf-8"))
    given: dict[str, Any] = {
        "adapter_sha256": weights_hash(adapter),
        "base_model": "owner/base",
        "data_hash": training["data_hash"],
        "settings": EvalSettings(),
        "device": "cpu",
        "perplexity": PerplexityReport(
            chapters=(ChapterPerplexity(chapter="b/3", tokens=90, base=30.5, tuned=20.25),),
            base=30.5,
            tuned=20.25,
            training_rows=8,
            training_base=30.0,
            training_tuned=15.0,
        ),
        "style": StyleReport(base=side(21.4), tuned=side(63.6), books=side(None)),
        "memory": memory(recites=recites),
        "base_memory": memory(),
        "samples": (
            EvalSample(
                name="held-out/b/ch01-s00", kind="held_out", brief="A lamp.", base="x", tuned="y"
            ),
        ),
        "seconds": 9.0,
        "versions": {"novelcraft": "0.1.0"},
    }
    return Evaluation(**(given | changed))


def side(score: float | None) -> StyleSide:
    """A side of a style report."""
    if score is None:
        return StyleSide(why_not="too little text", words=100)
    part = PartScore(distance=1.0, score=score, nearer_than_same=0.5, nearer_than_other=0.5)
    parts = dict.fromkeys(
        ("vocabulary", "sentences", "structure", "pacing", "function_words"), part
    )
    return StyleSide(
        score=StyleScore(
            overall=part,
            parts=parts,
            words=6_000,
            pools=1,
            reference_words=9_000,
            reference_pools=2,
        ),
        words=6_000,
    )


def keep(adapter: Path, found: Evaluation) -> None:
    """Put an evaluation where an evaluation leaves it."""
    (adapter / EVALUATION_FILE).write_text(found.model_dump_json(), encoding="utf-8")
