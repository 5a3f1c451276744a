"""Whose policies are simulated, for which actions, and what cannot be told of them."""

from __future__ import annotations

import pytest
from botocore.parsers import ResponseParserError
from healthy import ACCOUNT, DENIED, REGION, ROLE, USER, simulated, wrong

pytestmark = pytest.mark.slow


def test_a_role_of_another_account_is_to_fix(cloud, doctor, monkeypatch):
    monkeypatch.setenv("ROLE", ROLE.replace(ACCOUNT, "210987654321"))
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to fix", "role")
    assert text.startswith(f"The role must be one of account {ACCOUNT}, got arn:")


@pytest.mark.parametrize(
    ("who", "principal"),
    [
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/jobs/session", ROLE),
        (f"arn:aws:iam::{ACCOUNT}:user/team/me", f"arn:aws:iam::{ACCOUNT}:user/team/me"),
    ],
)
def test_the_policies_of_whoever_calls_are_simulated(cloud, doctor, who, principal):
    cloud.answers["GetCallerIdentity"] = {"Account": ACCOUNT, "Arn": who, "UserId": "me"}
    assert {one["state"] for one in doctor()} == {"ok"}
    asked = cloud.requests("SimulatePrincipalPolicy")
    by_caller = [one for one in asked if "sagemaker:CreatePipeline" in one["ActionNames"]]
    assert [one["PolicySourceArn"] for one in by_caller] == [principal]
    assert by_caller[0]["ResourceArns"] == [
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/test-project"
    ]
    passing = [one for one in asked if "iam:PassRole" in one["ActionNames"]]
    assert {tuple(one["ResourceArns"]) for one in passing} == {(ROLE,)}
    assert passing[0]["ContextEntries"][0]["ContextKeyValues"] == ["sagemaker.amazonaws.com"]


@pytest.mark.parametrize(("kind", "state"), [("root", "ok"), ("federated-user/me", "cannot tell")])
def test_whose_policies_cannot_be_simulated(cloud, doctor, kind, state):
    arn = f"arn:aws:sts::{ACCOUNT}:{kind}"
    cloud.answers["GetCallerIdentity"] = {"Account": ACCOUNT, "Arn": arn, "UserId": "me"}
    (found,) = [one for one in doctor() if one["subject"] == "your permissions"]
    assert found["state"] == state


def test_where_iam_may_not_be_asked_it_cannot_be_told(cloud, doctor):
    cloud.answers["GetRole"] = cloud.answers["SimulatePrincipalPolicy"] = DENIED
    found = [one for one in doctor() if one["state"] != "ok"]
    subjects = ["role", "permissions of the role", "your permissions"]
    assert [(one["state"], one["subject"]) for one in found] == [
        ("cannot tell", subject) for subject in subjects
    ]
    assert found[0]["text"] == "IAM refused GetRole: AccessDenied: User: me is not authorized"
    assert found[0]["remedy"] == "Check which account this is, and your permissions for IAM."


def test_where_something_else_answers_it_cannot_be_told(cloud, doctor):
    page = "Unable to parse response: <html>" + "Sign in to the hotel's network " * 50
    cloud.answers["SimulatePrincipalPolicy"] = ResponseParserError(page)
    found = [one for one in doctor() if one["state"] != "ok"]
    assert {one["state"] for one in found} == {"cannot tell"}
    assert [one["subject"] for one in found] == ["permissions of the role", "your permissions"]
    assert all(len(one["text"]) <= 500 for one in found)


@pytest.mark.parametrize(
    ("setting", "address", "action"),
    [
        ("mlflow", "mlflow-app/app-1", "sagemaker:CallMlflowAppApi"),
        ("mlflow", "mlflow-tracking-server/ours", "sagemaker-mlflow:LogBatch"),
        ("experiments", "mlflow-app/app-1", "sagemaker:BatchPutMetrics"),
    ],
)
def test_what_track_needs_depends_on_where_it_logs(
    cloud, doctor, deployable, monkeypatch, setting, address, action
):
    deployable.change("conf/pipeline.yaml", "tracking", setting)
    monkeypatch.setenv("TRACKING", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{address}")
    cloud.answers["SimulatePrincipalPolicy"] = simulated(action)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to fix", "permissions of the role")
    assert f"may not {action}," in text
    asked = {
        name for one in cloud.requests("SimulatePrincipalPolicy") for name in one["ActionNames"]
    }
    others = {
        "sagemaker:CallMlflowAppApi",
        "sagemaker-mlflow:LogBatch",
        "sagemaker:BatchPutMetrics",
    }
    assert asked & others == {action}


def test_the_tags_of_an_mlflow_app_may_be_what_allows_it(cloud, doctor, deployable, monkeypatch):
    deployable.change("conf/pipeline.yaml", "tracking", "mlflow")
    app = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-app/app-1"
    monkeypatch.setenv("TRACKING", app)
    cloud.answers["ListTags"] = {"Tags": [{"Key": "stage", "Value": "dev"}]}
    doctor()
    (asked,) = [
        one
        for one in cloud.requests("SimulatePrincipalPolicy")
        if "sagemaker:CallMlflowAppApi" in one["ActionNames"]
    ]
    said = {one["ContextKeyName"]: one["ContextKeyValues"] for one in asked["ContextEntries"]}
    assert said["aws:ResourceTag/stage"] == ["dev"]
    assert said["cloudwatch:namespace"] == ["/aws/sagemaker/TrainingJobs"]


def test_the_role_must_be_allowed_to_remove_what_unload_has_written(cloud, doctor):
    own = simulated("s3:DeleteObject")
    cloud.answers["SimulatePrincipalPolicy"] = lambda asked: (
        own if asked["PolicySourceArn"] == ROLE else simulated()
    )(asked)
    state, subject, text, _ = wrong(doctor())
    assert (state, subject) == ("to fix", "permissions of the role")
    assert text == f"{ROLE} may not s3:DeleteObject, which is needed for unload."


def test_iam_is_asked_about_the_lake_that_the_environment_names(cloud, doctor, monkeypatch):
    """Glue asks of catalogue, database and table, each: the Service Authorization Reference."""
    monkeypatch.setenv("ATHENA_DATABASE", "sagemaker_p_abc")
    monkeypatch.setenv("ATHENA_TABLE", "training")
    monkeypatch.setenv("ATHENA_WORKGROUP", "sagemaker-houses-dev")
    assert {one["state"] for one in doctor()} == {"ok"}
    asked = {ROLE: {}, USER: {}}
    for one in cloud.requests("SimulatePrincipalPolicy"):
        (arn,) = one["ResourceArns"]
        asked[one["PolicySourceArn"]][arn] = {*one["ActionNames"]}
    glue = f"arn:aws:glue:{REGION}:{ACCOUNT}:"
    table = f"{glue}table/sagemaker_p_abc/training"
    database = f"{glue}database/sagemaker_p_abc"
    workgroup = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/sagemaker-houses-dev"
    assert "athena:StartQueryExecution" in asked[ROLE][workgroup]
    assert asked[ROLE][table] == {"glue:GetTable", "glue:GetPartitions"}
    assert asked[ROLE][database] == {"glue:GetDatabase", "glue:GetTable", "glue:GetPartitions"}
    assert asked[USER][table] == asked[USER][database] == {"glue:GetTable", "glue:UpdateTable"}


def test_nobody_must_be_allowed_to_change_a_table_that_is_not_the_projects(cloud, doctor):
    doctor()
    asked = cloud.requests("SimulatePrincipalPolicy")
    tables = [one for one in asked if ":table/" in one["ResourceArns"][0]]
    assert {one["PolicySourceArn"] for one in tables} == {ROLE}
    assert tables[0]["ResourceArns"] == [f"arn:aws:glue:{REGION}:{ACCOUNT}:table/estate/sales"]
