"""`novelcraft adapter convert`: an adapter in the form that a server loads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.adapter_common import AdapterArgument, BaseOption, opened
from novelcraft.errors import InputError
from novelcraft.tools.text import quoted


class Server(StrEnum):
    """Servers that adapters are converted for."""

    gguf = "gguf"
    vllm = "vllm"


class Numbers(StrEnum):
    """Types that a GGUF file can hold an adapter in."""

    f16 = "f16"
    f32 = "f32"


def convert(
    adapter: AdapterArgument,
    to: Annotated[Server, typer.Option(help="gguf for llama.cpp, or vllm.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The GGUF file, if not adapter.gguf beside the adapter; for vLLM, a new folder.",
        ),
    ] = None,
    base: BaseOption = "",
    dtype: Annotated[Numbers, typer.Option(help="Type of the numbers in a GGUF file.")] = (
        Numbers.f16
    ),
) -> None:
    """Write an adapter as llama.cpp or vLLM loads it. The embedded engine is a llama.cpp.

    Examples:

    - `novelcraft adapter convert adapters/mine --to gguf`

    - `novelcraft adapter convert adapters/mine --to vllm --out served/mine`
    """
    if to is Server.vllm and out is None:
        raise InputError("For vLLM a folder is made.", fix="Name it: --out DIR")
    folder = opened(adapter)
    if to is Server.gguf:
        _to_gguf(folder, out, base, dtype)
    else:
        assert out is not None
        _to_vllm(folder, out, base)


def _to_gguf(folder: Path, out: Path | None, base: str, dtype: Numbers) -> None:
    from novelcraft.finetune.serving.gguf import convert_adapter
    from novelcraft.tools.models.adapters import GGUF_FILE

    report = convert_adapter(folder, out or folder / GGUF_FILE, base=base, stored_as=dtype.value)
    typer.echo(
        f"{report.architecture}, {report.layers} layers, alpha {report.alpha:g}. Hold it against "
        f"what was trained: novelcraft adapter verify {quoted(folder)} --gguf "
        f"{quoted(report.path)} --model BASE.gguf"
    )
    typer.echo(str(report.path))


def _to_vllm(folder: Path, out: Path, base: str) -> None:
    from novelcraft.finetune.serving.vllm import convert_for_vllm

    made = convert_for_vllm(folder, out, base=base)
    typer.echo(
        f"Hold it against what was trained: novelcraft adapter verify {quoted(folder)} --vllm "
        f"{quoted(made)}"
    )
    typer.echo(str(made))
