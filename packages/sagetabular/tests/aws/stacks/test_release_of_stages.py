"""What `pipeline infra deploy release` puts into the bucket, and what it lacks.

The templates are the project's own; what the archive must hold is said in release.yaml.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile

import pytest
from projects import TEMPLATE

from sagetabular.errors import UserError
from sagetabular.infrastructure.stacking.release import make_bundle
from sagetabular.infrastructure.stacking.site import open_site
from sagetabular.project import Project

KEY = "arn:aws:kms:eu-west-1:{}:key/11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::{}:role/endpoint"
THERE, HERE = "999999999999", "123456789012"


def values(account):
    return {
        "KeyArn": KEY.format(account), "ArtifactBucket": "artifacts",
        "EndpointRoleArn": ROLE.format(account),
    }  # fmt: skip


@pytest.fixture
def project(deployable):
    """A project with the templates of the release, and three stages."""
    (deployable.root / "infrastructure").mkdir()
    for name in ("deploy", "release"):
        file = f"infrastructure/{name}.yaml"
        shutil.copy(TEMPLATE / file, deployable.root / file)
    deployable.change("conf/aws.yaml", "stages", {
        "dev": {"infrastructure": {"parameters": values(HERE)}},
        "staging": {"account": THERE, "infrastructure": {"parameters": values(THERE)}},
        "prod": {
            "account": THERE,
            "infrastructure": {"parameters": {**values(THERE), "MinInstances": 2}},
        },
    })  # fmt: skip
    return deployable


def test_the_bundle_has_the_settings_of_each_stage(project, aws):
    aws.knows_who_asks()
    site = open_site(Project(project.root, "dev"))
    outputs = {"ledger": {"NoticeTopicArn": f"arn:aws:sns:eu-west-1:{HERE}:notices"}}
    archive = zipfile.ZipFile(io.BytesIO(make_bundle(site, outputs)))
    assert sorted(archive.namelist()) == ["deploy.yaml", "dev.json", "prod.json", "staging.json"]
    found = {
        stage: json.loads(archive.read(f"{stage}.json"))["Parameters"]
        for stage in ("dev", "staging", "prod")
    }
    assert found["dev"]["NoticeTopicArn"].endswith(":notices")
    # Another account's topic is not this one's.
    assert found["prod"]["NoticeTopicArn"] == ""
    assert (found["dev"]["MinInstances"], found["prod"]["MinInstances"]) == ("1", "2")
    assert found["prod"]["EndpointRoleArn"] == ROLE.format(THERE)
    assert {stage: each["Stage"] for stage, each in found.items()} == {
        "dev": "dev", "staging": "staging", "prod": "prod",
    }  # fmt: skip
    assert all("ModelPackageArn" not in each for each in found.values())
    assert archive.read("deploy.yaml").decode() == (
        (project.root / "infrastructure/deploy.yaml").read_text()
    )
    # The release knows the accounts of its stages.
    assert site.sources.own["ProductionAccount"] == THERE
    assert "DevAccount" not in site.sources.own


def test_a_stage_whose_endpoint_lacks_a_value_is_named(project, aws):
    aws.knows_who_asks()
    project.change("conf/aws.yaml", "stages.prod.infrastructure", {"parameters": {}})
    site = open_site(Project(project.root, "dev"))
    with pytest.raises(UserError) as raised:
        make_bundle(site, {})
    assert raised.value.message == (
        "The endpoint of stage prod lacks values of KeyArn, ArtifactBucket, EndpointRoleArn."
    )
    assert "stages.prod.infrastructure.parameters" in raised.value.remedy


def test_a_release_without_its_stages_is_left_out_and_said(project, aws, pipeline):
    project.change("conf/aws.yaml", "stages", remove=True)
    roles = dict.fromkeys(("DeliveryRoleArn", "ReleaseRoleArn"), ROLE.format(HERE))
    topic = {"NoticeTopicArn": f"arn:aws:sns:eu-west-1:{HERE}:notices"}
    given = values(HERE) | roles | topic
    project.change("conf/aws.yaml", "infrastructure", {"parameters": given})
    aws.knows_who_asks()
    for name in ("deploy", "release"):
        words = f"Stack with id sagemaker-test-project-dev-{name} does not exist"
        aws.refuse("cloudformation", "describe_stacks", "ValidationError", words)
    ended = pipeline("infra", "diff")
    assert ended.code == 0, ended
    assert "Left out    release: conf/aws.yaml: stages has no 'staging'" in ended.err
    assert "Left out    deploy: the stack release deploys it" in ended.err


@pytest.mark.parametrize("approved", [True, False])
def test_the_endpoint_by_hand_takes_the_newest_approved_version(project, aws, pipeline, approved):
    project.change("conf/aws.yaml", "stages", remove=True)
    project.change("conf/aws.yaml", "infrastructure", {"parameters": values(HERE)})
    aws.knows_who_asks()
    for name in ("deploy", "release"):
        words = f"Stack with id sagemaker-test-project-dev-{name} does not exist"
        aws.refuse("cloudformation", "describe_stacks", "ValidationError", words)
    arn = f"arn:aws:sagemaker:eu-west-1:{HERE}:model-package/test-project/{{}}"
    versions = [
        {
            "ModelPackageArn": arn.format(number), "ModelPackageVersion": number,
            "CreationTime": number, "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": status,
        }
        for number, status in enumerate(("Approved", "Approved", "Rejected"), start=1)
        if approved or status == "Rejected"
    ]  # fmt: skip
    aws.answer("sagemaker", "list_model_packages", {"ModelPackageSummaryList": versions})
    ended = pipeline("infra", "diff", "deploy")
    if approved:
        assert ended.code == 0, ended
        assert "SageMaker::Endpoint" in ended.out
    else:
        assert ended.code == 2
        assert "an approved version of test-project must be there first" in ended.err
