"""HTTP requests of the commands: never through a proxy to an address of this machine."""

from __future__ import annotations

import ipaddress
import socket
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPResponse


def open_url(request: urllib.request.Request, seconds: float) -> HTTPResponse:
    """Return the answer to a request; it must be closed.

    A proxy, as the environment of a company's laptop names one, cannot reach this machine, and
    the rows would go to it.

    Args:
        request: Its address begins with http:// or https://.
        seconds: How long to wait.

    Raises:
        HTTPError: The answer's status is no success.
        OSError: Nobody answers.
        ValueError: The address is none.
    """
    proxies: dict[str, str] | None = (
        {} if is_here(urlsplit(request.full_url).hostname or "") else None
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    answer: HTTPResponse = opener.open(request, timeout=seconds)
    return answer


def is_here(host: str) -> bool:
    """Return whether a host, by name or address, is this machine."""
    names = {"localhost", socket.gethostname().lower()}
    if host.lower() in names or host.lower().endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
