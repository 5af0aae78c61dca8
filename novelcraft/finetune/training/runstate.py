"""What a run needs, beside the adapter, to go on as if it had never stopped.

Tensors go to safetensors and everything else to JSON: no file of a checkpoint can hold code.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

OPTIMIZER_TENSORS, OPTIMIZER_FILE = "optimizer.safetensors", "optimizer.json"
_RANDOM_FILE = "random-{rank}.safetensors"


def save_optimizer(folder: Path, optimizer: Any, scheduler: Any, scaler: Any = None) -> None:
    """Write the state of the optimiser, the learning rate's schedule and the loss scaler."""
    state = optimizer.state_dict()
    tensors: dict[str, torch.Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for number, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{number}.{name}"] = value.detach().contiguous().cpu()
            else:
                plain.setdefault(str(number), {})[name] = value
    save_file(tensors, folder / OPTIMIZER_TENSORS)
    written = {
        "groups": state["param_groups"],
        "plain": plain,
        "scheduler": scheduler.state_dict(),
        "scaler": scaler.state_dict() if scaler is not None else None,
    }
    (folder / OPTIMIZER_FILE).write_text(json.dumps(written), encoding="utf-8")


def load_optimizer(folder: Path, optimizer: Any, scheduler: Any, scaler: Any = None) -> None:
    """Take back what `save_optimizer` wrote."""
    written = json.loads((folder / OPTIMIZER_FILE).read_text(encoding="utf-8"))
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in load_file(folder / OPTIMIZER_TENSORS).items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    for number, values in written["plain"].items():
        state.setdefault(int(number), {}).update(values)
    optimizer.load_state_dict({"state": state, "param_groups": written["groups"]})
    scheduler.load_state_dict(written["scheduler"])
    if scaler is not None and written["scaler"]:
        scaler.load_state_dict(written["scaler"])


def save_random(folder: Path, rank: int) -> None:
    """Write where this process's sources of random numbers stand."""
    version, numbers, gauss = random.getstate()
    kind, words, place, has_gauss, cached = np.random.get_state(legacy=True)
    tensors = {
        "python": torch.tensor([version, *numbers], dtype=torch.int64),
        "python_gauss": torch.tensor([] if gauss is None else [gauss], dtype=torch.float64),
        "numpy": torch.from_numpy(np.asarray(words).astype(np.int64)),
        "numpy_place": torch.tensor([place, has_gauss], dtype=torch.int64),
        "numpy_gauss": torch.tensor([cached], dtype=torch.float64),
        "torch": torch.random.get_rng_state(),
    }
    if torch.cuda.is_available():
        tensors["cuda"] = torch.cuda.random.get_rng_state()
    save_file(tensors, folder / _RANDOM_FILE.format(rank=rank), metadata={"numpy": str(kind)})


def load_random(folder: Path, rank: int) -> None:
    """Take back what `save_random` wrote; a process that wrote nothing is left as it is."""
    file = folder / _RANDOM_FILE.format(rank=rank)
    if not file.is_file():
        return
    kept = load_file(file)
    version, *numbers = kept["python"].tolist()
    gauss = kept["python_gauss"].tolist()
    random.setstate((version, tuple(numbers), gauss[0] if gauss else None))
    place, has_gauss = kept["numpy_place"].tolist()
    words = kept["numpy"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", words, place, has_gauss, kept["numpy_gauss"].item()))
    torch.random.set_rng_state(kept["torch"])
    if "cuda" in kept and torch.cuda.is_available():
        torch.cuda.random.set_rng_state(kept["cuda"])
