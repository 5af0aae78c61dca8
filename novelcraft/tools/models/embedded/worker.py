"""The child process of the embedded engine: `python -m novelcraft.tools.models.embedded.worker`.

Reads one line of JSON from standard input (see `Launch`), loads the model, writes one line of
JSON to standard output with the URL it listens at, and serves until standard input ends. The
parent holds the other end, so that however the parent dies, even by SIGKILL, the child follows.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from typing import Any

_LOG_WARNINGS = 2


@dataclass(frozen=True)
class Launch:
    """What the engine is to run."""

    path: str
    """The GGUF file."""
    name: str
    """Name it is served under."""
    key: str
    """Key that requests must carry, so that other users of the machine are kept out."""
    context: int
    """Tokens of context that each slot has."""
    slots: int
    """Requests whose prefixes are kept in memory; each has a context of its own."""
    threads: int
    prompt_cache_mib: int
    """Memory for prefixes that were pushed out of their slot, in MiB."""
    adapters: tuple[str, ...] = ()
    """GGUF files of LoRA adapters. Each is loaded, and used by the requests that say so."""

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Launch:
        """What `to_json` wrote."""
        read = json.loads(line)
        return cls(**{**read, "adapters": tuple(read["adapters"])})


def main() -> None:
    """Serve until standard input ends."""
    launch = Launch.from_json(sys.stdin.readline())
    announce = _take_standard_output()
    try:
        server = _serve(launch)
    except RuntimeError as error:
        # The reason is in the log above this line; where it was raised helps nobody.
        sys.exit(str(error))
    announce.write(json.dumps({"url": server.listening_address}) + "\n")
    announce.close()
    _follow_parent()


def _take_standard_output() -> Any:
    """Keep standard output to ourselves: what the engine prints there joins its log."""
    announce = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return announce


def _serve(launch: Launch) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = launch.path
    params.model_alias = {launch.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [launch.key]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = True
    params.verbosity = _LOG_WARNINGS
    params.fit_params = False
    params.n_ctx = launch.context * launch.slots
    params.n_parallel = launch.slots
    params.cache_ram_mib = launch.prompt_cache_mib
    params.cpuparams.n_threads = launch.threads
    params.cpuparams_batch.n_threads = launch.threads
    params.lora_adapters = [_unused(xllamacpp, path) for path in launch.adapters]
    # With flash attention the same prompt gives other numbers when part of it came from the
    # cache, and so another text. Without it the numbers are the same, and on a CPU it is faster.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return xllamacpp.Server(params)


def _unused(xllamacpp: Any, path: str) -> Any:
    """An adapter that takes no part in an answer until a request gives it a scale."""
    loaded = xllamacpp.CommonAdapterLoraInfo()
    loaded.path, loaded.scale = path, 0.0
    return loaded


def _follow_parent() -> None:
    ended = threading.Event()

    def watch() -> None:
        while sys.stdin.read(1):
            pass
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    ended.wait()
    # The native threads of the server do not take part in an orderly end of the interpreter.
    os._exit(0)


if __name__ == "__main__":
    main()
