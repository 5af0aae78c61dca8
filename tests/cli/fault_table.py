"""The page of faults: what a person sees of each, and what the same command does then.

python -m tests.cli.fault_table      # writes docs/faults.md anew, after a change on purpose
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from novelcraft.cli import main
from novelcraft.config.names import variables
from novelcraft.graphs.novel import Novel
from novelcraft.state.manuscript import SceneCommit
from tests.cli.test_canary import KEY
from tests.fakes.faults import Fault, faults
from tests.fakes.server import FakeServer

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
FAULTS = faults(KEY)
PLAIN: dict[str, Any] = {"api_key": KEY, "flavour": "vllm"}

_BLOCK = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- /faults -->)", re.DOTALL)
_HEAD = "| fault | what the person sees | code | the same command then |\n|---|---|---|---|\n"
_ENVIRON = {
    "OPENAI_API_KEY": KEY,
    "NARRATOR": "openai:fake-model",
    "REASONING": "openai:fake-model",
    "NARRATOR_PATIENCE": "0",
    "REASONING_PATIENCE": "0",
    "NOVELCRAFT_WRITE_EMBEDDING": "hash",
    "NOVELCRAFT_WRITE_PRESET": "small",
    "NOVELCRAFT_WRITE_SCENE_WORDS": "120",
    "COLUMNS": "200",
}
_GO_ON = "What was accepted is safe. Then go on with: novelcraft write book"
_LONGEST = 400
"""Characters of what is seen that the page shows."""
_ROUTINE = re.compile(
    r"Writing in |\s*\d+:\d\d  (?:a novel of|going on with|plan ready|plan revised|wrote |No PDF"
    r"|scene \d+ of \d+: \d+ words, passed its checks$)"
)
"""Lines that a run without a fault writes as well."""


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it wrote on both streams."""

    code: int
    out: str
    err: str

    @property
    def seen(self) -> str:
        """What is not routine, as one line; the port of the server is another each time."""
        _, failed, error = self.err.partition("Error: ")
        said = error if failed else self.err
        told = [line for line in said.splitlines() if not _ROUTINE.match(line)]
        line = " ".join(re.sub(r"^\s*\d+:\d\d  ", "", x).strip() for x in told)
        line = re.sub(r"127\.0\.0\.1:\d+", "HOST", line.replace(_GO_ON, "")).strip()
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


@dataclass(frozen=True)
class Run:
    """A fault, and the same command three times: two while it lasts, one without it."""

    fault: Fault
    said: tuple[Said, ...]
    kept: bool
    """Whether what was accepted before is the beginning of the book at its end."""
    same: bool
    """Whether the book is the one that a run without the fault gives."""
    folder: Path

    @property
    def row(self) -> str:
        """The row of the page."""
        first = self.said[0]
        cells = (self.fault.what, first.seen or "(nothing)", first.code, self._then)
        plain = (str(cell).replace("|", "&#124;").replace("<", "&lt;") for cell in cells)
        return "".join(f"| {cell} " for cell in plain) + "|\n"

    @property
    def _then(self) -> str:
        first, *others = (said.code for said in self.said)
        book = "the same book" if self.same else "a book with other words"
        if first == 0:
            return f"nothing is left to do: {book}"
        while_it_lasts, without = others
        return f"{while_it_lasts} while it lasts, {without} when it is over: {book}"


def command(*words: object, environ: Mapping[str, str], folder: Path) -> Said:
    """Run a command of ours in a folder, with nothing set but what is given."""
    out, err = io.StringIO(), io.StringIO()
    user_file = folder / "user.toml"
    user_file.touch()
    with pytest.MonkeyPatch.context() as patch:
        for name in (*variables(), "NOVELCRAFT_DEBUG"):
            patch.delenv(name, raising=False)
        for name, value in {**_ENVIRON, "NOVELCRAFT_CONFIG": str(user_file), **environ}.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def write(folder: Path, server: FakeServer, *more: object, **environ: str) -> Said:
    """Write the book in a folder with a server."""
    urls = {f"{role}_BASE_URL": server.base_url for role in ("NARRATOR", "REASONING")}
    return command("write", "book", *more, environ={**urls, **environ}, folder=folder)


def chain(folder: Path) -> list[SceneCommit]:
    """The scenes of the book in a folder."""
    with Novel.open(folder / "book", environ={}) as novel:
        return novel.store.chain(novel.store.branch("main").head)


@dataclass(frozen=True)
class Begun:
    """A novel with one scene, and the scenes that it comes to without a fault."""

    folder: Path
    book: list[SceneCommit]

    def run(self, fault: Fault, folder: Path) -> Run:
        """Run the same command with a fault, with it again, and without it."""
        shutil.copytree(self.folder / "book", folder / "book")
        before = chain(folder)
        with fault.staged(**PLAIN) as server:
            said = [write(folder, server, **fault.environ)]
            if said[0].code:
                said.append(write(folder, server, **fault.environ))
        with FakeServer(**PLAIN) as server:
            said.append(write(folder, server))
        after = chain(folder)
        return Run(fault, tuple(said), after[: len(before)] == before, after == self.book, folder)


def begin(folder: Path) -> Begun:
    """A novel with one scene in an empty folder."""
    for name in ("begun", "whole"):
        (folder / name).mkdir()
    with FakeServer(**PLAIN) as server:
        (folder / "begun" / "book").mkdir()
        toml = '[novel]\npremise = "A lighthouse keeper finds letters"\npages = 2\n'
        (folder / "begun" / "book" / "novel.toml").write_text(toml, encoding="utf-8")
        assert write(folder / "begun", server, "--until", 1).code == 0
        shutil.copytree(folder / "begun" / "book", folder / "whole" / "book")
        assert write(folder / "whole", server).code == 0
    return Begun(folder / "begun", chain(folder / "whole"))


def rows(page: str) -> list[str]:
    """The rows of a page, each with its end of line."""
    block = _BLOCK.search(page)
    assert block is not None
    return block[0].removeprefix(_HEAD).splitlines(keepends=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        begun, made = begin(Path(scratch)), ""
        for number, fault in enumerate(FAULTS):
            place = Path(scratch) / str(number)
            place.mkdir()
            made += begun.run(fault, place).row
            sys.stderr.write(made.splitlines()[-1] + "\n")
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_BLOCK.sub(lambda _: _HEAD + made, text), encoding="utf-8")
