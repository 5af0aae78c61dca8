from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import ModelDownloadError, ModelNotServedError
from novelcraft.tools.models.embedded.cache import cache_folder
from novelcraft.tools.models.embedded.catalog import KNOWN, HubFile, Wheel, find
from novelcraft.tools.models.embedded.hub import choose_file, resolve_hub
from novelcraft.tools.models.embedded.library import ModelLibrary, pull_model


class Hub:
    """A hub on this machine."""

    def __init__(self, content: bytes = b"GGUF and weights") -> None:
        self.content = content
        self.asked: list[HubFile] = []

    def __call__(self, source: HubFile, target: Path) -> None:
        self.asked.append(source)
        target.write_bytes(self.content)


def no_network(wheel: Wheel, folder: Path) -> Path:
    raise ModelDownloadError("no network")


def library(tmp_path: Path, hub: Hub | None = None) -> ModelLibrary:
    return ModelLibrary(tmp_path / "cache", download=no_network, hub=hub or Hub())


def gguf(path: Path, size: int = 100) -> Path:
    path.write_bytes(b"GGUF".ljust(size, b"."))
    return path


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    empty = library(tmp_path)
    assert empty.installed() == ()
    assert empty.best_installed() is None
    assert [row.name for row in empty.list_models()] == [m.name for m in KNOWN]
    assert not any(row.installed for row in empty.list_models())


def test_auto_fetches_the_small_model_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelDownloadError, match="no network"):
        library(tmp_path).ensure("auto")


def test_a_file_is_registered_where_it_is(tmp_path: Path) -> None:
    models, file = library(tmp_path), gguf(tmp_path / "Mag-Mell-12B.Q4_K_M.gguf")
    pulled = models.pull(str(file))
    assert pulled.name == "mag-mell-12b.q4_k_m"
    assert pulled.path.resolve() == file
    assert models.pull(str(file)) == pulled
    assert models.ensure(pulled.name) == models.ensure("auto") == pulled
    own = models.list_models()[-1]
    assert (own.name, own.note, own.installed) == (pulled.name, "your own", True)
    file.unlink()
    assert models.installed() == ()


def test_the_largest_model_is_the_best(tmp_path: Path) -> None:
    models = library(tmp_path)
    for name, size in (("a", 100), ("b", 300), ("c", 200)):
        models.pull(str(gguf(tmp_path / f"{name}.gguf", size)))
    best = models.best_installed()
    assert best is not None
    assert best.name == "b"


def test_known_models_come_from_the_hub_once(tmp_path: Path) -> None:
    hub = Hub()
    models = library(tmp_path, hub)
    pulled = models.pull("Qwen3-4B")
    assert models.pull("qwen3-4b") == pulled
    assert pulled.name == "qwen3-4b"
    known = find("qwen3-4b")
    assert known is not None
    assert hub.asked == [known.source]


def test_a_hub_file_is_named_after_itself(tmp_path: Path) -> None:
    hub = Hub()
    pulled = library(tmp_path, hub).pull("owner/Novelist-GGUF/Novelist-7B-Q4_K_M.gguf")
    assert pulled.name == "novelist-7b-q4_k_m"
    assert hub.asked == [HubFile("owner/Novelist-GGUF", "Novelist-7B-Q4_K_M.gguf")]


def test_what_is_no_model_is_not_installed(tmp_path: Path) -> None:
    models = library(tmp_path, Hub(b"<html>"))
    text = tmp_path / "novel.gguf"
    text.write_text("Chapter one", encoding="utf-8")
    for wanted in (str(text), "owner/repo/model.gguf"):
        with pytest.raises(ModelDownloadError, match="is not a GGUF file"):
            models.pull(wanted)
    assert models.installed() == ()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("./missing.gguf", "There is no file missing.gguf"),
        ("novelist", "neither a known model, nor a file, nor a name on the hub"),
    ],
)
def test_what_cannot_be_pulled_is_named(tmp_path: Path, wanted: str, message: str) -> None:
    with pytest.raises(ModelDownloadError, match=message):
        library(tmp_path).pull(wanted)


def test_a_model_that_is_not_installed(tmp_path: Path) -> None:
    models = library(tmp_path)
    models.pull(str(gguf(tmp_path / "own.gguf")))
    with pytest.raises(ModelNotServedError, match="installed are: own") as caught:
        models.ensure("qwen3-4b")
    assert "novelcraft model pull qwen3-4b" in caught.value.fix


def test_files_of_a_repository_are_chosen_by_quantisation() -> None:
    files = ["README.md", "m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-f16-00001-of-00002.gguf"]
    assert choose_file("o/r", files) == "m-Q4_K_M.gguf"
    assert choose_file("o/r", ["odd-IQ3.gguf"]) == "odd-IQ3.gguf"
    with pytest.raises(ModelDownloadError, match="no GGUF file in one part"):
        choose_file("o/r", ["m-00001-of-00002.gguf", "model.safetensors"])


def test_a_hub_name_with_its_file_needs_no_hub_to_resolve() -> None:
    assert resolve_hub("o/r/sub/m.gguf") == HubFile("o/r", "sub/m.gguf")


def test_the_cache_is_where_the_variable_says() -> None:
    assert cache_folder({"NOVELCRAFT_CACHE": "/elsewhere"}) == Path("/elsewhere")
    assert cache_folder({}).name == "novelcraft"


def test_the_functions_of_the_command_line(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert pull_model(str(gguf(tmp_path / "own.gguf")), cache=cache).name == "own.gguf"
    assert ModelLibrary(cache).list_models()[-1].name == "own"
