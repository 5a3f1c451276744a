"""Start the seed's build for a stack, wait for its end, and tell CloudFormation.

Behind the custom resource `Custom::Seed`. Every event is answered, whatever happens: a stack whose
custom resource says nothing hangs for an hour. A build that is started twice does no harm, as the
seed overwrites nothing; the second delivery of an event finds the first one's build all the same.

Event: a request of CloudFormation. ResourceProperties: Project (of CodeBuild), Release (another
    value makes CloudFormation send an update).
Result: none. The answer goes to ResponseURL: `SUCCESS` with Data.Result, what the seed said, or
    `FAILED` and why. A deletion does nothing and succeeds. An update succeeds whatever the seed
    says: its rollback would be another update, which the same repository refuses as well.
Errors: raised only where CloudFormation took no answer; Lambda then tries again. The address is a
    secret, and no message holds it.
"""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# Seconds between two looks, and those that are left for the answer.
PAUSE, RESERVE = 5, 45
# A role that was made a moment ago is not known everywhere yet.
NEW_ROLE_PAUSES = (5, 10, 20, 30)
ANSWER_PAUSES = (0, 2, 5, 10)
# The whole answer may have 4,096 bytes: JSON doubles quotes, and the log's address follows.
MOST_BYTES = 1_000
EXPORTED, REQUESTED = "SEED_RESULT", "SEED_REQUEST"
RETRIES = Config(retries={"mode": "standard", "max_attempts": 8})


def handler(event: Any, context: Any) -> None:
    """Do what CloudFormation asks for, and answer."""
    if not isinstance(event, dict) or not isinstance(event.get("ResponseURL"), str):
        print("The event must have ResponseURL, and has not: it is no request of CloudFormation.")
        return
    try:
        succeeded, said = perform(event, context)
    except Exception as error:  # whatever it is, the stack must not hang
        succeeded, said = False, f"{type(error).__name__}: {error}"
    said = said.replace(event["ResponseURL"], "ResponseURL")
    succeeded = succeeded or event.get("RequestType") == "Update"
    print(f"{'SUCCESS' if succeeded else 'FAILED'}: {said}")
    send(event["ResponseURL"], answer(event, succeeded, said))


def perform(event: dict[str, Any], context: Any) -> tuple[bool, str]:
    """Return whether the request was fulfilled, and one line for people."""
    kind = event.get("RequestType")
    if kind == "Delete":
        return True, "Nothing is deleted: what the seed wrote belongs to the team."
    if kind not in ("Create", "Update"):
        return False, f"RequestType must be Create, Update or Delete, got {str(kind)[:80]!r}."
    project = (event.get("ResourceProperties") or {}).get("Project")
    if not isinstance(project, str) or not project:
        return False, "The resource must have the property Project. Name CodeBuild's project."
    client = boto3.client("codebuild", config=RETRIES)
    build = start(client, project, str(event["RequestId"]), kind)
    return outcome(wait(client, build, context))


def start(client: Any, project: str, request: str, kind: str) -> str:
    """Return the id of the build; a request that was seen within five minutes has its own."""
    variable = {"name": REQUESTED, "value": kind, "type": "PLAINTEXT"}
    for pause in (*NEW_ROLE_PAUSES, None):
        try:
            found = client.start_build(
                projectName=project,
                idempotencyToken=request,
                environmentVariablesOverride=[variable],
            )
            return str(found["build"]["id"])
        except ClientError as error:
            if pause is None or not is_new_role(error):
                raise
            time.sleep(pause)
    raise AssertionError


def is_new_role(error: ClientError) -> bool:
    """Tell whether an error may be that of a role that is not known yet."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "AccessDenied" in code or (code == "InvalidInputException" and "AssumeRole" in message)


def wait(client: Any, build: str, context: Any) -> dict[str, Any]:
    """Return CodeBuild's record of a build that has ended, or for which no time is left."""
    while True:
        found = client.batch_get_builds(ids=[build])["builds"]
        if not found:
            msg = f"CodeBuild does not know its build {build}. Update the stack again."
            raise LookupError(msg)
        left = context.get_remaining_time_in_millis() / 1000
        if found[0]["buildStatus"] != "IN_PROGRESS" or left < RESERVE + PAUSE:
            return dict(found[0])
        time.sleep(PAUSE)


def outcome(build: dict[str, Any]) -> tuple[bool, str]:
    """Return whether a build succeeded, and what is to be said of it."""
    status = build["buildStatus"]
    said = shortened(exported(build) or complaint(build))
    if status == "SUCCEEDED":
        return True, said
    if status == "IN_PROGRESS":
        said = "The seed has not ended in time. Wait for its end, then update or create again."
    log = build.get("logs", {}).get("deepLink") or f"CodeBuild, {build.get('id')}"
    return False, f"{said or f'The build ended as {status}.'} Log: {log}"


def exported(build: dict[str, Any]) -> str:
    """Return what the seed said; empty if it did not come to it."""
    variables = build.get("exportedEnvironmentVariables") or []
    return next((str(each.get("value")) for each in variables if each.get("name") == EXPORTED), "")


def complaint(build: dict[str, Any]) -> str:
    """Return what CodeBuild says of the phase that failed; empty if none did."""
    for phase in build.get("phases") or []:
        if phase.get("phaseStatus") not in (None, "SUCCEEDED"):
            messages = [each.get("message") or "" for each in phase.get("contexts") or []]
            said = " ".join(each for each in messages if each) or str(phase["phaseStatus"])
            return f"CodeBuild failed in its phase {phase.get('phaseType')}: {said}."
    return ""


def shortened(text: str) -> str:
    """Return a text as one printable line of no more bytes than an answer has room for."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    content = line.encode()
    if len(content) <= MOST_BYTES:
        return line
    return content[:MOST_BYTES].decode(errors="ignore") + " …"


def answer(event: dict[str, Any], succeeded: bool, said: str) -> bytes:
    """Return the body of an answer.

    The physical id stays for ever: another one would make CloudFormation delete the resource.
    """
    properties = event.get("ResourceProperties")
    project = properties.get("Project") if isinstance(properties, dict) else None
    said = shortened(said) if len(said.encode()) > 2 * MOST_BYTES else said
    content = {
        "Status": "SUCCESS" if succeeded else "FAILED",
        "PhysicalResourceId": event.get("PhysicalResourceId") or f"seed-{str(project)[:255]}",
        **{name: event.get(name) for name in ("StackId", "RequestId", "LogicalResourceId")},
        **({"Data": {"Result": said}} if succeeded else {"Reason": said}),
    }
    return json.dumps(content, ensure_ascii=False).encode(errors="replace")


def send(url: str, body: bytes) -> None:
    """Put an answer where CloudFormation waits for it.

    Raises:
        RuntimeError: It was not taken.
    """
    problem = ""
    for pause in ANSWER_PAUSES:
        time.sleep(pause)
        try:
            # The signature of the address holds for an empty type of content alone.
            request = urllib.request.Request(  # noqa: S310
                url, body, {"Content-Type": ""}, method="PUT"
            )
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except Exception as error:  # its text may hold the address, as may what caused it
            problem = f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
    msg = f"CloudFormation took no answer: {problem}. The stack waits until its own time is over."
    raise RuntimeError(msg)
