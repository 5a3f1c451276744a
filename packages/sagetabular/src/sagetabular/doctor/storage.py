"""The bucket, and the keys that encrypt what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.doctor.asking import ask
from sagetabular.doctor.findings import mend, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_ABSENT = ("404", "NoSuchBucket", "NotFound")
_UNUSABLE = {
    "Disabled": "Enable it.",
    "PendingDeletion": "Cancel its deletion, and enable it, or name another key.",
}


def bucket(situation: Situation) -> Iterator[Finding]:
    """It is there, and in the region of the jobs."""
    name = situation.need("Bucket")
    found = ask(situation.account.client("s3"), "head_bucket", _ABSENT, Bucket=name)
    region = situation.account.region
    if found is None:
        yield mend(f"There is no bucket {name}.", f"Make it in {region}, or correct Bucket.")
    elif found.get("BucketRegion", region) != region:
        text = f"The bucket {name} must be in {region}, got {found['BucketRegion']}."
        yield mend(text, "Take one of that region: jobs read and write it.")
    else:
        yield ok(f"s3://{name}, in {region}")


def keys(situation: Situation) -> Iterator[Finding]:
    """The KMS keys that conf/aws.yaml names can encrypt."""
    client = situation.account.client("kms")
    for parameter in ("VolumeKmsKeyId", "OutputKmsKeyId"):
        for name in situation.ids(parameter):
            yield _key(client, parameter, name)


def _key(client: Any, parameter: str, name: str) -> Finding:
    found = ask(client, "describe_key", ("NotFoundException",), KeyId=name)
    if found is None:
        return mend(f"There is no key {name}.", f"Correct {parameter}.")
    state = found["KeyMetadata"]["KeyState"]
    if state != "Enabled":
        text = f"The key {name} must be Enabled, got {state}."
        return mend(text, _UNUSABLE.get(state, f"Name another key in {parameter}."))
    usage = found["KeyMetadata"].get("KeyUsage", "ENCRYPT_DECRYPT")
    if usage != "ENCRYPT_DECRYPT":
        text = f"The key {name} must be for ENCRYPT_DECRYPT, got {usage}."
        return mend(text, f"Name another key in {parameter}.")
    return ok(f"{parameter} {name} is enabled")
