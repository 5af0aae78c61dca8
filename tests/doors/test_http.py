"""Who may come in over HTTP, as browsers and programs knock."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from novelcraft.doors.http import Door, is_loopback
from novelcraft.errors import ConfigError

CHROME = {
    "host": "127.0.0.1:8160",
    "connection": "keep-alive",
    "sec-ch-ua-platform": '"Linux"',
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36",
    "sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    "sec-ch-ua-mobile": "?0",
    "accept": "*/*",
    "sec-fetch-site": "cross-site",
    "referer": "https://evil.example/",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-US,en;q=0.9",
}
"""What Chrome puts on a request of https://evil.example, whatever it is for."""
FETCH = {
    **CHROME,
    "origin": "https://evil.example",
    "content-type": "text/plain;charset=UTF-8",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-dest": "empty",
}
"""`fetch(url, {method: "POST", mode: "no-cors", body})`: sent without a preflight."""
PREFLIGHT = {
    **CHROME,
    "origin": "https://evil.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
    "access-control-request-private-network": "true",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
}
IMAGE = {**CHROME, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
"""`<img src=…>`: no Origin."""
FRAME = {**CHROME, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
LINK = {**CHROME, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
TYPED = {**LINK, "sec-fetch-site": "none"}

LOCAL = Door("127.0.0.1", 8160)
OPEN = Door("0.0.0.0", 8160, key="sesame", names=("studio.lan",))


@pytest.mark.parametrize(
    ("door", "headers", "status"),
    [
        (LOCAL, {"host": "127.0.0.1:8160"}, None),
        (LOCAL, {"host": "localhost:8160"}, None),
        (LOCAL, {"host": "[::1]:8160"}, None),
        (LOCAL, {"host": "127.0.0.1:8160", "origin": "http://localhost:3000"}, None),
        # A page of the web, in a browser on this machine.
        (LOCAL, {"host": "127.0.0.1:8160", "origin": "https://evil.example"}, 403),
        (LOCAL, {"host": "127.0.0.1:8160", "origin": "null"}, 403),
        (LOCAL, {"host": "127.0.0.1:8160", "origin": "http://localhost.evil.example"}, 403),
        (LOCAL, FETCH, 403),
        (LOCAL, PREFLIGHT, 403),
        (LOCAL, IMAGE, 403),
        (LOCAL, FRAME, 403),
        (LOCAL, LINK, None),
        (LOCAL, TYPED, None),
        (LOCAL, {**FETCH, "origin": "http://localhost:3000"}, None),
        (OPEN, {**FETCH, "host": "studio.lan:8160", "authorization": "Bearer sesame"}, 403),
        (OPEN, {**IMAGE, "host": "studio.lan:8160"}, 403),
        # DNS rebinding: the page's own name points here.
        (LOCAL, {"host": "evil.example"}, 421),
        (LOCAL, {"host": "evil.example:8160", "origin": "http://evil.example:8160"}, 421),
        (LOCAL, {"host": "127.0.0.1.evil.example"}, 421),
        (LOCAL, {"host": ""}, 421),
        (LOCAL, {}, 421),
        (OPEN, {"host": "studio.lan:8160", "authorization": "Bearer sesame"}, None),
        (OPEN, {"host": "studio.lan:8160"}, 401),
        (OPEN, {"host": "studio.lan:8160", "authorization": "Bearer Sesame"}, 401),
        (OPEN, {"host": "studio.lan:8160", "authorization": "Bearer schlüssel"}, 401),
        (OPEN, {"host": "studio.lan", "origin": "https://evil.example"}, 403),
    ],
)
def test_who_may_come_in(door: Door, headers: dict[str, str], status: int | None) -> None:
    raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    refused = door.admits(Headers(raw=raw))
    assert (refused and refused[0]) == status


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.0.0.53", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("studio.lan", False),
    ],
)
def test_an_open_address_needs_a_key(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    Door(host, 1, key="k").require_safe()
    if loopback:
        Door(host, 1).require_safe()
        return
    with pytest.raises(ConfigError, match="no key is set"):
        Door(host, 1).require_safe()
