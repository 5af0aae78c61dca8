"""Adapters are known by name, and by the files that servers have them from."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.errors import ConfigError
from novelcraft.tools.models.adapters import find_served, gguf_of
from novelcraft.tools.models.profile import Profile, ServedModel


def vllm(root: str) -> Profile:
    base = ServedModel("base", ("base",), 4_096, root="/models/base")
    voice = ServedModel("voice", ("voice",), 4_096, root=root, parent="base")
    return Profile("vllm", (base, voice))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("adapters/a/adapter/adapter.gguf", 0),
        ("adapters/b", 1),
        ("adapters/b/adapter", 1),
        ("{here}/adapters/b/adapter/adapter.gguf", 1),
        ("poe.gguf", 2),
        ("poe", 2),
        ("adapter", 0),
    ],
)
def test_llama_cpp_lists_files(
    wanted: str, index: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = (
        "adapters/a/adapter/adapter.gguf",
        "adapters/b/adapter/adapter.gguf",
        "/elsewhere/poe.gguf",
    )
    found = find_served(Profile("llamacpp", (), files), wanted.format(here=tmp_path))
    assert found is not None
    assert (found.index, found.path) == (index, files[index])


def test_vllm_lists_adapters_as_models(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "adapter"
    for wanted in ("voice", str(folder), str(folder.parent)):
        found = find_served(vllm(str(folder)), wanted)
        assert found is not None
        assert (found.name, found.path) == ("voice", str(folder))
    assert find_served(vllm(str(folder)), "other") is None
    # The base is no adapter, wherever it lies; but a server may merge an adapter and call it so.
    assert find_served(vllm(str(folder)), "/models/base") is None


def test_a_hosted_service_may_list_an_adapter_as_a_model() -> None:
    served = Profile("openai", (ServedModel("base", ("base",), 0), ServedModel("v", ("v",), 0)))
    found = find_served(served, "v")
    assert found is not None
    assert (found.name, found.path) == ("v", "")


def test_the_embedded_engine_takes_a_file_or_a_folder(tmp_path: Path) -> None:
    adapter = tmp_path / "run" / "adapter"
    adapter.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"no adapter\.gguf in that folder") as caught:
        gguf_of("narrator", str(adapter))
    assert f"novelcraft adapter convert {adapter} --to gguf" in caught.value.fix
    file = adapter / "adapter.gguf"
    file.touch()
    for given in (file, adapter, adapter.parent):
        assert gguf_of("narrator", str(given)) == file.resolve()
    with pytest.raises(ConfigError, match=r"\[roles.narrator\] adapter = 'poe': there is no such"):
        gguf_of("narrator", "poe")
