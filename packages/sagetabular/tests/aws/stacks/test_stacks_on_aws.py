"""`pipeline infra diff`, `deploy`, `destroy` and `outputs`: what is asked, said and refused.

Answers are CloudFormation's own in shape, which botocore checks, and in the words that its
documentation and its error messages have.
"""

from __future__ import annotations

import json

import pytest
from stacks import LAKE, ROLES, change

from sagetabular.infrastructure.stacking import calls

BUCKET = {"Outputs": [{"OutputKey": "ArtifactBucket", "OutputValue": "the-artifacts"}]}
ROLE = {"Outputs": [{"OutputKey": "PipelineRoleArn", "OutputValue": "arn:aws:iam::1:role/x"}]}
LOST = change("Starts", "AWS::DynamoDB::Table", PhysicalResourceId="starts", Replacement="True")


def last_two(ended, code=2):
    assert ended.code == code, ended
    return ended.err.splitlines()[-2:]


def test_a_first_deployment_hands_outputs_on(pipeline, cloud):
    for _ in range(2):  # to plan, and to deploy
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    cloud.proposes("data-lake", change("Bucket", action="Add"), change("Starts", action="Add"))
    cloud.executes("data-lake")
    cloud.has("data-lake", **BUCKET)
    cloud.protects("data-lake")
    cloud.proposes("roles", change("Role", "AWS::IAM::Role", "Add"))
    cloud.executes("roles")
    cloud.has("roles", **ROLE)
    asked = {}
    client = cloud.aws.stubs["cloudformation"].client
    client.meta.events.register_first(
        "provide-client-params.cloudformation.CreateChangeSet",
        lambda params, **_: asked.update({params["StackName"].rpartition("-")[2]: params}),
    )
    ended = pipeline("infra", "deploy", "--yes")
    assert ended.code == 0, ended
    said = ended.err.splitlines()
    assert said[:3] == [
        "AWS account 123456789012, region eu-west-1",
        "As          arn:aws:iam::123456789012:user/me",
        "Stacks      sagemaker-test-project-dev-*, stage dev",
    ]
    assert "S3 Bucket: storage and requests" in ended.err
    assert ended.out.endswith("2 stacks of stage dev stand as the templates say.\n")
    lake, roles = asked["lake"], asked["roles"]
    assert (lake["ChangeSetType"], lake["ImportExistingResources"]) == ("CREATE", True)
    assert {each["Key"]: each["Value"] for each in lake["Tags"]} == {
        "project": "test-project", "stage": "dev",
    }  # fmt: skip
    # Only who makes roles may; what no pattern forbids to be empty is.
    assert (lake["Capabilities"], roles["Capabilities"]) == ([], ["CAPABILITY_NAMED_IAM"])
    assert {each["ParameterKey"]: each["ParameterValue"] for each in roles["Parameters"]} == {
        "ArtifactBucket": "the-artifacts", "PermissionsBoundary": "",
    }  # fmt: skip


def test_a_deployment_that_changes_nothing(pipeline, cloud):
    protected = {"EnableTerminationProtection": True, **BUCKET}
    for _ in range(2):
        cloud.has("data-lake", **protected)
        cloud.has("roles", **ROLE)
        cloud.proposes_nothing("data-lake")
        cloud.proposes_nothing("roles")
    ended = pipeline("infra", "deploy", "--yes")
    assert ended.code == 0, ended
    assert ended.out.count("nothing changes") == 2


def test_a_stack_that_takes_an_output_of_a_later_one_is_deployed_once_more(
    pipeline, cloud, stacked
):
    later = LAKE.replace("Parameters:\n", 'Parameters:\n  Later: {Type: String, Default: ""}\n')
    stacked.write("infrastructure/data-lake.yaml", later)
    given = {"parameters": {"Later": "${PipelineRoleArn}"}}
    stacked.change("conf/aws.yaml", "infrastructure", given)
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    for concern, outputs in (("data-lake", BUCKET), ("roles", ROLE)):
        cloud.proposes(concern, change("Bucket", action="Add"), change("Role", action="Add"))
        cloud.executes(concern)
        cloud.has(concern, EnableTerminationProtection=True, **outputs)
    cloud.proposes("data-lake", change("Starts"))
    cloud.executes("data-lake")
    cloud.has("data-lake", "UPDATE_COMPLETE", EnableTerminationProtection=True, **BUCKET)
    ended = pipeline("infra", "deploy", "--yes")
    assert ended.code == 0, ended
    assert "sagemaker-test-project-dev-data-lake: once more, with Later" in ended.err


WORKGROUP = {"OutputKey": "Workgroup", "OutputValue": "sagemaker-test-project-dev"}


@pytest.mark.parametrize("own", [True, False])
def test_a_workgroup_that_the_role_may_not_use_is_said(pipeline, cloud, stacked, own):
    if own:
        stacked.change("conf/pipeline.yaml", "data.workgroup", "of-the-team")
    lake = {"Outputs": [*BUCKET["Outputs"], WORKGROUP]}
    for _ in range(2):
        cloud.has("data-lake", EnableTerminationProtection=True, **lake)
        cloud.lacks("roles")
        cloud.proposes_nothing("data-lake")
    ended = pipeline("infra", "deploy", "data-lake", "--yes")
    assert ended.code == 0, ended
    # Without a workgroup in conf/ executions are started with that of the lake.
    assert ("data.workgroup is of-the-team" in ended.err) == own
    assert ("set it to sagemaker-test-project-dev" in ended.err) == own


def plan_a_loss(cloud, *, times=1):
    for _ in range(times):
        cloud.has("data-lake", EnableTerminationProtection=True, **BUCKET)
        cloud.lacks("roles")
        cloud.proposes("data-lake", LOST)


@pytest.mark.parametrize("lost", [
    LOST,
    change("Starts", "AWS::DynamoDB::Table", "Remove", PhysicalResourceId="starts"),
    change("Starts", "AWS::DynamoDB::Table", "Remove", PolicyAction="Retain",
           PhysicalResourceId="starts"),
], ids=["replaced", "removed", "released"])  # fmt: skip
def test_what_holds_data_is_never_lost_without_being_asked_for(pipeline, cloud, lost):
    cloud.has("data-lake", EnableTerminationProtection=True, **BUCKET)
    cloud.lacks("roles")
    cloud.proposes("data-lake", lost)
    cloud.withdraws("data-lake")
    cloud.has("data-lake", **BUCKET)
    rule, remedy = last_two(pipeline("infra", "deploy", "data-lake", "--yes"))
    assert rule.startswith("Stack sagemaker-test-project-dev-data-lake: AWS::DynamoDB::Table")
    assert "(starts)" in rule
    assert "--replace" in remedy


def test_with_replace_it_is(pipeline, cloud):
    plan_a_loss(cloud)
    cloud.withdraws("data-lake")
    cloud.has("data-lake", **BUCKET)
    plan_a_loss(cloud)
    cloud.executes("data-lake")
    cloud.has("data-lake", "UPDATE_COMPLETE", EnableTerminationProtection=True, **BUCKET)
    ended = pipeline("infra", "deploy", "data-lake", "--yes", "--replace")
    assert ended.code == 0, ended
    assert "holds data" in ended.out


def test_a_loss_that_appears_after_the_plan_is_withdrawn(pipeline, cloud):
    cloud.has("data-lake", EnableTerminationProtection=True, **BUCKET)
    cloud.lacks("roles")
    cloud.proposes_nothing("data-lake")
    plan_a_loss(cloud)
    cloud.withdraws("data-lake")
    cloud.has("data-lake", **BUCKET)
    rule, _ = last_two(pipeline("infra", "deploy", "data-lake", "--yes"))
    assert "would be replaced" in rule


def test_without_a_terminal_nothing_hangs_and_nothing_happens(pipeline, cloud):
    for name in ("data-lake", "roles"):
        cloud.lacks(name)
    rule, remedy = last_two(pipeline("infra", "deploy"))
    assert rule == "2 stacks would be deployed, and nobody can be asked here."
    assert "--yes" in remedy


def test_a_failed_creation_says_what_failed_first(pipeline, cloud):
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    cloud.proposes("data-lake", change("Bucket", action="Add"))
    cloud.executes("data-lake")
    cloud.has("data-lake", "ROLLBACK_COMPLETE")
    stack = "AWS::CloudFormation::Stack"
    cloud.tells(
        "data-lake",
        ("data-lake", stack, "ROLLBACK_COMPLETE", ""),
        ("Starts", "AWS::DynamoDB::Table", "CREATE_FAILED", "Resource creation cancelled"),
        ("Bucket", "AWS::S3::Bucket", "CREATE_FAILED", "bucket quota reached"),
        ("data-lake", stack, "CREATE_IN_PROGRESS", "User Initiated"),
        ("Bucket", "AWS::S3::Bucket", "CREATE_FAILED", "of an earlier attempt"),
    )
    rule, remedy = last_two(pipeline("infra", "deploy", "data-lake", "--yes"), code=1)
    assert rule == (
        "Stack sagemaker-test-project-dev-data-lake is ROLLBACK_COMPLETE: Bucket "
        "(AWS::S3::Bucket): bucket quota reached"
    )
    assert "run the command again" in remedy


def test_what_cloudformation_does_not_take_over_is_said(pipeline, cloud):
    """A group of model packages has an ARN for its identifier, which no template can hold."""
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    cloud.proposes("data-lake", change("Group", "AWS::SageMaker::ModelPackageGroup", "Add"))
    cloud.executes("data-lake")
    cloud.has("data-lake", "ROLLBACK_COMPLETE")
    reason = "Model Package Group already exists: arn:aws:sagemaker:eu-west-1:1:group (409)"
    cloud.tells(
        "data-lake",
        ("Group", "AWS::SageMaker::ModelPackageGroup", "CREATE_FAILED", reason),
        ("data-lake", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated"),
    )
    rule, remedy = last_two(pipeline("infra", "deploy", "data-lake", "--yes"), code=1)
    assert reason in rule
    assert "import it by its ARN" in remedy


def test_a_look_that_fails_in_passing_is_repeated(pipeline, cloud):
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    cloud.proposes("data-lake", change("Bucket", action="Add"))
    cloud.executes("data-lake")
    cloud.has("data-lake", "CREATE_IN_PROGRESS")
    cloud.aws.refuse("cloudformation", "describe_stacks", "Throttling", "Rate exceeded")
    cloud.has("data-lake", **BUCKET)
    cloud.protects("data-lake")
    assert pipeline("infra", "deploy", "data-lake", "--yes").code == 0


def test_ctrl_c_says_how_it_stands(pipeline, cloud, monkeypatch):
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    cloud.proposes("data-lake", change("Bucket", action="Add"))
    cloud.executes("data-lake")

    def interrupted(self, identifier):
        raise KeyboardInterrupt

    monkeypatch.setattr(calls.Stacks, "settle", interrupted)
    ended = pipeline("infra", "deploy", "data-lake", "--yes")
    assert ended.code == 130
    assert "CloudFormation ends what it has begun" in ended.err
    assert "`pipeline infra diff` says what is left" in ended.err


def test_without_credentials(pipeline, stacked, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "nowhere")
    for command in ("diff", "deploy", "destroy", "outputs"):
        rule, remedy = pipeline("infra", command).mistake
        assert rule == "AWS credentials are needed, none were found."
        assert remedy.startswith("Sign in")


def test_what_a_failed_creation_has_left_is_removed_first(pipeline, cloud):
    for _ in range(2):
        cloud.has("data-lake", "ROLLBACK_COMPLETE")
        cloud.lacks("roles")
    cloud.deletes("data-lake")
    cloud.has("data-lake", "DELETE_COMPLETE", by="arn")
    cloud.proposes("data-lake", change("Bucket", action="Add"))
    cloud.executes("data-lake")
    cloud.has("data-lake", **BUCKET)
    cloud.protects("data-lake")
    ended = pipeline("infra", "deploy", "data-lake", "--yes")
    assert ended.code == 0, ended
    assert "after what a failed creation has left is removed" in ended.out


@pytest.mark.parametrize(("status", "word"), [
    ("UPDATE_IN_PROGRESS", "Something is being done to"),
    ("UPDATE_ROLLBACK_FAILED", "is broken"),
    ("DELETE_FAILED", "is broken"),
])  # fmt: skip
def test_a_stack_that_nothing_can_be_done_to(pipeline, cloud, status, word):
    cloud.has("data-lake", status)
    cloud.lacks("roles")
    rule, remedy = last_two(pipeline("infra", "deploy", "data-lake", "--yes"))
    assert word in rule and status in rule and remedy


def test_a_refused_template_leaves_no_empty_stack(pipeline, cloud):
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    words = "Template format error: Unresolved resource dependencies [X]"
    cloud.aws.refuse("cloudformation", "create_change_set", "ValidationError", words)
    cloud.has("data-lake", "REVIEW_IN_PROGRESS")
    cloud.deletes("data-lake")
    rule, _ = last_two(pipeline("infra", "deploy", "data-lake", "--yes"))
    assert "CreateChangeSet" in rule and "Unresolved resource dependencies" in rule


def test_a_large_template_goes_through_the_bucket(pipeline, cloud, stacked):
    filling = "".join(f"# {number:05} {'.' * 90}\n" for number in range(600))
    stacked.write("infrastructure/roles.yaml", filling + ROLES)
    cloud.has("data-lake", **BUCKET)
    cloud.has("roles", **ROLE)
    cloud.aws.refuse("s3", "head_object", "404")
    cloud.aws.refuse("s3", "put_object", "NoSuchBucket", "The specified bucket does not exist")
    rule, remedy = last_two(pipeline("infra", "diff", "roles"))
    assert "PutObject in the-artifacts: NoSuchBucket" in rule
    assert "bucket" in remedy


def test_without_its_bucket_a_large_template_is_refused(pipeline, cloud, stacked):
    filling = "".join(f"# {number:05} {'.' * 90}\n" for number in range(600))
    boundary = ROLES.replace("ArtifactBucket: {Type", "Other: {Type").replace(
        "ArtifactBucket", "Other"
    )
    stacked.write("infrastructure/roles.yaml", filling + boundary)
    stacked.change("conf/aws.yaml", "infrastructure", {"parameters": {"Other": "x"}})
    for _ in range(2):
        cloud.lacks("data-lake")
        cloud.lacks("roles")
    rule, remedy = last_two(pipeline("infra", "deploy", "roles", "--yes"))
    assert "ArtifactBucket is not known" in rule
    assert "data-lake first" in remedy


def test_what_lacks_a_value_is_left_out_and_said(pipeline, cloud, stacked):
    stacked.write("infrastructure/roles.yaml", ROLES.replace("ArtifactBucket", "Connection"))
    cloud.lacks("data-lake")
    cloud.lacks("roles")
    ended = pipeline("infra", "diff")
    assert ended.code == 0, ended
    needed = "infrastructure.parameters.Connection in conf/aws.yaml"
    lacks = "infrastructure/roles.yaml lacks values of Connection. Needed: Connection: "
    assert f"Left out    roles: {lacks}{needed}." in ended.err
    assert "AWS::IAM" not in ended.out


def test_what_was_asked_for_by_name_is_not_left_out(pipeline, cloud, stacked):
    stacked.write("infrastructure/roles.yaml", ROLES.replace("ArtifactBucket", "Connection"))
    cloud.lacks("data-lake")
    cloud.lacks("roles")
    rule, remedy = last_two(pipeline("infra", "deploy", "roles", "--yes"))
    assert rule == "infrastructure/roles.yaml lacks values of Connection."
    assert "infrastructure.parameters.Connection in conf/aws.yaml" in remedy


def test_outputs_are_lines_for_a_shell_and_nothing_else(pipeline, cloud):
    cloud.has("data-lake", **BUCKET)
    cloud.has("roles", **ROLE)
    ended = pipeline("infra", "outputs")
    assert ended.out == "export ROLE=arn:aws:iam::1:role/x\nexport BUCKET=the-artifacts\n"


def test_outputs_say_where_to_upload(pipeline, cloud, stacked):
    """`input/data/training/` is the layout that starts the pipeline: triggers.yaml."""
    stacked.change("conf/aws.yaml", "environment.DataUri", "DATA")
    own = {"Outputs": [{"OutputKey": "DataBucket", "OutputValue": "the-data"}]}
    cloud.has("data-lake", **own)
    cloud.lacks("roles")
    assert pipeline("infra", "outputs").out == (
        "export DATA_BUCKET=the-data\nexport DATA=s3://the-data/input/data/training/\n"
    )


@pytest.mark.parametrize("command", ["diff", "deploy"])
def test_a_template_that_validate_finds_wrong_is_not_deployed(pipeline, stacked, command):
    stacked.write("infrastructure/roles.yaml", ROLES.replace("!GetAtt Role.Arn", "!Ref Rolex"))
    ended = pipeline("infra", command, *(["--yes"] if command == "deploy" else []))
    assert ended.code == 2
    assert "infrastructure/roles.yaml: " in ended.mistake[0] and "Rolex" in ended.mistake[0]


def test_outputs_as_json(pipeline, cloud):
    cloud.has("data-lake", **BUCKET)
    cloud.lacks("roles")
    found = json.loads(pipeline("infra", "outputs", "--json").out)
    assert found == {"data-lake": {"ArtifactBucket": "the-artifacts"}}


def test_outputs_where_nothing_is(pipeline, cloud):
    cloud.lacks("data-lake")
    cloud.lacks("roles")
    ended = pipeline("infra", "outputs")
    assert (ended.code, ended.out) == (2, "")
    assert "There is no stack sagemaker-test-project-dev-*" in ended.err


def test_another_account_is_refused_before_its_stacks_are_looked_at(pipeline, cloud, stacked):
    stacked.change("conf/aws.yaml", "stages", {"dev": {"account": "999999999999"}})
    rule, _ = last_two(pipeline("infra", "deploy", "--stage", "dev", "--yes"))
    assert "stages.dev.account is 999999999999" in rule
    assert [service for service, _ in cloud.aws.asked] == ["sts"]


def test_stages_without_a_choice_are_refused(pipeline, stacked):
    stacked.change("conf/aws.yaml", "stages", {"dev": {}, "prod": {}})
    rule, remedy = pipeline("infra", "diff").mistake
    assert rule == "conf/aws.yaml has stages, and none was chosen."
    assert remedy == "Add --stage, or set PIPELINE_STAGE, to dev or prod."


def test_production_is_not_removed_by_a_variable(pipeline, stacked, monkeypatch):
    stacked.change("conf/aws.yaml", "stages", {"dev": {}, "prod": {}})
    monkeypatch.setenv("PIPELINE_STAGE", "prod")
    rule, remedy = pipeline("infra", "destroy", "--yes").mistake
    assert rule == "PIPELINE_STAGE is prod, whose stacks nobody removes by a variable."
    assert remedy == "Add --stage prod, if that is what you want."


def resources(cloud, *found):
    summaries = [
        {
            "LogicalResourceId": resource, "PhysicalResourceId": f"the-{resource.lower()}",
            "ResourceType": kind, "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": "2026-11-30T00:00:00Z",
        }
        for resource, kind in found
    ]  # fmt: skip
    cloud.aws.answer(
        "cloudformation", "list_stack_resources", {"StackResourceSummaries": summaries}
    )


def standing(cloud, template):
    cloud.has("data-lake", EnableTerminationProtection=True)
    cloud.lacks("roles")
    resources(cloud, ("Bucket", "AWS::S3::Bucket"), ("Starts", "AWS::DynamoDB::Table"))
    cloud.aws.answer("cloudformation", "get_template", {"TemplateBody": template})


def test_removing_names_what_stays_and_what_goes(pipeline, cloud, stacked):
    # What counts is the template that was deployed, not the one in the folder.
    deployed = (stacked.root / "infrastructure/data-lake.yaml").read_text()
    stacked.write("infrastructure/data-lake.yaml", deployed.replace("Retain", "Delete"))
    standing(cloud, deployed)
    cloud.protects("data-lake", protected=False)
    cloud.deletes("data-lake")
    cloud.lacks("data-lake", by="arn")
    ended = pipeline("infra", "destroy", "--yes")
    assert ended.code == 0, ended
    assert "  kept: AWS::S3::Bucket the-bucket" in ended.err
    assert "  removed with all that is in it: AWS::DynamoDB::Table the-starts" in ended.err
    assert ended.out == "1 stack of dev removed.\n"


def test_a_removal_that_fails(pipeline, cloud, stacked):
    standing(cloud, (stacked.root / "infrastructure/data-lake.yaml").read_text())
    cloud.protects("data-lake", protected=False)
    cloud.deletes("data-lake")
    cloud.has("data-lake", "DELETE_FAILED", by="arn")
    cloud.tells("data-lake", ("Starts", "AWS::DynamoDB::Table", "DELETE_FAILED", "in use"))
    rule, _ = last_two(pipeline("infra", "destroy", "--yes"), code=1)
    assert rule.endswith("DELETE_FAILED: Starts (AWS::DynamoDB::Table): in use")


@pytest.mark.parametrize("words", [["--dry-run"], []])
def test_nothing_is_removed_unasked(pipeline, cloud, stacked, words):
    standing(cloud, (stacked.root / "infrastructure/data-lake.yaml").read_text())
    ended = pipeline("infra", "destroy", *words)
    assert ended.code == (0 if words else 2)
