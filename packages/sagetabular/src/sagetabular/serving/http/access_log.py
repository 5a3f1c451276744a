"""One JSON line on standard output for each request."""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from sagetabular.serving.formats.answers import Answer

# What a pipe takes in one piece, so that lines of several workers never mix.
_PIECE = 4096


class AccessLog:
    """Collects lines, since a system call for each would cost as much as a prediction."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._size = 0
        self._health = 200

    def request(self, method: str, path: str, received: int, answer: Answer, ms: float) -> None:
        """Note a request.

        Of health checks, which SageMaker sends every few seconds, those are left out that say what
        the one before said; what the first is expected to say is that all is well.

        Args:
            method: GET, POST, …
            path: Without the query.
            received: Bytes of the request's body.
            answer: What was answered.
            ms: Milliseconds from the request's head to its answer.
        """
        if path == "/ping":
            before, self._health = self._health, answer.status
            if before == answer.status:
                return
        entry: dict[str, object] = {
            "method": method,
            "path": path[:200],
            "status": answer.status,
            "rows": answer.rows,
            "bytes": received,
            "ms": round(ms, 3),
        }
        self._add(_line(entry))

    def event(self, text: str) -> None:
        """Note what happens to this worker, at once."""
        # A name of a file may hold bytes that are no text.
        text = text.encode(errors="replace").decode()
        self._write([_line({"event": text, "worker": os.getpid()})])

    def flush(self) -> None:
        """Write what was noted."""
        lines, self._lines, self._size = self._lines, [], 0
        if lines:
            self._write(lines)

    def _add(self, line: bytes) -> None:
        if self._size + len(line) > _PIECE:
            self.flush()
        self._lines.append(line)
        self._size += len(line)

    def _write(self, lines: list[bytes]) -> None:
        """Write lines; a reader that has gone away, or a full disk, must not stop the server."""
        with contextlib.suppress(OSError):
            os.write(sys.stdout.fileno(), b"".join(lines))


def _line(entry: dict[str, object]) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return orjson.dumps({"time": now, **entry}, option=orjson.OPT_APPEND_NEWLINE)
