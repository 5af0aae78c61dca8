"""Become a server that ends when the process that started it does, however that ends.

    python -m novelcraft.tools.serving.launch PROGRAM ARGUMENT...

Killed outright, `serve` could not end its servers, and they would hold the memory of the machine.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGTERM at the parent's death, where it can do that, and go over."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
