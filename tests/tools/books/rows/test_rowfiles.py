from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from novelcraft.config.prep import PrepSettings
from novelcraft.errors import InputError
from novelcraft.state.rows import RowManifest
from novelcraft.tools.books.rows.compile import compile_rows
from novelcraft.tools.books.rows.row_reader import read_rows
from novelcraft.tools.books.rows.rowfiles import book_rows, write_rows
from novelcraft.tools.books.rows.strategies import strategy_costs
from tests.tools.books.bases import base
from tests.tools.books.rowbooks import book

CHAPTERS = ((2_200, 800), (2_300,), (2_100, 2_700), (500,))


def write(folder: Path, name: str = "qwen3", **changes: object) -> RowManifest:
    settings = PrepSettings.model_validate(changes)
    tokenizer = base(name)
    shelf = [book(CHAPTERS, summary=500), book(CHAPTERS[:3], book_id="other", summary=0)]
    made = [(b, compile_rows(b, settings, tokenizer)) for b in shelf]
    costs = strategy_costs(shelf, settings, tokenizer.count)
    return write_rows(folder, [(book_rows(*m), m[1]) for m in made], settings, tokenizer, costs)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder)
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert names == ["manifest.json", "train.jsonl", "validation.jsonl"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_seed_gives_other_files_and_the_same_scenes(tmp_path: Path) -> None:
    texts = []
    for seed in (1, 2, 3, 4):
        write(tmp_path / str(seed), seed=seed, validation=0.3)
        files = [tmp_path / str(seed) / name for name in ("train.jsonl", "validation.jsonl")]
        texts.append([tuple(r.messages[-1].content for r in read_rows(file)) for file in files])
    assert any(text != texts[0] for text in texts)
    first, second = texts[0]
    assert all(sorted(t + v) == sorted(first + second) for t, v in texts)


@pytest.mark.parametrize("think", ["empty", "beats"])
def test_all_lines_are_of_one_form(tmp_path: Path, think: str) -> None:
    write(tmp_path, think=think)
    types = []
    for name in ("train.jsonl", "validation.jsonl"):
        lines = (tmp_path / name).read_text(encoding="utf-8").removesuffix("\n").split("\n")
        records = [json.loads(line) for line in lines]
        assert records
        types += [column_types(record) for record in records]
        for record in records:
            assert [m["role"] for m in record["messages"]] == ["system", "user", "assistant"]
    assert all(one == types[0] and list(one) == list(types[0]) for one in types)
    assert types[0]["messages"] == [{"role": "str", "content": "str"}]
    assert set(map(str, types[0].values())) == {"str", "int", str(types[0]["messages"])}


def column_types(record: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row and their types, as a reader of data sets infers them."""
    return {name: _type(value) for name, value in record.items()}


def _type(value: Any) -> Any:
    if isinstance(value, Mapping):
        return column_types(value)
    if isinstance(value, list):
        return [kind for kind, _ in groupby(sorted(map(_type, value), key=str))]
    return type(value).__name__


def test_types_that_differ_are_seen() -> None:
    assert column_types({"a": 1}) != column_types({"a": 1.0})
    assert column_types({"a": [1]}) != column_types({"a": [1, None]})
    assert column_types({"a": 1}) != column_types({"a": 1, "b": 2})


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    manifest = write(tmp_path)
    train = read_rows(tmp_path / "train.jsonl")
    assert len(train) == manifest.files[0].rows
    assert len({r.row_id for r in train}) == len(train)


def test_other_line_separators_do_not_break_a_line(tmp_path: Path) -> None:
    volume = book(((2_000,),))
    odd = volume.scenes[0].model_copy(update={"text": "One\u2028two\x85three\x0cfour.\n\n"})
    made = compile_rows(volume.model_copy(update={"scenes": (odd,)}), PrepSettings(), base())
    write_rows(tmp_path, [(book_rows(volume, made), made)], PrepSettings(), base())
    (row,) = read_rows(tmp_path / "train.jsonl")
    assert row.messages[-1].content == odd.text.strip()


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text("\n{}\n", encoding="utf-8")
    with pytest.raises(InputError, match="Line 2 of"):
        read_rows(file)


def test_a_line_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "train.jsonl"
    lines = file.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b'"content":"', b'"content":"caf\xe9 ', 1)
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(InputError, match=r"Line 3 of .*train.jsonl is no JSON: .*utf-8"):
        read_rows(file)


def test_an_id_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "train.jsonl"
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines[:3], b"", lines[1]]))
    row_id = json.loads(lines[1])["row_id"]
    with pytest.raises(InputError, match=f"Line 5 of .* has the row_id of line 2: {row_id}"):
        read_rows(file)


@pytest.mark.parametrize("strategy", ["sequential", "overlap25", "overlap50", "long"])
def test_no_strategy_gives_two_rows_one_id(tmp_path: Path, strategy: str) -> None:
    manifest = write(tmp_path, strategy=strategy, max_row_tokens=8_000)
    files = [tmp_path / name for name in ("train.jsonl", "validation.jsonl")]
    rows = [row for file in files for row in read_rows(file)]
    assert len({row.row_id for row in rows}) == len(rows) == sum(f.rows for f in manifest.files)


def test_the_manifest_accounts_for_everything(tmp_path: Path) -> None:
    manifest = write(tmp_path)
    read = RowManifest.model_validate_json((tmp_path / "manifest.json").read_bytes())
    assert read == manifest
    for file in manifest.files:
        content = (tmp_path / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        rows = read_rows(tmp_path / file.name)
        assert (len(rows), sum(r.tokens for r in rows)) == (file.rows, file.tokens)
    assert sum(b.rows for b in manifest.books) == sum(f.rows for f in manifest.files) == 11
    assert manifest.split.validation_share == pytest.approx(
        manifest.files[1].tokens / sum(f.tokens for f in manifest.files), abs=1e-4
    )
    assert manifest.settings["seed"] == manifest.split.seed == 1
    assert {c.strategy for c in manifest.costs} == {"sequential", "overlap25", "overlap50", "long"}
    assert {t.section for t in manifest.trims} == {"summary", "tail", "canon"}
    assert manifest.tokenizer.exact


@pytest.mark.parametrize(
    ("name", "think", "content", "narrator_think"),
    [
        ("qwen3", "empty", "empty", False),
        ("qwen3", "beats", "beats", True),
        ("qwen3-thinking", "beats", "beats", None),
        ("llama-3.1", "beats", "none", None),
    ],
)
def test_the_manifest_says_how_to_serve(
    tmp_path: Path, name: str, think: str, content: str, narrator_think: bool | None
) -> None:
    noted = write(tmp_path, name, think=think).think
    assert (noted.content, noted.narrator_think) == (content, narrator_think)


def test_a_base_without_a_template_is_noted(tmp_path: Path) -> None:
    volume, tokenizer = book(((2_000,),)), base(template=False)
    made = compile_rows(volume, PrepSettings(), tokenizer)
    manifest = write_rows(tmp_path, [(book_rows(volume, made), made)], PrepSettings(), tokenizer)
    assert not manifest.tokenizer.own_template


def rows_of(folder: Path) -> list[dict[str, Any]]:
    write(folder)
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def written(folder: Path, *records: object) -> Path:
    file = folder / "own.jsonl"
    lines = (one if isinstance(one, bytes) else json.dumps(one).encode() for one in records)
    file.write_bytes(b"\n".join(lines))
    return file


def answer(record: dict[str, Any], content: str, role: str = "assistant") -> dict[str, Any]:
    messages = [*record["messages"][:-1], {"role": role, "content": content}]
    return {**record, "row_id": "own/1", "messages": messages}


def test_a_byte_order_mark_is_no_part_of_a_row(tmp_path: Path) -> None:
    file = tmp_path / "train.jsonl"
    first = rows_of(tmp_path)[0]
    before = read_rows(file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_rows(file) == before
    assert before[0].row_id == first["row_id"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda one: answer(one, "And then?", "user"), "ends with the message of user"),
        (lambda one: {**one, "row_id": "own/1", "messages": []}, "ends with the message of nobody"),
        (
            lambda one: {**one, "row_id": "own/1", "messages": one["messages"][-1:]},
            "no user's message",
        ),
        (lambda one: answer(one, ""), "empty scene"),
        (lambda one: answer(one, " \n "), "empty scene"),
        (lambda one: answer(one, "<think>\n- A beat\n</think>\n\n"), "empty scene"),
        (lambda one: answer(one, "The lamp\0 burned."), "NUL character"),
        (lambda one: json.dumps(answer(one, "A")).encode().replace(b"A", b"A\0"), "NUL byte"),
        (lambda one: {"messages": one["messages"]}, "another kind: `messages` alone"),
        (
            lambda one: {"conversations": [{"from": "human", "value": "A"}]},
            "another kind: `conversations`, as ShareGPT",
        ),
        (lambda one: {"text": "The lamp burned."}, "another kind: `text` alone"),
        (lambda one: {"instruction": "A", "output": "B"}, "another kind: .* as Alpaca"),
        (lambda one: {**one, "row_id": "own/1", "tokens": "many"}, "no training row: .* at tokens"),
        (lambda one: [1], "no training row"),
        (lambda one: b"{", "no JSON"),
        (lambda one: '{"a": "Caf\xe9"}'.encode("latin-1"), "no JSON"),
    ],
)
def test_a_row_that_teaches_nothing_is_refused_with_its_line(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], fault: str
) -> None:
    first = rows_of(tmp_path)[0]
    file = written(tmp_path, first, change(first))
    with pytest.raises(InputError, match=f"^Line 2 of .*own.jsonl .*{fault}") as raised:
        read_rows(file)
    assert "\n" not in raised.value.message
    assert raised.value.fix


def test_a_text_that_only_spells_a_nul_is_read(tmp_path: Path) -> None:
    spelled = answer(rows_of(tmp_path)[0], "He typed \\u0000 and waited.")
    assert read_rows(written(tmp_path, spelled))[0].messages[-1].content.startswith("He typed")
