"""data-lake.yaml: what it makes is hardened and kept, and its table is what the settings say."""

from __future__ import annotations

from typing import Any

import pytest
from long_names import PROJECT, STAGE, of_type, rendered, template
from projects import TEMPLATE

from sagetabular.infrastructure.columns import glue_columns, lake_parameters
from sagetabular.infrastructure.templates import evaluate
from sagetabular.settings.data import Data

_NAMES = f"sagemaker-{PROJECT}-{STAGE}"
_READER = "111122223333"


@pytest.fixture(scope="module")
def lake() -> dict[str, Any]:
    """The template with default values."""
    return rendered("data-lake")


def _statements(lake: dict[str, Any], logical_id: str) -> dict[str, Any]:
    policy = lake["Resources"][logical_id]["Properties"]
    document = policy.get("PolicyDocument") or policy["KeyPolicy"]
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_key_and_buckets_outlive_the_stack(lake: dict[str, Any]) -> None:
    kinds = ("AWS::KMS::Key", "AWS::S3::Bucket")
    kept = {name: entry for name, entry in lake["Resources"].items() if entry["Type"] in kinds}
    assert {*kept} == {"Key", "LogBucket", "DataBucket", "ArtifactBucket"}
    for entry in kept.values():
        assert entry["DeletionPolicy"] == entry["UpdateReplacePolicy"] == "Retain"


def test_no_bucket_has_a_name_that_a_kept_one_would_block(lake: dict[str, Any]) -> None:
    assert all(
        "BucketName" not in bucket for bucket in of_type(lake["Resources"], "AWS::S3::Bucket")
    )


@pytest.mark.parametrize("bucket", ["LogBucket", "DataBucket", "ArtifactBucket"])
def test_buckets_are_versioned_private_and_reached_by_tls(
    lake: dict[str, Any], bucket: str
) -> None:
    properties = lake["Resources"][bucket]["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert [*properties["PublicAccessBlockConfiguration"].values()] == [True] * 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    deny = _statements(lake, f"{bucket}Policy")["TlsOnly"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    assert deny["Resource"] == [f"<{bucket}.Arn>", f"<{bucket}.Arn>/*"]


@pytest.mark.parametrize("bucket", ["DataBucket", "ArtifactBucket"])
def test_data_and_artefacts_are_encrypted_with_the_key_and_cleaned(
    lake: dict[str, Any], bucket: str
) -> None:
    properties = lake["Resources"][bucket]["Properties"]
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"]
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "<Key.Arn>",
    }
    first = properties["LifecycleConfiguration"]["Rules"][0]
    assert first["NoncurrentVersionExpiration"] == {"NoncurrentDays": 365}
    assert first["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "ExpirationInDays" not in first, "what is current stays"


def test_uploads_are_told_to_eventbridge(lake: dict[str, Any]) -> None:
    told = lake["Resources"]["DataBucket"]["Properties"]["NotificationConfiguration"]
    assert told == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_roles_of_other_projects_and_stages_are_denied_the_data(lake: dict[str, Any]) -> None:
    denied = _statements(lake, "DataBucketPolicy")["NoOtherProjectOrStage"]
    assert denied["Effect"] == "Deny"
    others = denied["Condition"].pop("ArnLike")["aws:PrincipalArn"]
    assert "arn:aws:iam::*:role/sagemaker-*-*-pipeline" in others
    assert denied["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{_NAMES}-*"}
    }


def test_eventbridge_may_use_the_key_for_the_topic_without_naming_a_source(
    lake: dict[str, Any],
) -> None:
    """A condition on the source would lose every notice of a rule, and nobody would hear of it.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html ("not supported for
    EventBridge-to-encrypted topics"); what SNS says of the topic in place of it:
    https://docs.aws.amazon.com/gameliftservers/latest/flexmatchguide/queue-notification-sns-sse.html
    """
    topic = f"arn:aws:sns:eu-west-1:123456789012:{_NAMES}-notices"
    assert _of_service(lake, "events.amazonaws.com", "kms:EncryptionContext:aws:sns:topicArn") == [
        {
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Condition": {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic}},
        }
    ]
    for service in ("events", "sns", "cloudwatch"):  # queues, and the topic of alarms
        (conditioned,) = _of_service(lake, f"{service}.amazonaws.com", "aws:SourceAccount")
        assert conditioned["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_logs_of_a_state_machine_with_the_key_can_be_delivered(lake: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html, step 3."""
    statement = _statements(lake, "Key")["LogsOfStateMachines"]
    assert statement == {
        "Sid": "LogsOfStateMachines",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }


def _of_service(lake: dict[str, Any], service: str, condition: str) -> list[dict[str, Any]]:
    """What the key lets a service do under a condition."""
    return [
        {name: statement[name] for name in ("Action", "Condition")}
        for statement in _statements(lake, "Key").values()
        if service in str(statement["Principal"].get("Service", ""))
        and condition in str(statement.get("Condition", ""))
    ]


def test_nobody_else_reads_unless_their_account_is_named(lake: dict[str, Any]) -> None:
    shared = rendered("data-lake", ReaderAccounts=_READER)
    for policy in ("Key", "ArtifactBucketPolicy"):
        assert "ReadersOfModels" not in _statements(lake, policy)
        readers = _statements(shared, policy)["ReadersOfModels"]
        assert readers["Principal"] == {"AWS": [_READER]}
        roles = readers["Condition"]["ArnLike"]["aws:PrincipalArn"]
        assert all(role.startswith(f"arn:aws:iam::*:role/sagemaker-{PROJECT}-*-") for role in roles)
    assert "ReadersOfModels" not in _statements(shared, "DataBucketPolicy")


def test_names(lake: dict[str, Any]) -> None:
    resources = lake["Resources"]
    assert of_type(resources, "AWS::KMS::Alias")[0]["AliasName"] == f"alias/{_NAMES}"
    name = of_type(resources, "AWS::Athena::WorkGroup")[0]["Name"]
    # https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroup.html
    assert name == _NAMES and len(name) <= 128


def test_queries_are_limited_encrypted_and_nobody_chooses_otherwise() -> None:
    lake = rendered("data-lake", ScanLimitBytes="20000000")
    (workgroup,) = of_type(lake["Resources"], "AWS::Athena::WorkGroup")
    settings = workgroup["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] == "20000000"
    results = settings["ResultConfiguration"]
    assert results["OutputLocation"] == "s3://<ArtifactBucket>/athena/"
    encryption = {"EncryptionOption": "SSE_KMS", "KmsKey": "<Key.Arn>"}
    assert results["EncryptionConfiguration"] == encryption


def test_outputs_are_those_that_the_other_stacks_take(lake: dict[str, Any]) -> None:
    wanted = {"KeyArn", "DataBucket", "ArtifactBucket", "Database", "Table", "Workgroup"}
    assert {*lake["Outputs"]} == wanted


@pytest.mark.parametrize("concern", ["data-lake", "triggers"])
def test_every_parameter_has_a_group_a_label_and_a_description(concern: str) -> None:
    written = template(concern)
    form = written["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in form["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(written["Parameters"])
    assert {*form["ParameterLabels"]} == {*written["Parameters"]}
    assert all(entry["Description"] for entry in written["Parameters"].values())


def _data(**changes: Any) -> Data:
    columns = {"size": "number", "town": {"type": "category", "optional": True}, "sold": "time"}
    plain = {"database": "Estate", "table": "houses", "target": "size", "columns": columns}
    settings = {name: value for name, value in (plain | changes).items() if value is not None}
    return Data.model_validate(settings)


@pytest.mark.parametrize(
    ("data_format", "types"),
    # https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html; …/data-types.html
    [
        ("csv", ["string", "string", "string"]),
        ("parquet", ["double", "string", "timestamp"]),
    ],
)
def test_columns_are_those_of_the_settings(data_format: str, types: list[str]) -> None:
    written = template("data-lake")
    storage = written["Resources"]["GlueTable"]["Properties"]["TableInput"]["StorageDescriptor"]
    assert storage["Columns"] == [], "what the marker stands beside"
    text = (TEMPLATE / "infrastructure/data-lake.yaml").read_text(encoding="utf-8")
    assert text.count("Columns: []  # sagetabular.columns\n") == 1
    storage["Columns"] = glue_columns(_data())
    (table,) = of_type(_evaluated(written, data_format)["Resources"], "AWS::Glue::Table")
    columns = table["TableInput"]["StorageDescriptor"]["Columns"]
    assert [column["Name"] for column in columns] == ["size", "town", "sold"]
    assert [column["Type"] for column in columns] == types
    assert [column["Comment"] for column in columns] == ["number", "category, optional", "time"]


def _evaluated(written: dict[str, Any], data_format: str) -> dict[str, Any]:
    values = {"Project": PROJECT, "Stage": STAGE, "Database": "a", "DataFormat": data_format}
    return evaluate(written, values)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, {"Database": "estate", "Table": "houses", "DataFormat": "csv", "Delimiter": ","}),
        ({"files": {"delimiter": ";"}}, {"Delimiter": ";", "DataFormat": "csv"}),
        ({"files": {"delimiter": "tab"}}, {"Delimiter": "\t"}),
        ({"files": {"delimiter": "blanks"}}, {"DataFormat": "parquet"}),
        ({"files": {"decimal": ",", "delimiter": ";"}}, {"DataFormat": "parquet"}),
        ({"files": {"encoding": "cp1252"}}, {"DataFormat": "parquet"}),
        ({"files": {"skip": 2}}, {"DataFormat": "parquet"}),
        ({"files": {"header": False}}, {"DataFormat": "parquet"}),
        (
            {"source": "s3", "database": None, "table": None},
            {"Database": "my_pipeline", "Table": "training"},
        ),
    ],
)
def test_parameters_are_those_of_the_settings(
    changes: dict[str, Any], wanted: dict[str, str]
) -> None:
    parameters = lake_parameters(_data(**changes), "my-pipeline")
    assert parameters == parameters | wanted
    for name, value in parameters.items():
        declared = template("data-lake")["Parameters"][name]
        assert value in declared.get("AllowedValues", [value])
