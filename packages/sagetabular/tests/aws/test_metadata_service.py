"""Credentials of an instance are found by the first command, which imports the SDK as well."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PROGRAM = "from sagetabular.cli import main; main()"
# As the EC2 user guide shows what the instance metadata service answers (version 2).
ROLE = "the-role"
KEYS = {
    "Code": "Success",
    "LastUpdated": "2026-11-30T00:00:00Z",
    "Type": "AWS-HMAC",
    "AccessKeyId": "ASIAOFTHEINSTANCE",
    "SecretAccessKey": "secret",
    "Token": "token",
    "Expiration": "2099-01-01T00:00:00Z",
}
PLACE = "/latest/meta-data/iam/security-credentials/"


class Handler(BaseHTTPRequestHandler):
    """The metadata service of an instance, and an AWS that refuses whoever asks."""

    def do_PUT(self):
        self.answer(200 if self.path == "/latest/api/token" else 403, b"token")

    def do_GET(self):
        found = {PLACE: ROLE, f"{PLACE}{ROLE}": json.dumps(KEYS)}.get(self.path)
        self.answer(200 if found else 404, (found or "").encode())

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        signed = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", ""))
        self.server.signed.append(signed[1] if signed else None)
        self.answer(403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("command", [["upsert"], ["run", "--on", "aws"]], ids=" ".join)
def test_the_first_command_finds_them(deployable, tmp_path, command):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.signed = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, *command],
            cwd=deployable.root,
            env=kept
            | {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": address, "AWS_ENDPOINT_URL": address},
            capture_output=True,
            text=True,
            check=False,
        )
        server.shutdown()
    assert server.signed and {*server.signed} == {KEYS["AccessKeyId"]}, ended.stderr
    assert "AccessDenied" in ended.stderr and ended.returncode == 2
    assert list((deployable.root / ".pipeline/compiled").iterdir()), "it compiled, so it imported"
