"""`novelcraft serve`: vLLM for the roles, by one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from novelcraft.cli.common import say

if TYPE_CHECKING:
    from novelcraft.graphs.serving import PreparedServers
    from novelcraft.tools.serving.catalog import ServedRole

ALL = "all"


def serve(
    role: Annotated[
        str, typer.Argument(metavar="[ROLE]", help="reasoning, narrator or all.")
    ] = ALL,
    preset: Annotated[
        str | None,
        typer.Option(
            help="The machine: rtx-5090, gb10, rtx-4090, h200, cpu, or one of your own; left out, "
            "it is found by the graphics card."
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=MODEL",
            help="Another model than the preset's: a name of the catalogue, of the hub, or a "
            "folder. May be given for each role.",
        ),
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|DIR",
            help="An adapter to load for the narrator, beside those that passed the gate.",
        ),
    ] = None,
    allow_failed_adapter: Annotated[
        bool,
        typer.Option("--allow-failed-adapter", help="Load an adapter that failed the gate."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print commands, environment and memory; start nothing."),
    ] = False,
) -> None:
    """Serve models with vLLM, in an environment of its own, until Ctrl-C.

    The models, their flags and how they share the memory come from a catalogue and from presets
    of machines, which you can extend in `serving.toml` beside your `config.toml`. What does not
    fit, or would not do what it is asked for, is refused before anything starts.

    Examples:

    - `novelcraft serve --preset rtx-5090 --dry-run`

    - `novelcraft serve narrator --preset rtx-4090 --model narrator=qwen2.5-7b-instruct-awq`
    """
    from novelcraft.cli.serving_common import own_catalog, own_settings
    from novelcraft.graphs.serving import Wish, prepare_servers
    from novelcraft.present.serving import memory_lines, settings_lines
    from novelcraft.tools.serving.environment import find_gpu

    wish = Wish(_roles(role), _models(model or []), tuple(adapter or ()))
    catalog = own_catalog()
    chosen = catalog.preset(preset) if preset else catalog.preset_for(find_gpu())
    overrides = {"write": {"allow_failed_adapter": True}} if allow_failed_adapter else {}
    prepared = prepare_servers(wish, chosen, catalog, own_settings(overrides))
    for line in (*memory_lines(prepared), *prepared.notices):
        say(line)
    if dry_run:
        for command in prepared.commands:
            typer.echo(command.line(str(prepared.environment.executable)))
        for line in settings_lines(prepared):
            typer.echo(line)
        return
    _run(prepared)


def _run(prepared: PreparedServers) -> None:
    from novelcraft.present.serving import settings_lines
    from novelcraft.tools.serving.environment import make_environment, serving_folder
    from novelcraft.tools.serving.supervising import Supervisor

    def on_ready() -> None:
        for line in settings_lines(prepared):
            typer.echo(line)
        say("Ctrl-C ends the servers; novelcraft status shows them from another terminal.")

    environment = prepared.environment
    make_environment(environment, say)
    Supervisor(prepared.commands, environment.executable, serving_folder(), say).run(on_ready)
    say("The servers are ended.")


def _roles(role: str) -> list[ServedRole]:
    from novelcraft.tools.serving.catalog import SERVED_ROLES

    if role == ALL:
        return list(SERVED_ROLES)
    found = next((known for known in SERVED_ROLES if known == role), None)
    if found is None:
        raise typer.BadParameter(
            f"{role!r} is none of {', '.join(SERVED_ROLES)} and {ALL}.", param_hint="ROLE"
        )
    return [found]


def _models(given: list[str]) -> dict[ServedRole, str]:
    models: dict[ServedRole, str] = {}
    for pair in given:
        role, equals, model = pair.partition("=")
        if not equals or not model:
            raise typer.BadParameter(f"{pair!r} is not ROLE=MODEL.", param_hint="--model")
        models |= dict.fromkeys(_roles(role), model)
    return models
