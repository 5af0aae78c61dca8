"""How many changes of the code the tests notice.

    pip install -e '.[dev,mutation]'
    python -m benchmarks.mutants [--sample 120] [--seed 1] [--only novelcraft/tools/checks]

The mutants are mutmut's, of the code inside functions: an argument left out, a comparison turned,
a number raised by one, a string in capitals, and so on, one at a time; but for the words of an
error or an assertion. A sample of all of them is drawn by lot. Each is run against the tests of its
package that run its line, those of the module's own test file first and then the quickest, up to
half a minute of them: so what is printed is a lower bound. A mutant whose line no test runs has
survived.

It works on a copy of the tree. The tests of the same packages are run once with coverage, to know
which run what (kept in `--cache`, for another sample). Seconds are of processors.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

PARTS = ("agents", "graphs", "prompts", "tools/canon", "tools/checks")
LEFT_OUT = ("graphs/batch", "graphs/pairs", "graphs/prep", "graphs/training")
WHOLE_BOOKS = ("graphs/test_acceptance.py", "graphs/test_constraints.py", "graphs/test_kill.py")
"""Tests that take too long to be run for a mutant."""
MARKS = "not engine and not slow and not train and not vllm and not ray"
NAMES = "not postgresql"
"""The same tests on another server, which would have to be started for each mutant."""
MOST_SECONDS = 30.0
"""Of tests for one mutant."""
LONGEST_WAIT = 20 * MOST_SECONDS
"""Seconds by the clock after which the tests of a mutant are ended."""
TESTS_OF = "tests_of.json"
LOADED = ("alembic.command", "chromadb", "hypothesis", "langgraph.graph", "openai",
          "pytest_asyncio", "pytest_textual_snapshot", "sqlalchemy.orm")  # fmt: skip
"""What takes long to load and does not change: loaded once, not for each mutant."""


@dataclass(frozen=True)
class Mutant:
    path: str
    line: int
    first: int
    """Line on which the function begins."""
    changed: Callable[[], Any]
    """Makes the module as it is with the change."""

    @cached_property
    def code(self) -> str:
        code: str = self.changed().code
        return code


def mutants_of(root: Path, path: str) -> Iterator[Mutant]:
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider
    from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    code = (root / path).read_text(encoding="utf-8")
    errors = lines_of_errors(code)
    wrapper = MetadataWrapper(cst.parse_module(code))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    positions = wrapper.resolve(PositionProvider)
    for mutation in visitor.mutations:
        function = mutation.contained_by_top_level_function
        if function is None:
            continue
        first = positions[function].start.line
        at = positions.get(mutation.original_node)
        if isinstance(mutation.original_node, cst.SimpleString) and at and at.start.line in errors:
            continue
        changed = partial(
            deep_replace, wrapper.module, mutation.original_node, mutation.mutated_node
        )
        yield Mutant(path, at.start.line if at else first, first, changed)


def lines_of_errors(code: str) -> set[int]:
    """Where errors are raised: a word of a message is for a person, and no test's business."""
    nodes = list(ast.walk(ast.parse(code)))
    said: list[ast.AST] = [node for node in nodes if isinstance(node, ast.Raise)]
    said += [node.msg for node in nodes if isinstance(node, ast.Assert) and node.msg]
    spans = [range(node.lineno, node.end_lineno + 1) for node in said]  # type: ignore[attr-defined]
    return {line for span in spans for line in span}


class Plugin:
    """Notes for each test what it runs, and its seconds of processors, children's included."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        from coverage import Coverage

        current = Coverage.current()
        assert current is not None, "run under coverage"
        current.switch_context(item.nodeid)
        began = sum(os.times()[:4])
        result = yield
        self.seconds[item.nodeid] = sum(os.times()[:4]) - began
        return result


def note_tests(tests: Sequence[str], out: Path) -> None:
    """Run the tests here, and write which of them run which lines."""
    from coverage import Coverage

    measured = Coverage(data_file=None, source=["novelcraft"], messages=False)
    plugin = Plugin()
    measured.start()
    options = ["-q", "-m", MARKS, "-k", NAMES, "-p", "no:cacheprovider"]
    code = pytest.main([*options, *tests], [plugin])
    measured.stop()
    assert code == 0, "the tests pass before anything is changed"
    data = measured.get_data()
    lines = {
        str(Path(file).relative_to(Path.cwd())): {
            line: [test for test in tests if test]
            for line, tests in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    out.write_text(json.dumps({"lines": lines, "seconds": plugin.seconds}), encoding="utf-8")


def tests_for(mutant: Mutant, noted: Mapping[str, Any]) -> list[str]:
    lines: Mapping[str, list[str]] = noted["lines"].get(mutant.path, {})
    # The line of an expression may be counted under the first one of its statement. Fields of a
    # class, and defaults, are run when the module is loaded: then any test of the module will do.
    near = range(mutant.line, mutant.first - 1, -1)
    found = next((tests for line in near if (tests := lines.get(str(line)))), [])
    found = found or list({test for tests in lines.values() for test in tests})
    own, seconds = f"test_{Path(mutant.path).stem}.py", noted["seconds"]
    chosen, total = [], 0.0
    for test in sorted(found, key=lambda test: (own not in test, seconds[test])):
        total += seconds[test]
        if chosen and total > MOST_SECONDS:
            break
        chosen.append(test)
    return chosen


def killed(root: Path, mutant: Mutant, tests: Sequence[str]) -> bool:
    target = root / mutant.path
    original = target.read_text(encoding="utf-8")
    target.write_text(mutant.code, encoding="utf-8")
    try:
        return not passed(root, tests)
    finally:
        target.write_text(original, encoding="utf-8")


def passed(root: Path, tests: Sequence[str]) -> bool:
    """Run tests in a copy of this process, which has loaded already what does not change."""
    child = os.fork()
    if not child:
        run_tests(root, tests)
    latest = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < latest:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.05)
    # It waits for ever, which is noticed too.
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def run_tests(root: Path, tests: Sequence[str]) -> NoReturn:
    # Of processors, as other programs may have them: a loop without end is one that was noticed.
    most = round(5 * MOST_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    os.chdir(root)
    # What a test starts of its own imports the copy of the tree too, wherever it is started.
    sys.path[0] = str(root)
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # Plugins that are loaded already cannot be rewritten, and need not.
    ignored = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    os._exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *ignored, *tests]))


def copy_of_the_tree(to: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True,
                            check=True, text=True)  # fmt: skip
    for name in filter(lambda name: Path(name).is_file(), listed.stdout.splitlines()):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, to / name)


def sources(root: Path, only: str) -> list[str]:
    paths = [p for part in PARTS for p in sorted((root / "novelcraft" / part).rglob("*.py"))]
    names = [str(path.relative_to(root)) for path in paths]
    out = tuple(f"novelcraft/{part}/" for part in LEFT_OUT)
    return [name for name in names if name.startswith(only) and not name.startswith(out)]


def told(root: Path, mutant: Mutant) -> str:
    before = (root / mutant.path).read_text(encoding="utf-8").splitlines()
    changed = difflib.unified_diff(before, mutant.code.splitlines(), lineterm="", n=0)
    return "\n".join(f"    {line}" for line in list(changed)[3:])


def measure(root: Path, given: argparse.Namespace) -> None:
    cache = given.cache or root / TESTS_OF
    if not cache.exists():
        command = [sys.executable, "-m", "benchmarks.mutants", "--only", given.only]
        command += ["--note", str(cache.absolute())]
        subprocess.run(command, cwd=root, check=True)
    noted = json.loads(cache.read_text(encoding="utf-8"))
    every = [mutant for path in sources(root, given.only) for mutant in mutants_of(root, path)]
    drawn = random.Random(given.seed).sample(every, min(given.sample, len(every)))
    for name in LOADED:
        import_module(name)
    chosen = [tests_for(mutant, noted) for mutant in drawn]
    wanted = sorted({test for tests in chosen for test in tests})
    assert passed(root, ["--collect-only", *wanted]), "all tests of the cache are there"
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for mutant, tests in zip(drawn, chosen, strict=True):
        end = "killed" if tests and killed(root, mutant, tests) else "survived"
        part = next(p for p in PARTS if mutant.path.startswith(f"novelcraft/{p}/"))
        counts[part][end] += 1
        print(f"{end:<9}{len(tests):>4} tests  {mutant.path}:{mutant.line}", flush=True)
        if end == "survived":
            print(told(root, mutant), flush=True)
    print(f"\n{len(drawn)} of {len(every):,} mutants, seed {given.seed}")
    for part, ends in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        share = ends["killed"] / ends.total()
        print(f"{part:<14}{ends['killed']:>5} of {ends.total():>4} killed  {share:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How many changes of the code the tests notice.")
    parser.add_argument("--sample", type=int, default=120, help="mutants to draw")
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    parser.add_argument("--only", default="novelcraft/", help="mutate only below this folder")
    parser.add_argument("--cache", type=Path, help="keep here which tests run what")
    parser.add_argument("--note", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.note:
        note_tests(selection(given.only), given.note)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_tree(Path(folder))
        measure(Path(folder), given)


def selection(only: str) -> list[str]:
    """What pytest is given: the tests of the packages that are changed, without the longest."""
    folders = {part: f"novelcraft/{part}/" for part in PARTS}
    parts = [
        p for p, folder in folders.items() if folder.startswith(only) or only.startswith(folder)
    ]
    return [f"tests/{p}" for p in parts] + [
        f"--ignore=tests/{p}" for p in (*LEFT_OUT, *WHOLE_BOOKS)
    ]


if __name__ == "__main__":
    main()
