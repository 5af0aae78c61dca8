"""How requests leave: to one server and no other, without a TLS context where there is no TLS."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2

from novelcraft.errors import ConfigError

_SECRET_NAME = re.compile(r"key|token|secret|sig|pass|auth|code", re.IGNORECASE)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RedirectedError(Exception):
    """A server sent a request on to another one. It was not followed."""


@dataclass(frozen=True)
class Address:
    """Where a server is, with what the URL holds that nobody should see told apart."""

    url: str
    """With `/v1`, and without user, password and query: it can be shown."""
    auth: tuple[str, str] | None = None
    """User and password."""
    params: tuple[tuple[str, str], ...] = ()
    """The query, which goes with every request."""

    @classmethod
    def of(cls, given: str) -> Address:
        """The address that a person gave, with the scheme and `/v1` that are easily forgotten.

        Raises:
            ConfigError: It is no URL; the message does not repeat it.
        """
        scheme, found, rest = given.strip().partition("://")
        if not found:
            scheme, rest = "http", given.strip()
        try:
            url = httpx2.URL(f"{scheme}://{rest}")
        except httpx2.InvalidURL as error:
            raise _no_url(str(error)) from None
        if scheme not in ("http", "https") or not url.host:
            raise _no_url("it has no host, or is neither http:// nor https://")
        auth = (url.username, url.password) if url.userinfo else None
        params = tuple(url.params.multi_items())
        path = url.path.rstrip("/") or "/v1"
        plain = url.copy_with(username="", password="", path=path, query=None, fragment=None)
        return cls(str(plain), auth, params)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of it must not be shown."""
        user = (":".join(self.auth), self.auth[1]) if self.auth else ()
        return (*user, *(value for name, value in self.params if _SECRET_NAME.search(name)))


def _no_url(why: str) -> ConfigError:
    return ConfigError(
        f"A role's base_url is no URL of a server: {why}.",
        fix="Write it like http://127.0.0.1:8000/v1",
    )


def trusts_proxies(url: str) -> bool:
    """Whether proxies that the environment names may carry requests to that URL."""
    return httpx2.URL(url).host not in _LOOPBACK


def connection_options(
    url: str, auth: tuple[str, str] | None, params: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    """What every client of httpx gets for requests to that URL, redirects excepted.

    A TLS context takes 20 ms and a megabyte of certificates: the clients of https share one, and
    those of plain http, which are sent nowhere else, get none.
    """
    return {
        "verify": _tls() if url.startswith("https:") else False,
        "trust_env": trusts_proxies(url),
        "auth": auth,
        "params": params or None,
        "headers": {"Accept-Encoding": "identity"},
        "follow_redirects": True,
    }


def require_same_origin(response: httpx2.Response) -> None:
    """Refuse to follow a redirect to another server. A hook for the responses of a client.

    Raises:
        RedirectedError: The response is one.
    """
    if not response.has_redirect_location:
        return
    there = response.request.url.join(response.headers["location"])
    if _origin(there) != _origin(response.request.url):
        raise RedirectedError(
            f"it sends requests on to {there.scheme}://{there.netloc.decode()} (HTTP "
            f"{response.status_code}); neither the prompt nor the key was sent there"
        )


async def require_same_origin_async(response: httpx2.Response) -> None:
    """The same for asynchronous clients."""
    require_same_origin(response)


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or default
