"""Rows as batches of tensors.

A pack holds rows whole, one after the other. Positions begin anew with each row, and there is no
attention mask: from that, transformers builds one that lets no row see another. An all-ones mask
would take its place and let each row see all rows before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from novelcraft.finetune.data.packing import pack
from novelcraft.finetune.data.rows import IGNORED, TrainRow

ROWS = "rows"
"""The numbers of a batch's rows, for whoever has to name them; not for the model."""


@dataclass(frozen=True)
class Item:
    """What is put in one line of a batch: a row, or a pack of rows."""

    rows: tuple[int, ...]
    """Their numbers in the data set."""
    tokens: tuple[int, ...]
    labels: tuple[int, ...]
    positions: tuple[int, ...]


def items(rows: Sequence[TrainRow], *, packing: bool, room: int) -> list[Item]:
    """Each row by itself, or packed.

    Args:
        rows: The rows of the data set.
        packing: Whether to pack them.
        room: Tokens of a pack.
    """
    if not packing:
        return [_item(rows, (number,)) for number in range(len(rows))]
    packs = pack([len(row.tokens) for row in rows], room)
    return [_item(rows, tuple(numbers)) for numbers in packs]


def _item(rows: Sequence[TrainRow], numbers: tuple[int, ...]) -> Item:
    chosen = [rows[number] for number in numbers]
    return Item(
        rows=numbers,
        tokens=tuple(token for row in chosen for token in row.tokens),
        # A row's first token would be foretold from the row before it.
        labels=tuple(label for row in chosen for label in (IGNORED, *row.labels[1:])),
        positions=tuple(at for row in chosen for at in range(len(row.tokens))),
    )


@dataclass(frozen=True)
class Collator:
    """Makes a batch of items.

    Padding is a row of its own after the others, with nothing to learn.
    """

    pad: int
    """The token to pad with."""
    packing: bool

    def __call__(self, chosen: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """A batch of the data set's records, as `record` makes them."""
        longest = max(len(one["tokens"]) for one in chosen)
        missing = [longest - len(one["tokens"]) for one in chosen]
        batch = {
            "input_ids": _stacked(chosen, "tokens", [[self.pad] * n for n in missing]),
            "labels": _stacked(chosen, "labels", [[IGNORED] * n for n in missing]),
            ROWS: torch.tensor([number for one in chosen for number in one["rows"]]),
        }
        if self.packing:
            ends = [list(range(n)) for n in missing]
            batch["position_ids"] = _stacked(chosen, "positions", ends)
        else:
            masks = [[1] * (longest - n) + [0] * n for n in missing]
            batch["attention_mask"] = torch.tensor(masks)
        return batch


def record(item: Item) -> dict[str, list[int]]:
    """An item as a record of a data set."""
    return {
        "tokens": list(item.tokens),
        "labels": list(item.labels),
        "positions": list(item.positions),
        "rows": list(item.rows),
    }


def _stacked(chosen: Sequence[dict[str, Any]], key: str, ends: Sequence[list[int]]) -> torch.Tensor:
    return torch.tensor([[*one[key], *end] for one, end in zip(chosen, ends, strict=True)])
