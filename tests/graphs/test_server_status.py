"""Which servers are looked at, and for whom."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from novelcraft.config.root import Settings
from novelcraft.graphs.server_status import ask_all, watched_servers
from novelcraft.present.serving import status_lines
from novelcraft.tools.serving.record import RunningServer, ServingRecord
from novelcraft.tools.serving.status import Load, ServerStatus
from tests.fakes.server import FakeServer

EMBEDDED = {"model": "embedded:auto"}


def settings(server: FakeServer, model: str = "openai:fake-model") -> Settings:
    role = {"model": model, "base_url": server.base_url}
    roles = {"reasoning": role, "narrator": role, "cheap": EMBEDDED}
    return Settings.model_validate({"roles": roles})


def started(folder: Path, server: FakeServer, pid: int) -> None:
    ServingRecord(folder).add(
        RunningServer(
            roles=("narrator",), url=server.base_url, model="m", adapters=(), pid=pid, log="log"
        )
    )


def test_roles_on_one_server_are_one_and_what_serve_started_comes_after(
    tmp_path: Path, serve: Callable[..., FakeServer]
) -> None:
    mine, other = serve(), serve()
    started(tmp_path, mine, os.getpid())
    started(tmp_path, other, os.getpid())
    named, embedded, unused = watched_servers(settings(mine), tmp_path, {})
    assert (list(named.roles), named.pid) == (["reasoning", "narrator"], os.getpid())
    assert (list(embedded.roles), embedded.server) == (["cheap"], None)
    assert unused.server is not None
    assert (dict(unused.roles), unused.server.url) == ({}, other.base_url)


async def test_each_look_asks_anew(tmp_path: Path, serve: Callable[..., FakeServer]) -> None:
    server = serve(flavour="vllm")
    watched = watched_servers(settings(server), tmp_path, {})
    first, none = await ask_all(watched)
    server.close()
    second, _ = await ask_all(watched)
    assert none is None
    assert first is not None
    assert second is not None
    assert (first.problem, bool(second.problem)) == ("", True)


def test_what_a_person_reads(tmp_path: Path, serve: Callable[..., FakeServer]) -> None:
    server = serve()
    roles, embedded = watched_servers(settings(server, "openai:gone"), tmp_path, {})
    before = Load(0.0, 0, 0, 0.0, 100, 1_000, None)
    after = Load(2.0, 3, 1, 0.625, 300, 5_000, 0.5)
    status = ServerStatus(server.base_url, "", "vllm", {"m": 8_192}, ("brontë",), after)
    earlier = ServerStatus(server.base_url, "", "vllm", {"m": 8_192}, ("brontë",), before)
    assert list(status_lines(roles, status, earlier)) == [
        f"reasoning, narrator: {server.base_url}",
        "  well (vLLM): m, context 8,192",
        "  reasoning names gone, which is not among them",
        "  narrator names gone, which is not among them",
        "  adapters: brontë",
        "  100 tokens/s written, 2000 tokens/s read, 3 running, 1 waiting, cache 62%, prefix hits "
        "50%",
    ]
    assert list(status_lines(embedded, None, None)) == [
        "cheap: auto on this machine, loaded while something is written"
    ]
    ill = ServerStatus(server.base_url, "nothing answers")
    assert list(status_lines(roles, ill, None))[1:] == ["  not well: nothing answers"]
