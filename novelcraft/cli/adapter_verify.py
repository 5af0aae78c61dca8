"""`novelcraft adapter verify`: what was made of an adapter, held against what was trained."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.adapter_common import AdapterArgument, BaseOption, opened
from novelcraft.cli.common import say
from novelcraft.errors import InputError


def verify(
    adapter: AdapterArgument,
    gguf: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A GGUF file that was made of it.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(metavar="BASE.gguf", help="The base as GGUF, for --gguf.")
    ] = None,
    vllm: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL", help="A folder that was made for vLLM, or a server that loaded it."
        ),
    ] = None,
    name: Annotated[
        str, typer.Option(help="The name that the server knows the adapter by, for a URL.")
    ] = "",
    merged: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A model that it was merged into.")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="The model was merged with --exact.")
    ] = False,
    base: BaseOption = "",
    api_key_env: Annotated[
        str, typer.Option(metavar="NAME", help="Environment variable of the server's key.")
    ] = "OPENAI_API_KEY",
) -> None:
    """Compare what was made of an adapter with the adapter in transformers.

    Logits or log-probabilities of a few texts are compared. It ends with an error where they
    differ by more than rounding explains.

    Examples:

    - `novelcraft adapter verify adapters/mine --gguf adapters/mine/adapter/adapter.gguf
      --model base.gguf`

    - `novelcraft adapter verify adapters/mine --vllm served/mine`

    - `novelcraft adapter verify adapters/mine --vllm http://127.0.0.1:8000 --name mine`

    - `novelcraft adapter verify adapters/mine --merged models/mine`
    """
    _require_one(gguf, model, vllm, name, merged)
    folder = opened(adapter)
    say("Loading the base on the processor, in fp32 …")
    if gguf is not None and model is not None:
        typer.echo(_gguf(folder, gguf, model, base))
    elif merged is not None:
        typer.echo(_merged(folder, merged, base, exact))
    elif vllm is not None and Path(vllm).is_dir():
        typer.echo(_files(folder, Path(vllm), base))
    elif vllm is not None:
        typer.echo(_served(folder, vllm, name, base, os.environ.get(api_key_env, "")))


def _require_one(
    gguf: Path | None, model: Path | None, vllm: str | None, name: str, merged: Path | None
) -> None:
    given = [one for one in (gguf, vllm, merged) if one is not None]
    if len(given) != 1:
        raise InputError(
            "There is nothing to verify." if not given else "One thing is verified at a time.",
            fix="Give --gguf FILE --model BASE.gguf, --vllm DIR, --vllm URL --name NAME, or "
            "--merged DIR.",
        )
    if gguf is not None and model is None:
        raise InputError(
            "A GGUF adapter is verified in llama.cpp, which needs the base.",
            fix="Give the base as a GGUF file: --model BASE.gguf",
        )
    if vllm is not None and "://" not in vllm and not Path(vllm).is_dir():
        raise InputError(
            f"{vllm} is neither a folder nor a URL.", fix="Give --vllm DIR, or --vllm http://…"
        )
    if vllm is not None and not Path(vllm).is_dir() and not name:
        raise InputError(
            "A server may have loaded several adapters.", fix="Name the one to verify: --name NAME"
        )


def _gguf(folder: Path, converted: Path, model: Path, base: str) -> str:
    from novelcraft.finetune.serving.verify_gguf import verify_gguf

    found = verify_gguf(folder, converted, model, base=base)
    return (
        f"It is the adapter that was trained. llama.cpp and transformers differ by "
        f"{found.adapted:.2g} nats at most, without the adapter by {found.bare:.2g}; the adapter "
        f"changes {found.effect:.2g}."
    )


def _merged(folder: Path, merged: Path, base: str, exact: bool) -> str:
    from novelcraft.finetune.serving.merge import verify_merged

    found = verify_merged(folder, merged, base=base, exact=exact)
    return (
        f"It is base and adapter: {found.apart.kl_divergence:.2g} nats a token apart, logits at "
        f"most {found.apart.logits:.2g}; the adapter changes {found.effect.kl_divergence:.2g}."
    )


def _files(folder: Path, converted: Path, base: str) -> str:
    from novelcraft.finetune.serving.verify_vllm import verify_files

    found = verify_files(folder, converted, base=base)
    return (
        f"It is the adapter that was trained: {found.apart.kl_divergence:.2g} nats a token apart; "
        f"the adapter changes {found.effect.kl_divergence:.2g}."
    )


def _served(folder: Path, url: str, name: str, base: str, key: str) -> str:
    from novelcraft.finetune.serving.served import ServedModel
    from novelcraft.finetune.serving.verify_vllm import verify_served

    found = verify_served(folder, ServedModel(url, name, key), base=base)
    return (
        f"It is the adapter that was trained. Over {found.tokens} tokens, vLLM and transformers "
        f"differ by {found.adapted:.2g} nats on average, without the adapter by {found.bare:.2g}; "
        f"the adapter changes {found.effect:.2g}."
    )
