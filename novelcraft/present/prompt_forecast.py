"""The prompts of the scenes to come, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.graphs.coming import Coming, ComingPart, ComingPrompt
from novelcraft.state.layout import PARTS


def coming_lines(coming: Coming) -> Iterator[str]:
    """A line for each scene, then how they stand to the narrator's context."""
    if not coming.prompts:
        yield "No scene is to come: the book is written."
        return
    heads = ("scene", *PARTS, "text", "together", "cut")
    yield _row(heads)
    for prompt in coming.prompts:
        yield _row(_cells(prompt))
    how = "counted by its tokenizer" if coming.counted else "estimated on the safe side"
    yield ""
    yield f"Layout {coming.layout}, {coming.model}, {how}."
    yield from coming.history
    yield _verdict(coming)


def _cells(prompt: ComingPrompt) -> tuple[str, ...]:
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


def _tokens(part: ComingPart) -> str:
    return f"{'' if part.exact else '<'}{part.tokens:,}"


def _row(cells: tuple[str, ...]) -> str:
    first, *middle, last = cells
    return f"{first:<10}" + "".join(f"{cell:>9}" for cell in middle) + (f"  {last}" if last else "")


def _verdict(coming: Coming) -> str:
    longest = max(coming.prompts, key=lambda prompt: prompt.total)
    if not coming.context:
        return f"The longest takes {longest.total:,} tokens; the narrator's context is not known."
    if longest.total <= coming.context:
        return f"All fit its context of {coming.context:,}; the longest takes {longest.total:,}."
    over = [prompt for prompt in coming.prompts if prompt.total > coming.context]
    return (
        f"{len(over)} may not fit its context of {coming.context:,}: scene {longest.position} "
        f"takes up to {longest.total:,}. Serve it with a longer context, or set smaller numbers "
        "under [budget]."
    )
