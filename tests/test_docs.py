"""The pages for contributors name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("docs/architecture.md", "CONTRIBUTING.md")
BASES = ("", "novelcraft", "docs", "novelcraft/finetune", "novelcraft/tools/books")
"""What paths on these pages are relative to: the repository, the package, the page's folder, and
the two packages whose rows list their parts."""

_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"`([\w./-]+(?:/|\.py|\.toml|\.jinja))`|`([\w.-]+/[\w./-]+)`|\]\(([\w./-]+)")


def named(page: str) -> list[str]:
    text = _FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return sorted({next(filter(None, groups)) for groups in _NAMED.findall(text)})


@pytest.mark.parametrize(("page", "path"), [(page, path) for page in PAGES for path in named(page)])
def test_a_file_that_is_named_is_there(page: str, path: str) -> None:
    assert any((ROOT / base / path).exists() for base in BASES), f"{page} names {path}"


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_name_files(page: str) -> None:
    assert len(named(page)) > 5
