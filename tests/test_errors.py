"""The hierarchy of errors, the drawing of it, and the exit codes."""

from __future__ import annotations

import inspect
import re

import pytest

from novelcraft import errors
from novelcraft.errors import NovelcraftError

_DRAWN = re.compile(r"^ {4}(?P<rails>[│ ├└─]*)(?P<name>\w+Error) +(?P<code>\d+)")

CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, NovelcraftError)
]


def drawn() -> dict[str, tuple[str, int]]:
    """From the drawing in the docstring: class name to its parent's name and its exit code."""
    parents = ["Exception"]
    found: dict[str, tuple[str, int]] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := _DRAWN.match(line):
            depth = len(match["rails"]) // 4
            parents = [*parents[: depth + 1], match["name"]]
            found[match["name"]] = (parents[depth], int(match["code"]))
    return found


def test_the_drawing_shows_the_classes_as_they_are() -> None:
    real = {cls.__name__: (cls.__mro__[1].__name__, cls.exit_code) for cls in CLASSES}
    assert drawn() == real


def test_every_class_has_an_exit_code_of_its_own() -> None:
    codes = [cls.exit_code for cls in CLASSES]
    assert len(set(codes)) == len(codes)
    # 0 is success, 2 a wrong command line; from 126 on the shell has its own meanings.
    assert all(0 < code < 126 and code != 2 for code in codes)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_says_what_is_wrong_and_what_to_do(cls: type[NovelcraftError]) -> None:
    error = cls("pages is 0", fix="Give a number from 1 to 2000.")
    assert str(error) == "pages is 0\n  Give a number from 1 to 2000."
    assert str(cls("pages is 0")) == "pages is 0"
    assert inspect.getdoc(cls)
