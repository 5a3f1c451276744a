"""A model's server: answers with its artefact's word, its variable, and what it was asked."""

import json
import os
import pathlib
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BASE = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        content = {
            "word": (BASE / "model/word").read_text(),
            "variable": os.environ.get("VARIABLE"),
            "body": body,
            "type": self.headers["Content-Type"],
            "accept": self.headers["Accept"],
            "attributes": self.headers[ATTRIBUTES],
        }
        self.answer(400 if body == "bad" else 200, json.dumps(content).encode())

    def answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header(ATTRIBUTES, "seen")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


if (BASE / "model/word").read_text() == "broken":
    sys.exit("The model is broken.")
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer(
    ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler
).serve_forever()
