"""EventBridge as far as it takes events: checked by its API's description and documented limits."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import botocore.session
from botocore.validate import ParamValidator

Json = dict[str, Any]
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
MOST_ENTRIES, LARGEST = 10, 256 * 1024
SHAPE = (
    botocore.session.Session().get_service_model("events").operation_model("PutEvents").input_shape
)


def size_of(entry: Json) -> int:
    """Return how large an entry is to EventBridge: 14 bytes for its time, and its texts."""
    texts = [entry["Source"], entry["DetailType"], entry["Detail"], *entry.get("Resources", [])]
    return 14 * ("Time" in entry) + sum(len(text.encode()) for text in texts)


def problems(target: str, request: Json) -> list[str]:
    """Return what EventBridge would refuse."""
    report = ParamValidator().validate(request, SHAPE)
    found = [report.generate_report()] if report.has_errors() else []
    entries = request.get("Entries", [])
    if target != "AWSEvents.PutEvents" or not 1 <= len(entries) <= MOST_ENTRIES:
        found.append(f"{target}: {len(entries)} entries")
    for entry in entries:
        if not {"Source", "DetailType", "Detail"} <= entry.keys():
            found.append(f"An entry without Source, DetailType or Detail: {entry}")
        elif not isinstance(json.loads(entry["Detail"]), dict) or size_of(entry) > LARGEST:
            found.append(f"Detail must be a small object: {entry['Detail'][:200]}")
    return found


class Recorder:
    """A server that notes events, and whatever was wrong with them."""

    def __init__(self, code: str | None = None) -> None:
        self.problems: list[str] = []
        self.regions: set[str] = set()
        self._entries: list[Json] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # Credential=KEY/DATE/REGION/events/aws4_request
                recorder.regions.add(self.headers["Authorization"].split("/")[2])
                answer = recorder.take(self.headers["X-Amz-Target"], json.loads(body), code)
                content = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, target: str, request: Json, code: str | None) -> Json:
        self.problems += problems(target, request)
        self._entries += request["Entries"]
        one = {"EventId": "1"} if code is None else {"ErrorCode": code, "ErrorMessage": "No."}
        count = len(request["Entries"])
        return {"FailedEntryCount": count if code else 0, "Entries": [one] * count}

    def entries(self) -> list[Json]:
        """Return all events that have come, in their order, once they are known to be right."""
        assert not self.problems, self.problems
        return list(self._entries)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more events, and refuse connections."""
        self._server.shutdown()
        self._server.server_close()
