"""Models from the Hugging Face hub, on machines that can reach it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from novelcraft.errors import ModelDownloadError
from novelcraft.tools.models.embedded.catalog import HubFile
from novelcraft.tools.models.embedded.fetch import is_storage_fault

HubDownload = Callable[[HubFile, Path], None]
"""Puts a file of the hub at a path, whole or not at all."""

_PREFERRED = ("q4_k_m", "q5_k_m", "q4_0", "q8_0")
"""Quantisations in the order in which they are taken where a repository has several."""
_FIX = (
    "Check the network, or download the file elsewhere and run "
    "`novelcraft model pull /path/to/model.gguf`."
)


def resolve_hub(wanted: str) -> HubFile:
    """What a hub name means: `owner/repository/file.gguf`, or `owner/repository`.

    Raises:
        ModelDownloadError: It is no hub name, the hub cannot be reached, or the repository holds
            no GGUF file.
    """
    parts = wanted.strip("/").split("/")
    if len(parts) < 2 or not all(parts):
        raise ModelDownloadError(
            f"{wanted!r} is neither a known model, nor a file, nor a name on the hub.",
            fix="`novelcraft model list` shows the known ones; a hub name is owner/repository.",
        )
    repo = "/".join(parts[:2])
    if len(parts) > 2:
        return HubFile(repo, "/".join(parts[2:]))
    return HubFile(repo, choose_file(repo, _call_hub(repo, "list_repo_files", repo)))


def choose_file(repo: str, files: Sequence[str]) -> str:
    """The file of a repository that suits this engine best.

    Raises:
        ModelDownloadError: None does. A model in several parts does not.
    """
    whole = [f for f in files if f.lower().endswith(".gguf") and "-of-" not in f.lower()]
    for quantisation in _PREFERRED:
        for file in whole:
            if quantisation in file.lower().replace("-", "_"):
                return file
    if whole:
        return whole[0]
    raise ModelDownloadError(
        f"{repo} holds no GGUF file in one part.",
        fix="Look for a repository of the same model whose name ends in GGUF.",
    )


def download_from_hub(source: HubFile, target: Path) -> None:
    """Download a file of the hub to `target`; a download that broke off goes on.

    Raises:
        ModelDownloadError: The hub cannot be reached, or has no such file.
    """
    scratch = target.with_name(f".{target.stem}.hub")
    fetched = _call_hub(
        source.repo, "hf_hub_download", source.repo, source.file, local_dir=str(scratch)
    )
    Path(fetched).replace(target)
    shutil.rmtree(scratch)


def _call_hub(repo: str, function: str, *args: Any, **kwargs: Any) -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ModelDownloadError(
            f"{repo} is on the Hugging Face hub, and its client is not installed.",
            fix="Run `pip install huggingface_hub`, or give the path of a GGUF file.",
        ) from error
    try:
        return getattr(huggingface_hub, function)(*args, **kwargs)
    except Exception as error:
        # The client's own faults are of many kinds, some of them OSError; a full disk is not its.
        if is_storage_fault(error):
            raise
        raise _unreachable(repo, error) from error


def _unreachable(repo: str, error: Exception) -> ModelDownloadError:
    reason = str(error).strip().splitlines()
    said = reason[0] if reason else type(error).__name__
    return ModelDownloadError(f"{repo} could not be fetched from the hub: {said}", fix=_FIX)
