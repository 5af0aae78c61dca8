"""What a vLLM takes: its flags, its environment variables, its names for parsers and backends.

Run by the Python of an environment that has vLLM, as a script:

    ENV/bin/python novelcraft/tools/serving/list_arguments.py > .../vllm-0.32.0.json
    ENV/bin/python novelcraft/tools/serving/list_arguments.py --parse < commands.json

The first writes the list that composed commands are checked against where there is no vLLM. The
second has vLLM's own parser read each of a JSON list of commands, given as
`{"arguments": [...], "environment": {...}}`, and prints for each what is wrong with it, or null.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import sys
from typing import Any


def _parser() -> Any:
    launchers = importlib.import_module("vllm.entrypoints.launchers.cli_args")
    utils = importlib.import_module("vllm.utils.argparse_utils")
    return launchers.make_arg_parser(utils.FlexibleArgumentParser(prog="vllm serve"))


def _form(action: argparse.Action) -> dict[str, Any]:
    if isinstance(action, argparse.BooleanOptionalAction) or action.nargs == 0:
        return {"takes": "nothing"}
    form: dict[str, Any] = {"takes": "several" if action.nargs in ("+", "*") else "one"}
    if action.choices:
        form["choices"] = [str(choice) for choice in action.choices if choice is not None]
    return form


def listing() -> dict[str, Any]:
    """All that a composed command is checked against."""
    variables = importlib.import_module("vllm.envs").environment_variables
    backends = importlib.import_module("vllm.v1.attention.backends.registry")
    reasoning = importlib.import_module("vllm.reasoning").ReasoningParserManager
    flags = {
        name: _form(action)
        for action in _parser()._actions
        for name in action.option_strings
        if name.startswith("--")
    }
    flags["--attention-backend"]["choices"] = [each.name for each in backends.AttentionBackendEnum]
    flags["--reasoning-parser"]["choices"] = sorted(reasoning.list_registered())
    return {
        "version": importlib.metadata.version("vllm").partition("+")[0],
        "flags": dict(sorted(flags.items())),
        "variables": sorted(variables),
    }


def faults(commands: list[dict[str, Any]]) -> list[str | None]:
    """What vLLM's parser and its check of the environment say of each command."""
    platforms = importlib.import_module("vllm.platforms")
    launchers = importlib.import_module("vllm.entrypoints.launchers.cli_args")
    parser = _parser()
    parser.error = _raise
    found: list[str | None] = []
    for command in commands:
        before = dict(os.environ)
        os.environ.update(command["environment"])
        try:
            launchers.validate_parsed_serve_args(parser.parse_args(command["arguments"]))
            platforms.current_platform.validate_environ(True)
            found.append(None)
        except Exception as error:
            found.append(str(error) or type(error).__name__)
        finally:
            os.environ.clear()
            os.environ.update(before)
    return found


def _raise(message: str) -> None:
    raise ValueError(message)


def main() -> None:
    """Print the list, or with `--parse` what is wrong with the commands on standard input."""
    found = faults(json.load(sys.stdin)) if "--parse" in sys.argv[1:] else listing()
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
