"""The command line, one file a verb. Nothing heavy is imported before a verb runs."""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from novelcraft.errors import NovelcraftError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program: the entry point of the `novelcraft` command.

    Errors that the program raises on purpose, and what the operating system refuses, become a
    message and an exit code; `NOVELCRAFT_DEBUG=1` shows their traceback as well.

    Args:
        arguments: What was typed after the program's name; None takes the process's own.

    Raises:
        SystemExit: Always, with the exit code.
    """
    # What is loaded stays: to look through it for garbage again and again is a tenth of the time
    # to the first request. What comes once a run is under way is looked through; see `watched`.
    gc.set_threshold(500_000, 20, 20)
    _share_heaps()
    from novelcraft.cli.app import program
    from novelcraft.errors import NovelcraftError

    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        _replace_what_cannot_be_shown(stream)
    try:
        _require_unicode(given)
        try:
            program(given)(args=given, prog_name="novelcraft")
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except NovelcraftError as error:
        _fail(error)
    except BrokenPipeError:  # the reader, `head` for one, has what it wanted
        _drop_output()
        sys.exit(1)
    except OSError as error:
        _fail(_refused(error))


_M_ARENA_MAX = -8
"""glibc's number for how many heaps there may be."""


def _share_heaps() -> None:
    """Let all threads share two heaps, where the C library is glibc.

    It gives each thread one of its own, and keeps in each what was freed: with two, a run of 1,000
    pages takes a tenth less memory.
    """
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _fail(error: NovelcraftError) -> NoReturn:
    if os.environ.get("NOVELCRAFT_DEBUG"):
        raise error
    with suppress(OSError):
        sys.stderr.write(f"Error: {error}\n")
    sys.exit(error.exit_code)


def _refused(error: OSError) -> NovelcraftError:
    """What the operating system refused where no one place expected it, such as the output."""
    from novelcraft.errors import DiskFullError, InputError, NovelcraftError

    if error.filename is None:
        _drop_output()
    where = error.filename or "the output"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(f"No space left to write {where}.", fix="Free some space.")
    if error.errno == errno.ENAMETOOLONG:
        return InputError(f"{where}: this name is too long.", fix="Choose a shorter one.")
    return NovelcraftError(f"{where}: {error.strerror or error}.")


def _drop_output() -> None:
    """Send what is still unwritten nowhere: Python would try again at its end, and complain."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _replace_what_cannot_be_shown(stream: TextIO | None) -> None:
    """Show `?` for a letter that the terminal's encoding does not have, rather than fail."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _require_unicode(arguments: Sequence[str]) -> None:
    from novelcraft.errors import InputError

    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{argument.encode(errors='replace').decode()!r} is not UTF-8 text.",
                fix="Type it in a terminal that speaks UTF-8, or put a premise into a file.",
            ) from None
