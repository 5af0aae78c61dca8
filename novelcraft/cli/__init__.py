"""The command line, one file a verb. Nothing heavy is imported before a verb runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program: the entry point of the `novelcraft` command.

    Errors that the program raises on purpose become a message and an exit code of their own;
    `NOVELCRAFT_DEBUG=1` shows their traceback as well.

    Args:
        arguments: What was typed after the program's name; None takes the process's own.

    Raises:
        SystemExit: Always, with the exit code.
    """
    from novelcraft.cli.app import app
    from novelcraft.errors import NovelcraftError

    try:
        app(args=arguments, prog_name="novelcraft")
    except NovelcraftError as error:
        if os.environ.get("NOVELCRAFT_DEBUG"):
            raise
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
