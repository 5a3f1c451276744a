"""`pipeline doctor --on aws`: its findings, printed and as JSON, and what it does not ask."""

from __future__ import annotations

import pytest
from healthy import ACCOUNT, REGION, Refusal, wrong

pytestmark = pytest.mark.slow

SUBJECTS = [
    "credentials", "environment", "role", "permissions of the role", "your permissions", "bucket",
    "keys", "keys", "quotas", "quotas", "images", "images", "images", "network", "network",
    "tracking",
]  # fmt: skip


def test_where_all_is_well_every_finding_says_so_and_nothing_is_changed(cloud, doctor):
    findings = doctor()
    assert [finding["subject"] for finding in findings] == SUBJECTS
    assert {finding["state"] for finding in findings} == {"ok"}
    changing = ("Create", "Delete", "Put", "Update", "Start", "Add")
    assert not [name for name, _ in cloud.asked if name.startswith(changing)]


def test_the_findings_are_printed_one_a_line_with_a_sum(cloud, pipeline):
    ended = pipeline("doctor", "--on", "aws")
    assert (ended.code, ended.err) == (0, "")
    *lines, blank, total = ended.out.splitlines()
    assert len(lines) == len(SUBJECTS) and not blank
    assert all(line.startswith("ok           ") for line in lines)
    assert lines[0].endswith(
        f"account {ACCOUNT}, region {REGION}, as arn:aws:iam::{ACCOUNT}:user/me"
    )
    assert total == f"{len(SUBJECTS)} ok, 0 to fix, 0 cannot tell"


def test_a_remedy_stands_below_what_is_to_fix(cloud, pipeline):
    cloud.answers["HeadBucket"] = Refusal("404", status=404)
    ended = pipeline("doctor", "--on", "aws")
    lines = ended.out.splitlines()
    at = lines.index("to fix       bucket: There is no bucket the-bucket.")
    assert lines[at + 1] == " " * 13 + "Make it in eu-west-1, or correct Bucket."
    assert ended.code == 2


def test_what_is_not_set_is_told_and_what_needs_it_is_not_asked(cloud, doctor, monkeypatch):
    for name in ("BUCKET", "KEY", "TRACKING", "IMAGE"):
        monkeypatch.delenv(name)
    findings = doctor()
    told = [one["text"] for one in findings if one["state"] == "to fix"]
    assert [text.split()[1] for text in told] == [
        "Bucket",
        "ImageUri",
        "VolumeKmsKeyId",
    ]
    unknown = {one["subject"]: one["text"] for one in findings if one["state"] == "cannot tell"}
    assert unknown["bucket"] == "Bucket is not set, so nothing was asked."
    assert unknown["keys"] == "VolumeKmsKeyId is not set, so nothing was asked."
    assert {*unknown} == {
        "bucket",
        "keys",
        "permissions of the role",
        "your permissions",
    }
    # Where no MLflow is named, SageMaker Experiments has the trials.
    (tracking,) = [one for one in findings if one["subject"] == "tracking"]
    assert tracking["state"] == "ok"


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("ROLE", "jobs", "RoleArn must be at least 20 characters, got 4: 'jobs'."),
        ("SUBNET", "here, there", "SubnetId1 must match [-0-9a-zA-Z]+, got 'here, there'."),
    ],
)
def test_a_value_that_sagemaker_does_not_take_is_told_with_its_variable(
    cloud, doctor, monkeypatch, variable, value, rule
):
    monkeypatch.setenv(variable, value)
    found = [one for one in doctor() if one["subject"] == "environment" and one["remedy"]]
    assert (found[0]["text"], found[0]["remedy"]) == (rule, f"Correct the variable {variable}.")


def test_without_credentials_nothing_else_is_asked(cloud, doctor):
    cloud.answers["GetCallerIdentity"] = Refusal("ExpiredToken", "The token has expired", 403)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to fix", "credentials")
    assert text == "AWS credentials must be valid, got ExpiredToken: The token has expired"
    assert [name for name, _ in cloud.asked] == ["GetCallerIdentity"]
