"""`novelcraft batch`, as a person runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from novelcraft.state.batch import RowProgress
from novelcraft.tools.batch.rows import read_rows
from novelcraft.tools.batch.shared import open_novel_store, open_shared
from tests import factories
from tests.cli.conftest import Run
from tests.fakes import script as s
from tests.fakes.server import FakeServer
from tests.graphs.batch import workers
from tests.tools.canon.conftest import begin

Served = Callable[..., FakeServer]


def rows(*given: dict[str, Any]) -> Path:
    """The file of a batch in the current folder."""
    path = Path("premises.jsonl")
    path.write_text("".join(f"{json.dumps(row)}\n" for row in given), encoding="utf-8")
    return path


def novel(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "premise": f"The {name} keeps a promise", "pages": 2, **more}


def standings(out: str) -> dict[str, dict[str, Any]]:
    entries = [json.loads(line) for line in out.splitlines()]
    return {entry["row"]["name"]: entry["standing"] for entry in entries}


def test_from_rows_to_books(run: Run, served: Served, here: Path) -> None:
    server = served()
    told = run("batch", rows(novel("miller"), novel("ferryman")), "--out", "shelf")
    assert told.code == 0, told.err
    assert "miller: begun" in told.err
    assert "ferryman: finished, " in told.err
    assert "2 of 2 finished; " in told.out.splitlines()[-1]
    shown = standings(run("batch", "--out", "shelf", "--show", "--json").out)
    for standing in shown.values():
        assert (here / "shelf" / standing["path"]).suffix == ".epub"
        assert (here / "shelf" / standing["path"]).is_file()
        assert standing["words"] > 0
        assert standing["prompt_tokens"] > 0
    asked = len(server.requests)
    assert run("batch", "premises.jsonl", "--out", "shelf").code == 0
    assert len(server.requests) == asked
    # Each of them is a novel like any other.
    assert run("show", "shelf/miller").code == 0


def test_rows_are_added_by_the_same_command(run: Run, served: Served, here: Path) -> None:
    served()
    run("batch", rows(novel("miller")), "--out", "shelf", "--quiet")
    told = run("batch", rows(novel("miller"), novel("ferryman")), "--out", "shelf")
    assert told.code == 0, told.err
    assert "Took in 1 new row." in told.err
    assert "2 of 2 finished; " in told.out


def test_a_changed_row_is_not_taken_unasked(run: Run, served: Served, here: Path) -> None:
    served()
    run("batch", rows(novel("miller")), "--out", "shelf", "--quiet")
    changed = rows(novel("miller", author="A. Person"))
    told = run("batch", changed, "--out", "shelf")
    assert told.code == 10
    assert "miller is changed, and was begun:" in told.err
    assert "[novel] author: unset → A. Person" in told.err
    assert "--accept-changes" in told.err
    assert run("batch", changed, "--out", "shelf", "--accept-changes").code == 0
    assert "A. Person" in (here / "shelf" / "miller" / "novel.toml").read_text("utf-8")
    told = run("batch", rows(novel("miller", seed=9)), "--out", "shelf", "--accept-changes")
    assert told.code == 10
    assert "miller was begun with seed = unset; it cannot go on with 9" in told.err


def test_a_failed_novel_is_told_and_tried_again(run: Run, served: Served, here: Path) -> None:
    script = s.Script()
    broken = script.on(s.has("The miller keeps"), s.fail(400))
    served(script=script)
    told = run("batch", rows(novel("miller"), novel("ferryman")), "--out", "shelf")
    assert told.code == 46
    assert "1 novel of 2 not finished; the first is miller" in told.err
    assert "1 of 2 finished, 1 failed; " in told.out
    script.rules.remove(broken)
    assert run("batch", "--out", "shelf").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}\n", "premises.jsonl, line 1: there is no premise"),
        ('{"premise": "x"}\nnovel\n', "premises.jsonl, line 2 is not JSON"),
        ('{"premise": "x"}\n{"premise": "x"}\n', "line 2: the name 'x' is taken by line 1"),
    ],
)
def test_bad_rows_leave_nothing(
    run: Run, served: Served, here: Path, text: str, words: str
) -> None:
    (here / "premises.jsonl").write_text(text, encoding="utf-8")
    told = run("batch", "premises.jsonl", "--out", "shelf")
    assert told.code == 10
    assert words in told.err
    assert not (here / "shelf").exists()


def test_a_folder_that_is_no_shelf(run: Run, here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "letter.txt").write_text("Dear", encoding="utf-8")
    told = run("batch", rows(novel("miller")), "--out", "mine")
    assert told.code == 21
    assert "mine holds files, and no batch" in told.err
    told = run("batch", "--out", "mine")
    assert told.code == 10
    assert "mine holds no batch" in told.err
    assert [path.name for path in (here / "mine").iterdir()] == ["letter.txt"]


def test_a_budget_stops_the_batch(run: Run, served: Served, here: Path) -> None:
    served()
    prices = {role: {"price_in": 1, "price_out": 10} for role in ("reasoning", "narrator")}
    file = rows(*(novel(name, roles=prices) for name in ("miller", "ferryman")))
    told = run("batch", file, "--out", "shelf", "--budget", "0.01", "--jobs", "1")
    assert told.code == 46
    assert "no further novel is begun: the batch may cost 0.01" in told.err
    assert "1 waiting, 1 paused" in told.out
    assert "cost 0.0" in told.out.splitlines()[-1]
    assert run("batch", "--out", "shelf", "--budget", "9").code == 0


def test_a_database_that_cannot_be_used(run: Run, here: Path) -> None:
    file = rows(novel("miller"))
    for verb in (["batch", file], ["worker"]):
        told = run(*verb, "--database", "sqlite:///novels.db")
        assert told.code == 10
        assert "is no PostgreSQL database" in told.err
        told = run(*verb, "--database", f"postgresql://me:secret@/novels?host={here}")
        assert told.code == 19
        assert "cannot be reached" in told.err
        assert "secret" not in told.err
    told = run("batch", file, "--database", "postgresql://me@/novels", "--jobs", 3)
    assert told.code == 10
    assert "novelcraft worker" in told.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "ray"], "--engine ray writes a batch that is in a database"),
        (["--address", "head:6379"], "--address is said of a Ray cluster"),
        (["--workers", 2], "--workers is said of a Ray cluster"),
    ],
)
def test_what_a_ray_cluster_needs(run: Run, here: Path, options: list[object], words: str) -> None:
    told = run("batch", rows(novel("miller")), *options)
    assert told.code == 10
    assert words in told.err
    assert [path.name for path in here.iterdir()] == ["premises.jsonl"]


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed here")
def test_where_ray_is_not_installed(run: Run, here: Path, database: str) -> None:
    told = run("batch", rows(novel("miller")), "--database", database, "--engine", "ray")
    assert told.code == 11
    assert "needs the package ray" in told.err
    assert 'pip install "novelcraft[ray]"' in told.err


def test_a_batch_in_a_database_is_asked_for_and_shown(run: Run, here: Path, database: str) -> None:
    told = run("batch", "--database", database, "--show", "--json")
    assert (told.code, told.out) == (0, "")
    with open_shared(database) as store:
        store.take(read_rows(rows(novel("miller"), novel("ferryman"))), [])
    assert "0 of 2 finished, 2 waiting" in run("batch", "--database", database, "--show").out


def test_books_that_workers_wrote_come_onto_the_shelf(
    run: Run, serve: type[FakeServer], here: Path, database: str
) -> None:
    asked = workers.rows(serve().base_url, 2, pages=2)
    given = rows(
        *({"name": row.name, **row.settings.pop("novel"), **row.settings} for row in asked)
    )
    cast = here / "shelf" / "n0" / "cast.md"
    cast.parent.mkdir(parents=True)
    cast.write_text("## Mara Quint\n\nShe counts stairs.\n", encoding="utf-8")
    with workers.Workers(here) as some:
        some.start(database)
        told = run("batch", given, "--database", database, "--out", "shelf")
    assert told.code == 0, told.err
    plan = run("show", "n0", "plan", "--database", database).out
    assert "[author]\n      She counts stairs.\n" in plan
    assert "[author]" not in run("show", "n1", "plan", "--database", database).out
    shown = standings(run("batch", "--database", database, "--show", "--json").out)
    books = {name: here / "shelf" / standing["path"] for name, standing in shown.items()}
    assert all(book.suffix == ".epub" and book.is_file() for book in books.values()), books
    books["n0"].unlink()
    untouched = books["n1"].stat().st_mtime_ns
    assert run("batch", given, "--database", database, "--out", "shelf").code == 0
    assert books["n0"].is_file()
    assert books["n1"].stat().st_mtime_ns == untouched
    # One of another state of the book is written anew, though a file is there.
    text = here / "shelf" / "n1" / "manuscript.md"
    text.write_text(re.sub("commit [0-9a-f]+", "commit 0123456789ab", text.read_text("utf-8")))
    assert run("batch", given, "--database", database, "--out", "shelf").code == 0
    assert books["n1"].stat().st_mtime_ns != untouched


def test_a_novel_is_read_from_the_database(run: Run, here: Path, database: str) -> None:
    with open_shared(database) as store:
        store.take(read_rows(rows(novel("miller"), novel("ferryman"))), [])
        store.note("miller", RowProgress(status="writing", scenes=2, prompt_tokens=1))
    with open_novel_store(database, 1, "0" * 32, guard=None, idle_seconds=60) as made:
        begin(made)
        for commit in factories.chain(2):
            made.commit("main", commit)
    told = run("log", "miller", "--database", database)
    assert told.code == 0, told.err
    assert "2 scenes" in told.out
    prose = run("show", "miller", "scene", "1", "--database", database)
    assert factories.chain(1)[0].prose in prose.out
    assert not (here / "miller").exists()
    told = run("export", "miller", "--format", "md,report", "--database", database)
    assert told.code == 0, told.err
    files = [Path(line) for line in told.out.splitlines()]
    assert all(path.is_file() for path in files)
    assert "report.html" in {path.name for path in files}
    assert "No worker has begun ferryman" in run("show", "ferryman", "--database", database).err
    told = run("show", "nobody", "--database", database)
    assert told.code == 16
    assert "no novel 'nobody'" in told.err
