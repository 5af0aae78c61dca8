"""What the verbs for adapters share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AdapterArgument = Annotated[
    Path, typer.Argument(metavar="ADAPTER", help="The adapter's folder, or that of its run.")
]
BaseOption = Annotated[
    str,
    typer.Option(
        metavar="MODEL", help="The base, where it has moved: a folder, or its name on the hub."
    ),
]


def opened(adapter: Path) -> Path:
    """The adapter's folder, with the training stack at hand.

    Raises:
        AdapterError: There is no adapter.
        TrainingStackError: What working with it needs is not installed.
    """
    from novelcraft.finetune.adapters.folder import read_adapter
    from novelcraft.finetune.registry.lookup import adapter_folder
    from novelcraft.finetune.stack import require_stack

    folder = adapter_folder(adapter.expanduser())
    # What is wrong with the adapter is said whether the stack is there or not.
    read_adapter(folder)
    require_stack()
    return folder
