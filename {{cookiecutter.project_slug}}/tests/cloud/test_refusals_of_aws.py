"""Every command that asks AWS, against a server that refuses: two lines, whatever it is."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pyarrow as pa
import pytest

from pipelines import run_pipeline
from pipelines.lake.store import table_folder, write_table
from pipelines.project import Project

ROLE = "arn:aws:iam::123456789012:role/pipelines"
COMMANDS = {
    "upsert": ["upsert"],
    "run": ["run", "--on", "aws"],
    "run and wait": ["run", "--on", "aws", "--wait"],
    "executions": ["executions", "--on", "aws"],
    "show": ["show", "abc", "--on", "aws"],
    "logs": ["logs", "abc", "--on", "aws"],
    "report": ["report", "--on", "aws"],
    "clean": ["clean", "--keep", "1", "--on", "aws"],
    "registry list": ["registry", "list", "--on", "aws"],
    "registry show": ["registry", "show", "1", "--on", "aws"],
    "registry approve": ["registry", "approve", "1", "--on", "aws"],
    "invoke": ["invoke", "houses", "../rows.csv"],
    "data upload": ["data", "upload"],
    "data crawl": ["data", "crawl", "s3://the-bucket/csv"],
    "stop": ["stop", "abc"],
    "image push": ["image", "push"],
}
DEPLOYING = ("upsert", "run", "run and wait")
# What a command says before AWS can have refused anything.
SAID_BEFORE = (
    "AWS account ", "As ", "Pipeline ", "Role ", "Stored in ", "Billed ", " " * 12, "Sent ",
    "Table ", "Crawler ", "Reads ", "Database ",
)  # fmt: skip
SIGN_IN = "Sign in (`aws sso login`), or set AWS_PROFILE."
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


@pytest.fixture
def server(monkeypatch):
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def project(deployable, committed, engines, monkeypatch):
    """The small project, compiled, in a commit, with credentials and a container engine."""
    deployable.compile()
    (deployable.root.parent / "rows.csv").write_text("rooms\n3\n")
    folder = table_folder(Project(deployable.root).lake, "estate", "sales")
    write_table(folder, pa.table({"rooms": [3]}), kind="files", title="rows")
    engines.install("podman")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(deployable.root / "none"))
    return deployable


def commit(project):
    """Commit what was changed: an image is pushed from a commit alone."""
    who = ["-c", "user.name=t", "-c", "user.email=t@t"]
    subprocess.run(["git", *who, "commit", "-qam", "Change"], cwd=project.root, check=True)


def two_lines(ended, *, exactly=False):
    """What a command that AWS refuses says, without what it had said of its intentions."""
    assert (ended.code, ended.out) == (2, ""), ended
    lines = ended.err.splitlines()
    if not exactly:
        lines = [line for line in lines if not line.startswith(SAID_BEFORE)]
    assert len(lines) == 2, ended
    return lines


every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
deploying = pytest.mark.parametrize("command", [COMMANDS[name] for name in DEPLOYING])


@every_command
def test_without_credentials(pipeline, project, monkeypatch, command):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert (rule, remedy) == ("AWS credentials are needed, none were found.", SIGN_IN)


@every_command
@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_with_a_token_that_is_not_valid(pipeline, project, server, command, code):
    server.refusals["GetCallerIdentity"] = (403, code, "The token is not valid")
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule == f"AWS credentials must be valid, got {code}: The token is not valid"
    assert remedy == SIGN_IN


@every_command
def test_with_a_token_that_expires_on_the_way(pipeline, project, server, command):
    server.refusals["*"] = (400, "ExpiredTokenException", "The token has expired")
    server.refusals["HeadObject"] = (200, "", "")
    server.refusals["PutObject"] = (400, "ExpiredToken", "The token has expired")
    rule, remedy = two_lines(pipeline(*command))
    assert rule.startswith("AWS credentials must be valid, got ExpiredToken")
    assert remedy == SIGN_IN


@every_command
def test_where_access_is_denied(pipeline, project, server, command):
    server.refusals["*"] = (403, "AccessDeniedException", "User: me\nmay not")
    rule, remedy = two_lines(pipeline(*command))
    assert re.match(
        r"(S3|SageMaker|SageMaker Runtime|ECR|Glue) refused \w+.*: (AccessDeniedException|403): ",
        rule,
    )
    assert "permissions" in remedy and "`pipeline doctor --on aws`" in remedy


@every_command
def test_in_a_region_that_does_not_exist(pipeline, project, monkeypatch, command):
    asked = []

    def no_such_name(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    project.change("conf/aws.yaml", "region", "eu-nowhere-1")
    project.change("models/boost/model.yaml", "image", "project")  # AWS's own are listed by region
    commit(project)
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("STS could not be asked to GetCallerIdentity: Could not connect ")
    assert remedy == "Check the network, and region in conf/aws.yaml."
    assert {*asked} == {"sts.eu-nowhere-1.amazonaws.com"}


@deploying
def test_in_a_region_without_the_image_of_a_model(pipeline, project, command):
    project.change("conf/aws.yaml", "region", "eu-nowhere-1")
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("models/boost/model.yaml: image.version must be one that exists in eu-")
    assert "region in conf/aws.yaml" in remedy


@every_command
def test_where_nobody_listens(pipeline, project, monkeypatch, command):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("STS could not be asked to GetCallerIdentity: Could not connect ")
    assert "network" in remedy


@every_command
def test_where_something_else_answers(pipeline, project, server, command):
    page = "<html>Sign in to the hotel's network<br></html>"
    server.refusals["GetCallerIdentity"] = (200, "as it is", page)
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule.startswith("STS could not be asked to GetCallerIdentity: ")
    assert "network" in remedy


@deploying
def test_without_the_bucket(pipeline, project, server, command):
    server.refusals["HeadObject"] = (404, "", "")
    server.refusals["PutObject"] = (404, "NoSuchBucket", "The bucket does not exist")
    rule, remedy = two_lines(pipeline(*command))
    assert rule == "S3 refused PutObject in the-bucket: NoSuchBucket: The bucket does not exist"
    assert remedy == "Correct the bucket's name in the environment, or make the bucket."


@deploying
def test_without_the_role(pipeline, project, server, command):
    server.refusals["DescribePipeline"] = (400, "ResourceNotFound", "no")
    server.refusals["CreatePipeline"] = (400, "ValidationException", f"No role\n{ROLE}")
    rule, remedy = two_lines(pipeline(*command))
    assert rule == f"SageMaker refused CreatePipeline: ValidationException: No role {ROLE}"
    assert "`pipeline doctor --on aws`" in remedy


@deploying
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ROLE", "x", ("RoleArn", "length: 20", "at least 20 characters")),
        ("BUCKET", "no bucket", ("no bucket",)),
    ],
)
def test_with_a_name_that_aws_cannot_have(
    pipeline, project, server, monkeypatch, command, variable, value, words
):
    server.refusals["DescribePipeline"] = (400, "ResourceNotFound", "no")
    monkeypatch.setenv(variable, value)
    rule, _ = two_lines(pipeline(*command))
    assert any(word in rule for word in words)
    assert "StartPipelineExecution" not in server.asked


def test_run_pipeline_says_the_same_with_its_own_exit_code(project, server, monkeypatch, capsys):
    server.refusals["GetCallerIdentity"] = (403, "ExpiredToken", "no")
    monkeypatch.chdir(project.root)
    with pytest.raises(SystemExit) as ended:
        run_pipeline.main(["-n", "pipelines.training.pipeline", "-role-arn", ROLE])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (1, "")
    assert printed.err.splitlines() == [
        "AWS credentials must be valid, got ExpiredToken: no", SIGN_IN
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["upsert", "run", "stop", "image push"])
def test_a_process_of_its_own_says_the_same(project, server, name):
    server.refusals["GetCallerIdentity"] = (403, "ExpiredToken", "no")
    program = "from pipelines.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, *COMMANDS[name]],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(project.root), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        "AWS credentials must be valid, got ExpiredToken: no", SIGN_IN
    ]  # fmt: skip
