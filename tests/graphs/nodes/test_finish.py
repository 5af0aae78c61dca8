"""The last node: the files, and the sums of the run."""

from __future__ import annotations

from pathlib import Path

from novelcraft.graphs.nodes.finish import finish
from novelcraft.state.findings import Finding
from tests.graphs.bench import OpenBench

BLOCK = Finding(check="prose.loop", severity="block", message="It loops.")
WARN = Finding(check="prose.names", severity="warn", message="Who is that?")


async def test_a_book_is_written_out_and_summed_up(open_bench: OpenBench) -> None:
    async with open_bench(0, novel={"words_per_page": 60}) as bench:
        bench.write(prose="word " * 100, findings=(WARN, BLOCK), accepted_by="cap")
        bench.write(findings=(WARN, WARN))
        bench.write(findings=(BLOCK,), accepted_by="person")
        bench.write(accepted_by="person")
        came = await finish(bench.state(), bench.runtime)
        (told,) = bench.of("run_finished")
        exported = {event.format: Path(event.path) for event in bench.of("exported")}
        assert all(path.is_file() for path in exported.values())
        assert bench.store.finished_head("main") == bench.store.branch("main").head
    assert came == {"action": "finished"}
    assert {"epub", "docx"} <= set(exported)
    assert [path.suffix.lstrip(".") for path in exported.values()] == list(exported)
    assert (told.scenes, told.chapters, told.words) == (4, 2, 127)
    assert told.pages == 2.1  # 127 words, 60 a page
    assert (told.at_cap, told.by_person, told.warnings) == (1, 1, 3)
    totals = bench.store.call_totals()
    assert (told.model_calls, told.prompt_tokens) == (totals.calls, totals.prompt_tokens)
    assert (told.completion_tokens, told.seconds) == (totals.completion_tokens, totals.seconds)
    assert bench.events[-1] is told


async def test_a_persons_edits_that_were_not_taken_are_told_of(open_bench: OpenBench) -> None:
    async with open_bench(4) as bench:
        await finish(bench.state(), bench.runtime)
        text = bench.context.folder / "manuscript.md"
        text.write_text(text.read_text(encoding="utf-8") + "\nA word of mine.\n", encoding="utf-8")
        bench.events.clear()
        await finish(bench.state(), bench.runtime)
        notices = [event.text for event in bench.of("notice")]
    assert any("manuscript" in notice for notice in notices)
