"""The socket that all workers share, and how it ends without losing a connection."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING

from sagetabular.serving.errors import ServerError

if TYPE_CHECKING:
    from sagetabular.serving.settings import ServerSettings

BACKLOG = 2048
# Where a listening socket's `tcp_info` has the number of connections that nobody has accepted.
_QUEUED = slice(24, 28)
# Of asm-generic/socket.h; Python has no name for it.
_SO_ATTACH_FILTER = 26
# A program of the kernel's packet filter, see filter.txt of Linux' documentation: load byte 13 of
# the TCP header; if its bit SYN is set, take nothing of the packet, else all.
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def listen(settings: ServerSettings) -> socket.socket:
    """Listen before the workers do: requests wait while one is being replaced.

    Raises:
        ServerError: Nothing can listen on the port.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host, settings.port)
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as err:
        reason = os.strerror(err.errno or 0)
        msg = f"{settings.host}:{settings.port} cannot be listened on: {reason}.\n"
        remedy = "Stop what listens there, or set SAGEMAKER_BIND_TO_PORT to another port."
        raise ServerError(msg + remedy) from err


def let_nobody_in(listener: socket.socket) -> None:
    """Let no connection begin any more, for all processes that share the socket (Linux).

    Those that have begun can be accepted. A client that comes now tries again after a second, and
    is refused if the socket has been closed until then. Closing it alone would reset what the
    kernel takes between the last look and the end.
    """
    if sys.platform != "linux":
        return
    filters = b"".join(struct.pack("HBBI", *instruction) for instruction in _NO_SYN)
    memory = ctypes.create_string_buffer(filters)
    program = struct.pack("HP", len(_NO_SYN), ctypes.addressof(memory))
    with contextlib.suppress(OSError):  # a sandbox without it has that short moment
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def count_waiting(listener: socket.socket) -> int:
    """Return how many connections nobody has accepted yet; 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _QUEUED.stop)
    return int.from_bytes(info[_QUEUED], sys.byteorder)
