"""A server for batch transforms, and requests of jobs that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sagelocal.storage.archives import pack

# A server as an image has one. It multiplies the last number of a row by the one in its model,
# notes what it was asked, and does what its variables say.
SERVER = """
import http.server, json, os, pathlib, signal, sys, threading, time

base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
factor = float((base / "model" / "factor.txt").read_text())
notes, lock, now = pathlib.Path(os.environ["NOTES"]), threading.Lock(), [0, 0]
together = threading.Barrier(int(os.environ.get("TOGETHER", "1")))
started, ready_after = time.monotonic(), float(os.environ.get("READY_AFTER", "0"))


def note(**what):
    with lock, notes.open("a") as file:
        file.write(json.dumps(what) + "\\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = os.environ.get("PROTOCOL", "HTTP/1.1")

    def do_GET(self):
        if self.path == "/ping":
            waiting = time.monotonic() - started < ready_after
            self.answer(503 if waiting else int(os.environ.get("PING", "200")), b"no model\\n")
        elif "PARAMETERS" in os.environ:
            self.answer(200, os.environ["PARAMETERS"].encode())
        else:
            self.answer(404, b"")

    def do_POST(self):
        note(arrived=True)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with lock:
            now[0] += 1
            now[1] = max(now)
        together.wait(timeout=30)
        time.sleep(float(os.environ.get("SLOW", "0")))
        note(body=body, type=self.headers["Content-Type"], accept=self.headers["Accept"])
        if "DIE" in os.environ:
            os.kill(os.getpid(), int(os.environ["DIE"]))
        if "bad" in body:
            self.answer(int(os.environ.get("REFUSE", "400")), b"a row is bad\\n")
        else:
            self.answer(200, self.predictions(body).encode())
        with lock:
            now[0] -= 1

    def predictions(self, body):
        if "json" in self.headers["Content-Type"]:
            found = [json.loads(line) for line in body.splitlines() if line]
            return "\\n".join(json.dumps({"label": sum(row) * factor}) for row in found)
        rows = [line.split(",") for line in body.splitlines() if line]
        end = os.environ.get("END", "\\n")
        return "\\n".join(str(float(row[-1]) * factor) for row in rows) + end

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def stop(*_):
    note(most=now[1], ended=True)
    os._exit(0)


signal.signal(signal.SIGTERM, stop)
note(variables={key: value for key, value in os.environ.items() if key.startswith("SAGEMAKER_")})
print("server started", flush=True)
if "BREAK" in os.environ:
    sys.exit("There is no scikit-learn.")
address = ("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
ARTEFACT = "s3://bucket/models/model.tar.gz"


def put_model(storage, tmp_path: Path, factor: float = 2) -> None:
    (tmp_path / "model").mkdir(exist_ok=True)
    (tmp_path / "model" / "factor.txt").write_text(str(factor))
    pack(tmp_path / "model", tmp_path / "model.tar.gz")
    storage.put_bytes(ARTEFACT, (tmp_path / "model.tar.gz").read_bytes())


def request(**rest: Any) -> dict[str, Any]:
    """Return a job over CSV lines; `source`, `output` and `processing` change parts of it."""
    source, output = rest.pop("source", {}), rest.pop("output", {})
    processing = rest.pop("processing", None)
    data = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}
    return {
        "ModelName": "model",
        "TransformInput": {
            "DataSource": {"S3DataSource": data},
            "ContentType": "text/csv",
            "SplitType": "Line",
            **source,
        },
        "TransformOutput": {
            "S3OutputPath": "s3://bucket/out",
            "Accept": "text/csv",
            "AssembleWith": "Line",
            **output,
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **({"DataProcessing": processing} if processing else {}),
        **rest,
    }
