"""Pretended engines, which note what they were asked, and pretended services of AWS."""

from __future__ import annotations

import copy
import functools
import json
import subprocess
import sys
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.stub import ANY, Stubber
from deployables import name_variables
from services import in_place_of_clients

from sagetabular.compiling import compilation

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipelines"
_ENGINE = """#!{python}
import json, os, sys
feed = sys.stdin.read() if "--password-stdin" in sys.argv else ""
call = {{"engine": {name!r}, "arguments": sys.argv[1:], "feed": feed,
        "attestations": os.environ.get("BUILDX_NO_DEFAULT_ATTESTATIONS")}}
with open({log!r}, "a") as log:
    print(json.dumps(call), file=log)
print("the engine's own words")
if sys.argv[1] in {failing!r}:
    print("first line\\n{words}", file=sys.stderr)
    sys.exit(1)
"""


@pytest.fixture(scope="session", autouse=True)
def remembering():
    """What a process of its own does once, these tests do once in all.

    Every command reads botocore's models, and every project is compiled: equal ones are equal.
    """
    compiled, compile_anew = {}, compilation._compile

    def compile_once(settings):
        files = compilation._fingerprint(settings)
        if files not in compiled:
            compiled[files] = compile_anew(settings)
        return compiled[files]

    with pytest.MonkeyPatch.context() as patch:
        loader = functools.cache(botocore.session.create_loader)
        patch.setattr(botocore.session, "create_loader", loader)
        patch.setattr(compilation, "_compile", compile_once)
        yield


class Engines:
    """Installs pretended engines, and tells what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        (folder / "bin").mkdir()

    def install(self, name: str, failing: tuple[str, ...] = (), words: str = "it broke.") -> None:
        """Put one on the path; it fails at some commands, with these last words."""
        values = {"name": name, "log": str(self.log), "failing": failing, "words": words}
        program = self.folder / "bin" / name
        program.write_text(_ENGINE.format(python=sys.executable, **values))
        program.chmod(0o755)

    def calls(self, *commands: str):
        """What they were asked, the probes left out."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if call["arguments"][0] not in ("version", "info")]


@pytest.fixture
def engines(tmp_path, monkeypatch):
    """No engine is installed until the test does it."""
    engines = Engines(tmp_path)
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    (tmp_path / "bin/git").symlink_to(git.stdout.strip())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CONTAINER_ENGINE", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    return engines


class Aws:
    """Answers of AWS's services, to be added in the order of the questions to each."""

    def __init__(self, clients) -> None:
        self.asked: list[tuple[str, dict]] = []
        self.stubs = {service: Stubber(client) for service, client in clients.items()}
        self._clients = clients
        for stub in self.stubs.values():
            stub.activate()

    def client(self, service, **options):
        self.asked.append((service, options))
        return self._clients[service]

    def answer(self, service, operation, answer=None, asked=None):
        self.stubs[service].add_response(operation, answer or {}, asked)

    def refuse(self, service, operation, code, words="no", asked=None, status=400):
        self.stubs[service].add_client_error(
            operation, code, words, http_status_code=status, expected_params=asked
        )

    def knows_who_asks(self):
        identity = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/me", "UserId": "me"}
        self.answer("sts", "get_caller_identity", identity)

    def has_objects(self, number, *, stored=True):
        for _ in range(number):
            self.answer("s3", "head_object")
        if stored:
            self.stores_usual_values()

    def stores_usual_values(self, pipeline=ANY, body=ANY, **options):
        key = pipeline if pipeline is ANY else f"{pipeline}/start.json"
        asked = {"Bucket": ANY, "Key": key, "Body": body, **options}
        self.answer("s3", "put_object", asked=asked)

    def lacks_objects(self, bodies, *, stored=True, **options):
        for _ in bodies:
            self.refuse("s3", "head_object", "404")
        for key, body in bodies.items():
            asked = {"Bucket": "the-bucket", "Key": key, "Body": body, **options}
            self.answer("s3", "put_object", asked=asked)
        if stored:
            self.stores_usual_values(**options)


@pytest.fixture(scope="session")
def clients_of_services(compiled):
    """Clients, made once: to make them takes longer than most tests do.

    Something has been compiled before: the SDK makes clients of its own when it is imported.
    """
    access = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    services = ("sts", "s3", "sagemaker", "sagemaker-runtime", "logs", "glue", "cloudformation")
    return {name: boto3.client(name, region_name="eu-west-1", **access) for name in services}


@pytest.fixture
def aws(monkeypatch, clients_of_services):
    """AWS, which answers only what a test has said, and must be asked all of it."""
    for client in clients_of_services.values():  # what a test registers ends with it
        monkeypatch.setattr(client.meta, "events", copy.copy(client.meta.events))
    services = Aws(clients_of_services)
    monkeypatch.setattr(boto3, "client", in_place_of_clients(services.client))
    yield services
    for stub in services.stubs.values():
        stub.assert_no_pending_responses()


@pytest.fixture
def signed_up(monkeypatch):
    """The environment that conf/aws.yaml of the small project asks for, and nobody's own."""
    for name in ("NAME", "ID", "ARN"):
        monkeypatch.delenv(f"SAGEMAKER_PROJECT_{name}", raising=False)
    for name in ("DATABASE", "TABLE", "WORKGROUP"):
        monkeypatch.delenv(f"ATHENA_{name}", raising=False)
    values = {
        "ROLE": ROLE,
        "BUCKET": "the-bucket",
        "IMAGE": "registry/model@sha256:1",
        "JOBS": "registry/jobs@sha256:2",
        "TRACKING": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def deployable(example, signed_up):
    """The small project, with a variable for everything that an execution needs."""
    name_variables(example)
    return example


@pytest.fixture
def compiled_here(deployable):
    """The definition of that project, and what travels beside it."""
    return deployable.compile()
