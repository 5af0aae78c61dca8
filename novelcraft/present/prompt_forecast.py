"""The prompts of the scenes to come, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.graphs.prompt_forecast import Forecast, PartForecast, PromptForecast
from novelcraft.state.layout import PARTS


def forecast_lines(forecast: Forecast) -> Iterator[str]:
    """A line for each scene, then how they stand to the narrator's context."""
    if not forecast.prompts:
        yield "No scene is to come: the book is written."
        return
    heads = ("scene", *PARTS, "text", "together", "cut")
    yield _row(heads)
    for prompt in forecast.prompts:
        yield _row(_cells(prompt))
    how = "counted by its tokenizer" if forecast.counted else "estimated on the safe side"
    yield ""
    yield f"Layout {forecast.layout}, {forecast.model}, {how}."
    yield from forecast.history
    yield _verdict(forecast)


def _cells(prompt: PromptForecast) -> tuple[str, ...]:
    parts = [_tokens(prompt.parts[name]) for name in PARTS]
    cut = [f"{name} {part.trimmed:,}" for name, part in prompt.parts.items() if part.trimmed > 0]
    known = all(part.exact for part in prompt.parts.values())
    together = f"{'' if known else '<'}{prompt.total:,}"
    return (
        f"{prompt.position} {prompt.scene_id}",
        *parts,
        f"{prompt.scene:,}",
        together,
        ", ".join(cut),
    )


def _tokens(part: PartForecast) -> str:
    return f"{'' if part.exact else '<'}{part.tokens:,}"


def _row(cells: tuple[str, ...]) -> str:
    first, *middle, last = cells
    return f"{first:<10}" + "".join(f"{cell:>9}" for cell in middle) + (f"  {last}" if last else "")


def _verdict(forecast: Forecast) -> str:
    longest = max(forecast.prompts, key=lambda prompt: prompt.total)
    if not forecast.context:
        return f"The longest takes {longest.total:,} tokens; the narrator's context is not known."
    if longest.total <= forecast.context:
        return f"All fit its context of {forecast.context:,}; the longest takes {longest.total:,}."
    over = [prompt for prompt in forecast.prompts if prompt.total > forecast.context]
    return (
        f"{len(over)} may not fit its context of {forecast.context:,}: scene {longest.position} "
        f"takes up to {longest.total:,}. Serve it with a longer context, or set smaller numbers "
        "under [budget]."
    )
