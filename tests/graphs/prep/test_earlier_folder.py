"""A data folder that an earlier version wrote still opens, and nothing in it is made again.

`earlier_folder/` was written by a version that had a `ledger/` of `units` and called pinned facts
`pins` and repairs `mends`. Its book is `novel("tide", 2, 450)` of the conftest.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from novelcraft.graphs.prep.project import PrepProject
from novelcraft.tools.books.folder import read_text, write_text
from tests.fakes.server import FakeServer
from tests.graphs.prep.conftest import Bench, settings

EARLIER = Path(__file__).with_name("earlier_folder")
Serve = Callable[..., FakeServer]


def opened(tmp_path: Path, base: Path, server: FakeServer) -> Bench:
    folder = tmp_path / "data"
    shutil.copytree(EARLIER, folder)
    return Bench(PrepProject(folder, settings(base, server)), [])


async def test_all_of_it_is_fresh(serve: Serve, base: Path, tmp_path: Path) -> None:
    server = serve()
    bench = opened(tmp_path, base, server)
    before = bench.files()
    await bench.prepare("briefs")
    assert [e.stage for e in bench.of("stage_done") if not e.fresh] == []
    assert (bench.files(), server.requests) == (before, [])


async def test_its_facts_and_repairs_are_read(serve: Serve, base: Path, tmp_path: Path) -> None:
    bench = opened(tmp_path, base, serve())
    last = bench.scenes("tide").scenes[-1]
    assert last.pinned_facts == ("Mira is dead.",)
    assert last.repairs == ("summary: put back what the model left out: Ada; Jonas; Mira is dead.",)
    assert bench.project.write_card().scenes.repaired


async def test_what_a_person_changes_in_it_is_known_for_theirs(
    serve: Serve, base: Path, tmp_path: Path
) -> None:
    bench = opened(tmp_path, base, serve())
    path = bench.project.folder.scenes("tide")
    given = json.loads(read_text(path))
    given["scenes"][0]["instruction"] = "She burns the letter."
    given["scenes"][1]["recursive_summary"] = "Ada, Jonas and Mira wait."
    write_text(path, json.dumps(given))
    await bench.prepare("rows")
    scenes = bench.scenes("tide").scenes
    assert scenes[0].instruction == "She burns the letter."
    assert scenes[1].recursive_summary == "Ada, Jonas and Mira wait."
    assert scenes[2].recursive_summary != given["scenes"][2]["recursive_summary"]
    assert "mends" not in read_text(path)
    assert not bench.of("book_notice")
    # Rows that the earlier version wrote are not taken for a person's.
    assert "She burns the letter." in read_text(bench.project.folder.rows / "train.jsonl") + (
        read_text(bench.project.folder.rows / "validation.jsonl")
    )
    assert not (bench.project.folder.root / "build").exists()
