"""What is loaded late, because it takes long and a run may come without it."""

from __future__ import annotations

from threading import Lock

_loading = Lock()


def load_numpy() -> None:
    """Load numpy, or wait until another thread has.

    Numpy's modules import each other in a circle: where two threads begin with different ones,
    as its own users and Chroma do, Python breaks the circle for one of them with an ImportError.
    So every module that loads numpy, or what is built on it, inside of a function calls this
    before.
    """
    with _loading:
        import numpy  # noqa: F401
