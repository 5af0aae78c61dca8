"""An adapter's card for people: the `README.md` that model hubs show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from novelcraft.state.evaluation import AdapterCard, Evaluation, StyleSide

_README = "README.md"
_FRONT = re.compile(r"\A---\r?\n(?P<yaml>.*?)\r?\n---\r?$", re.DOTALL | re.MULTILINE)
_SETTINGS = (
    "load_in_4bit", "lora_r", "lora_alpha", "lora_dropout", "lora_target_modules",
    "lora_target_parameters", "use_rslora", "learning_rate", "lr_scheduler",
    "num_epochs", "max_steps", "per_device_batch_size", "gradient_accumulation_steps",
    "max_length", "packing", "neftune_noise_alpha", "seed",
)  # fmt: skip
"""The settings that a reader asks for first; the rest stand in the card for programs."""
_VERDICTS = {
    "passed": "It passed the gate.",
    "failed": "**It failed the gate. Do not let it write:**",
    "not_evaluated": "Whether it repeats its training books is not known.",
}


def base_licence(base: str) -> str:
    """The licence that a base's own card names; empty where it has none, or is no folder."""
    try:
        text = (Path(base).expanduser() / _README).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    front = _front_matter(text)
    named = front.get("license")
    if named == "other":
        named = front.get("license_name") or named
    listed = named if isinstance(named, list) else [named]
    return ", ".join(str(one) for one in listed if one)


def model_card(card: AdapterCard, evaluation: Evaluation | None) -> str:
    """The text of an adapter's `README.md`, with the front matter that hubs read.

    Args:
        card: What is known.
        evaluation: What the gate judged by; None where nothing was.
    """
    return "\n".join((*_front(card), *_body(card, evaluation))) + "\n"


def _front_matter(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    found = _FRONT.match(text)
    if found is None:
        return {}
    try:
        read = YAML(typ="safe", pure=True).load(found["yaml"])
    except YAMLError:
        return {}
    return read if isinstance(read, dict) else {}


def _front(card: AdapterCard) -> Iterator[str]:
    from ruamel.yaml import YAML

    values: dict[str, Any] = {
        "base_model": card.base_model,
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["lora", "novelcraft", "fiction"],
    }
    if card.base_licence:
        values["license"] = card.base_licence
    text = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.dump(values, text)
    yield f"---\n{text.getvalue()}---"


def _body(card: AdapterCard, evaluation: Evaluation | None) -> Iterator[str]:
    yield f"\n# {card.name}\n"
    yield (
        f"A LoRA adapter for `{card.base_model}`, trained with Novelcraft to write the scenes of "
        f"novels. It is that of step {card.step} of its run.\n"
    )
    yield "## The gate\n"
    yield from _gate(card)
    if evaluation is not None:
        yield "\n## What was measured\n"
        yield from _measured(evaluation)
    yield "\n## Data\n"
    books = ", ".join(card.books) if card.books else "not known: the rows have no manifest"
    yield f"- Books: {books}"
    yield f"- SHA-256 of the rows: `{card.data_hash}`"
    if card.manifest_hash:
        yield f"- SHA-256 of their manifest: `{card.manifest_hash}`"
    if card.layout:
        yield f"- Layout of the rows, in which it is to be asked: {card.layout.note}"
    yield "\n## Settings\n"
    yield from _table(
        ("setting", "value"),
        *((key, _shown(card.config[key])) for key in _SETTINGS if key in card.config),
    )
    yield "\n## Licences, as given\n"
    yield f"- Base: {card.base_licence or 'not given'}"
    yield f"- Books: {card.books_licence or 'not given'}"
    yield "\n## Versions\n"
    yield from _table(("package", "version"), *sorted(card.versions.items()))
    yield f"\nSHA-256 of the weights: `{card.adapter_sha256}`. Registered {card.created}."


def _gate(card: AdapterCard) -> Iterator[str]:
    yield _VERDICTS[card.gate.verdict]
    if card.gate.reasons:
        yield ""
        yield from (f"- {reason}" for reason in card.gate.reasons)
    limits = card.gate.limits
    if limits is not None:
        yield ""
        yield from _table(
            ("what", "found", "let through"),
            ("longest run of words of the books", _run(card), f"fewer than {limits.run_words}"),
            (
                "share of words in passages alike to the books",
                f"{card.gate.alike_share:.2%}",
                f"at most {limits.alike_share:.1%}",
            ),
            (
                "largest 5-gram overlap with a human scene for the same brief",
                f"{card.gate.largest_overlap:.3f}",
                f"at most {limits.overlap:g}",
            ),
            ("names of the books in other worlds", str(card.gate.leaked_names), "none"),
        )


def _run(card: AdapterCard) -> str:
    return str(card.gate.longest_run) if card.gate.longest_run else "under 8"


def _measured(evaluation: Evaluation) -> Iterator[str]:
    read, style = evaluation.perplexity, evaluation.style
    scores = ("style score, 0 to 100", _style(style.base), _style(style.tuned))
    styles = [scores] if style.base.score or style.tuned.score else []
    yield from _table(
        ("", "base", "tuned"),
        ("perplexity, validation", f"{read.base:.2f}", f"{read.tuned:.2f}"),
        ("perplexity, training rows", f"{read.training_base:.2f}", f"{read.training_tuned:.2f}"),
        *styles,
    )
    yield f"\nThe gap between validation and training is {read.gap:.2f} times that of the base."
    if style.books.score:
        yield (
            "The validation scenes as people wrote them have a style score of "
            f"{_style(style.books)}."
        )


def _style(side: StyleSide) -> str:
    return f"{side.score.overall.score:.0f}" if side.score else f"none: {side.why_not}"


def _table(head: tuple[str, ...], *rows: tuple[str, ...]) -> Iterator[str]:
    yield _row(head)
    yield "|" + "---|" * len(head)
    yield from map(_row, rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
