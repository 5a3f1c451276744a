"""AWS on this machine, which refuses what a test says."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WHO = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn><UserId>me</UserId>"
    "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def refusal_in_xml(code, words):
    content = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>"
    return f"<ErrorResponse>{content}</ErrorResponse>"


class Server(ThreadingHTTPServer):
    """AWS on this machine: `refusals` says what it answers to which action."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.refusals, self.asked = {}, []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        target = self.headers.get("X-Amz-Target", "")
        action = target.rpartition(".")[2] or self.action_of(body)
        in_json = bool(target) or action == "InvokeEndpoint"
        self.reply(action, in_json=in_json, default=WHO)

    def action_of(self, body):
        """The action of a service that names none in its headers."""
        found = re.search(r"^Action=(\w+)", body)
        return found[1] if found else "InvokeEndpoint"

    def do_HEAD(self):
        self.reply("HeadObject")

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply("PutObject")

    def reply(self, action, *, in_json=False, default=""):
        self.server.asked.append(action)
        refusals = self.server.refusals
        status, code, words = refusals.get(action, refusals.get("*", (200, "", "")))
        if action == "GetCallerIdentity" and action not in refusals:
            status, code = 200, ""
        content = (
            ("{}" if in_json else default) if not code
            else words if code == "as it is"
            else json.dumps({"__type": code, "message": words}) if in_json
            else refusal_in_xml(code, words)
        ).encode()  # fmt: skip
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass
