"""What a server says of itself: whether it is well, what it serves, how busy it is."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

import httpx2

from novelcraft.errors import ModelError
from novelcraft.tools.models.patience import Patience
from novelcraft.tools.models.profile import Profile
from novelcraft.tools.models.server import Server
from novelcraft.tools.models.wire import Flavour

TIMEOUT = 5.0
_SAMPLE = re.compile(
    r"^(?P<name>[\w:]+)(?:\{.*\})? (?P<value>\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*$",
    re.MULTILINE | re.IGNORECASE,
)
"""A number that is one: what a server has yet to measure is `NaN` in some."""
_METRICS: dict[str, tuple[str, ...]] = {
    "running": ("vllm:num_requests_running", "llamacpp:requests_processing"),
    "waiting": ("vllm:num_requests_waiting", "llamacpp:requests_deferred"),
    "cache_use": ("vllm:kv_cache_usage_perc", "llamacpp:kv_cache_usage_ratio"),
    "written": ("vllm:generation_tokens_total", "llamacpp:tokens_predicted_total"),
    "read": ("vllm:prompt_tokens_total", "llamacpp:prompt_tokens_total"),
    "prefix_asked": ("vllm:prefix_cache_queries_total",),
    "prefix_hits": ("vllm:prefix_cache_hits_total",),
}
"""What the servers call what is wanted here; the first that is there counts."""


@dataclass(frozen=True)
class Load:
    """How busy a server is, by its own metrics. None where it does not tell."""

    at: float
    """When it was asked, in seconds of a clock that only goes on."""
    running: int | None
    waiting: int | None
    cache_use: float | None
    """Share of its cache that holds tokens."""
    written: int | None
    """Tokens, since it started."""
    read: int | None
    """Tokens of prompts, since it started."""
    prefix_hits: float | None
    """Share of the prompts' tokens that came from the cache, since it started."""

    def written_since(self, before: Load) -> float | None:
        """Tokens a second that it has written since an earlier look."""
        return _rate(self.written, before.written, self.at - before.at)

    def read_since(self, before: Load) -> float | None:
        """Tokens a second of prompts that it has read since an earlier look."""
        return _rate(self.read, before.read, self.at - before.at)


@dataclass(frozen=True)
class ServerStatus:
    """What a server said."""

    url: str
    problem: str = ""
    """Why nothing is known; empty where it is well."""
    flavour: Flavour = "openai"
    models: Mapping[str, int] | None = None
    """Names of its models, with their context in tokens, 0 where it does not say."""
    adapters: tuple[str, ...] = ()
    load: Load | None = None
    """None where it has no metrics."""


async def ask_status(server: Server, role: str, key_variable: str = "") -> ServerStatus:
    """Ask a server how it is. Waits for nothing, and has nothing computed.

    Args:
        server: The server.
        role: For whom it is, for what is said of a fault.
        key_variable: Environment variable of its key, likewise.
    """
    patience = Patience(role, 0.0, lambda _: None, server.secrets)
    try:
        profile = await server.probe(role, key_variable, patience)
    except ModelError as error:
        return ServerStatus(server.url, problem=error.message)
    load = await _load(server) if profile.flavour != "openai" else None
    return ServerStatus(
        url=server.url,
        flavour=profile.flavour,
        models={model.id: model.context for model in profile.models if not model.parent},
        adapters=_adapters(profile),
        load=load,
    )


def parse_load(metrics: str, at: float) -> Load:
    """Read a page of metrics in Prometheus' form.

    Of several series of one name, as several engines behind one server have them, counts are
    added up, and of shares the mean is taken.

    Args:
        metrics: The page.
        at: When it was asked for.
    """
    series: dict[str, list[float]] = {}
    for sample in _SAMPLE.finditer(metrics):
        series.setdefault(sample["name"], []).append(float(sample["value"]))
    found = {key: _first(series, names) for key, names in _METRICS.items()}
    values = {key: sum(each) if each else None for key, each in found.items()}
    asked, hits = values["prefix_asked"], values["prefix_hits"]
    return Load(
        at=at,
        running=_whole(values["running"]),
        waiting=_whole(values["waiting"]),
        cache_use=mean(found["cache_use"]) if found["cache_use"] else None,
        written=_whole(values["written"]),
        read=_whole(values["read"]),
        prefix_hits=hits / asked if asked and hits is not None else None,
    )


async def _load(server: Server) -> Load | None:
    options = server.connection_options
    options["headers"] |= server.headers
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT, **options) as client:
            response = await client.get(f"{server.root}/metrics")
    except httpx2.HTTPError:
        return None
    return parse_load(response.text, time.monotonic()) if response.is_success else None


def _adapters(profile: Profile) -> tuple[str, ...]:
    return profile.adapters or tuple(model.id for model in profile.models if model.parent)


def _first(series: Mapping[str, Sequence[float]], names: Sequence[str]) -> Sequence[float]:
    return next((series[name] for name in names if name in series), ())


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _rate(now: int | None, before: int | None, seconds: float) -> float | None:
    if now is None or before is None or seconds <= 0:
        return None
    # A server that was started anew counts from nothing.
    return max(0, now - before) / seconds
