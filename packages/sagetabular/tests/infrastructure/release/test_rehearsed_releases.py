"""Whole releases, from the registry to production: who stops what, and what is deployed then."""

from __future__ import annotations

import boto3
import pytest
from answered_calls import AnsweredCalls, read_descriptions_once
from botocore.client import BaseClient
from projects import TEMPLATE
from rehearsal import MADE_UP, OWN, Account, Release

STAGES = ("dev", "staging", "prod")


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture(scope="module")
def quick_clients():
    """Clients that do not read their service's description again."""
    with pytest.MonkeyPatch.context() as patch:
        read_descriptions_once(patch)
        yield


@pytest.fixture
def new_release(account, quick_clients, monkeypatch):
    """Makes the release of the account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    calls = AnsweredCalls()

    def answered(client, operation, request):
        answer = {} if operation.startswith("PutJob") else account.respond(operation, request)
        calls.replace(operation, answer)
        return calls.patched(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return lambda **parameters: Release(account, monkeypatch, calls, **parameters)


def served(account: Account) -> list[str]:
    return [account.serves(stage) for stage in STAGES]


def test_the_newest_approved_version_reaches_production(account, new_release) -> None:
    for approval in ("Approved", "Approved", "Rejected", "PendingManualApproval"):
        account.register(approval)
    assert new_release().run() == "Succeeded"
    assert served(account) == ["2", "2", "2"]
    assert account.actions == [
        "Source/Settings", "Candidate/PickNewestApproved",
        "Dev/Deploy", "Dev/SmokeTest",
        "Staging/Deploy", "Staging/SmokeTest",
        "Approval/Approve",
        "Production/Check", "Production/Deploy", "Production/SmokeTest",
    ]  # fmt: skip
    assert account.asked == ["May this go to production? housing-dev/2, data housing.california"]


def test_the_same_version_again_changes_nothing(account, new_release) -> None:
    account.register()
    release = new_release()
    assert release.run() == release.run() == "Succeeded"
    assert len(account.changes) == len(STAGES)


def test_without_an_approved_version_nothing_is_deployed(account, new_release) -> None:
    account.register("PendingManualApproval")
    assert new_release().run() == "Failed"
    assert account.failure.startswith("housing-dev has no approved version.\n")
    assert not account.stacks and not account.asked


def test_who_refuses_keeps_it_from_production(account, new_release) -> None:
    account.register()
    release = new_release()
    assert release.run() == "Succeeded"
    account.register()
    assert release.run(person=lambda: False) == "Failed"
    assert served(account) == ["2", "2", "1"]


def test_a_version_rejected_while_it_waits_stays_out(account, new_release) -> None:
    account.register()

    def reject_and_approve() -> bool:
        account.approvals[0] = "Rejected"
        return True

    assert new_release().run(reject_and_approve) == "Failed"
    assert served(account) == ["1", "1", ""]
    assert "must be Approved to be rolled out, is Rejected" in account.failure


@pytest.mark.parametrize(("allowed", "production"), [("false", ""), ("true", "1")])
def test_made_up_data_stays_out_of_production(account, new_release, allowed, production) -> None:
    account.register(noted=MADE_UP)
    new_release(AllowSample=allowed).run()
    assert served(account) == ["1", "1", production]


def test_the_sample_is_known_by_its_rows_too(account, new_release) -> None:
    release = new_release()
    known = release._resources["CandidateFunction"]["Properties"]["Environment"]["Variables"]
    account.register(noted=OWN | {"data_fingerprint": known["SAMPLE_FINGERPRINTS"]})
    assert release.run() == "Failed"
    assert "made-up data" in account.failure and account.serves("prod") == ""


@pytest.mark.parametrize(
    ("stage", "answer", "reached"),
    [("dev", [1, 1, 1], ["2", "1", "1"]), ("staging", [float("nan")] * 4, ["2", "2", "1"])],
)
def test_a_failed_smoke_test_stops_the_release(
    account, new_release, stage, answer, reached
) -> None:
    account.register()
    release = new_release()
    assert release.run() == "Succeeded"
    account.register()
    account.asked.clear()
    account.answers[stage] = answer
    assert release.run() == "Failed"
    assert served(account) == reached
    assert not account.asked


def test_a_stage_that_predicts_otherwise_stops_the_release(account, new_release) -> None:
    account.register()
    account.answers["staging"] = [2, 2, 2, 2]
    assert new_release().run() == "Failed"
    assert "as in the stage before" in account.failure
    assert served(account) == ["1", "1", ""]


def test_going_back_is_rejecting_and_releasing_again(account, new_release) -> None:
    account.register()
    account.register()
    release = new_release()
    assert release.run() == "Succeeded"
    assert served(account) == ["2", "2", "2"]
    account.approvals[1] = "Rejected"
    assert release.run() == "Succeeded"
    assert served(account) == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("since", "ends", "production"), [("Approved", "Succeeded", "1"), ("Rejected", "Failed", "2")]
)
def test_a_rollback_checks_the_earlier_version_again(
    account, new_release, since, ends, production
) -> None:
    """CodePipeline runs the whole stage again: one that was rejected since does not come back."""
    account.register()
    release = new_release()
    assert release.run() == "Succeeded"
    account.approvals[0] = since
    account.register()
    account.answers["prod"] = [1, 1, 1, 2]
    assert release.run() == "Failed"
    del account.answers["prod"]
    assert release.roll_back() == ends
    assert account.serves("prod") == production
    rejected = "must be Approved to be rolled out, is Rejected"
    assert (rejected in account.failure) is (since == "Rejected")
    page = (TEMPLATE.parent / "docs/infrastructure/deployment.md").read_text(encoding="utf-8")
    for text in ("`Check` included", "rejected since", "structure of the release"):
        assert text in page
