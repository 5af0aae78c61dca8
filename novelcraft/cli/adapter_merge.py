"""`novelcraft adapter merge`: one model that needs no adapter to be served."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from novelcraft.cli.adapter_common import AdapterArgument, BaseOption, opened
from novelcraft.cli.common import say


class StoredAs(StrEnum):
    """Types that a model's weights can be stored in."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


def merge(
    adapter: AdapterArgument,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The merged model's folder; new.")],
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Merge into the base as the adapter knew it: in four bits, and back."
        ),
    ] = False,
    base: BaseOption = "",
    dtype: Annotated[
        StoredAs, typer.Option(help="Type of the weights; auto takes the base's.")
    ] = StoredAs.auto,
) -> None:
    """Merge an adapter into its base, and see that the result says the same.

    Examples:

    - `novelcraft adapter merge adapters/mine --out models/mine`

    - `novelcraft adapter merge adapters/mine --out models/mine --exact`
    """
    folder = opened(adapter)
    say(f"Merging {folder}. The base is loaded on the processor, in fp32 …")
    from novelcraft.finetune.serving.merge import merge_adapter
    from novelcraft.present.pipeline import VERDICTS

    report = merge_adapter(folder, out, base=base, exact=exact, stored_as=dtype.value)
    typer.echo(
        f"Merged in fp32, stored in {report.stored_as}, read back and compared:\n"
        f"  from base and adapter before the merge: {_nats(report.reloaded.kl_divergence)}, logits "
        f"at most {report.reloaded.logits:.2g} apart"
    )
    if report.four_bits:
        typer.echo(
            "  from what was trained, the adapter over a base in four bits: "
            f"{_nats(report.trained.kl_divergence)}"
        )
        if not exact:
            typer.echo("  --exact merges into the base as it was in training.")
    origin = report.origin
    typer.echo(f"{origin.name}: {VERDICTS[origin.verdict]} That goes for the merged model too.")
    typer.echo(str(report.folder))


def _nats(divergence: float) -> str:
    return f"{divergence:.2g} nats a token"
