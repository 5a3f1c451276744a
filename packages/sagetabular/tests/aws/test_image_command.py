"""`pipeline image`: with pretended engines, and AWS's answers as botocore's own shapes."""

from __future__ import annotations

import base64
import re

import boto3
import pytest
from botocore.stub import Stubber
from deployables import commit_all
from services import in_place_of_clients

from sagetabular.aws.images.building import image_of
from sagetabular.project import find_project

ACCOUNT = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
REPOSITORIES = "arn:aws:ecr:eu-west-1:123456789012:repository"
DIGEST = "sha256:" + "ab" * 32
SECRET = "a-token-nobody-may-see"


@pytest.fixture
def ecr(monkeypatch):
    """Answers of ECR, to be added in the order of the questions."""
    access = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    clients = {
        service: boto3.client(service, region_name="eu-west-1", **access)
        for service in ("sts", "ecr")
    }
    asked = []

    def client(service, region_name, **_):
        asked.append((service, region_name))
        return clients[service]

    monkeypatch.setattr(boto3, "client", in_place_of_clients(client))
    with Stubber(clients["sts"]) as sts, Stubber(clients["ecr"]) as stub:
        identity = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}
        sts.add_response("get_caller_identity", identity)
        stub.asked = asked
        yield stub
        stub.assert_no_pending_responses()


def has_repository(ecr, name):
    found = {"repositoryUri": f"{ACCOUNT}/{name}", "repositoryArn": f"{REPOSITORIES}/{name}"}
    answer = {"repositories": [found]}
    ecr.add_response("describe_repositories", answer, {"repositoryNames": [name]})


def lacks_tag(ecr, name, tag):
    question = {"repositoryName": name, "imageIds": [{"imageTag": tag}]}
    ecr.add_client_error("describe_images", "ImageNotFoundException", expected_params=question)


def has_tag(ecr, name, tag):
    question = {"repositoryName": name, "imageIds": [{"imageTag": tag}]}
    ecr.add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, question)


def gives_token(ecr):
    token = base64.b64encode(f"AWS:{SECRET}".encode()).decode()
    answer = {"authorizationToken": token, "proxyEndpoint": f"https://{ACCOUNT}"}
    ecr.add_response("get_authorization_token", {"authorizationData": [answer]})


@pytest.fixture
def tag(example):
    """Tag of the model image of the small project."""
    return tag_of(example)


def tag_of(example, target="model"):
    return image_of(find_project(example.root), target).tag


def test_build_makes_both_images_and_names_them_by_their_content(pipeline, engines, example):
    engines.install("podman")
    model, jobs = (tag_of(example, target) for target in ("model", "jobs"))
    assert re.fullmatch("[0-9a-f]{20}", model)
    ended = pipeline("image", "build")
    assert ended.out.splitlines() == [f"test-project:{model}", f"test-project-jobs:{jobs}"]
    first, second = engines.calls()
    assert first["arguments"][:3] == ["build", "--format", "docker"]
    words = " ".join(first["arguments"])
    for part in (
        "container/Dockerfile --platform linux/amd64",
        f"--target model --tag test-project:{model}",
        "TITLE=test-project",
    ):
        assert part in words
    assert "--target jobs" in " ".join(second["arguments"])
    assert "latest" not in words
    assert "COMMIT" not in words


LOCK = "container/model.lock"


def with_other_wheel(text):
    """A lock after a release: another version, and another hash, of the wheel alone."""
    changed = re.sub(
        r"(?m)^(sagetabular==)\S+( \\\n    --hash=sha256:)\w+", r"\g<1>99.0.0\g<2>" + 64 * "0", text
    )
    assert changed != text
    return changed


@pytest.mark.parametrize(
    ("file", "change", "renamed"),
    [
        ("conf/pipeline.yaml", "# more", set()),
        ("queries/ingest.sql", "-- more", set()),
        ("README.md", "more", set()),
        ("models/ridge/model.py", "# more", {"model"}),
        ("models/ridge/more.json", "{}", {"model"}),
        ("container/serve", "# more", {"model"}),
        ("container/Dockerfile", "# more", {"model", "jobs"}),
        ("container/strip.sh", "# more", {"model", "jobs"}),
        ("container/jobs.lock", "six==1.17.0", {"jobs"}),
        (LOCK, "six==1.17.0", {"model"}),
        (LOCK, with_other_wheel, set()),
        ("container/jobs.lock", with_other_wheel, set()),
    ],
)
def test_an_image_has_another_name_exactly_when_its_content_changed(example, file, change, renamed):
    before = {target: tag_of(example, target) for target in ("model", "jobs")}
    path = example.root / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    example.write(file, change(text) if callable(change) else f"{text}\n{change}\n")
    assert {target for target in before if tag_of(example, target) != before[target]} == renamed


@pytest.mark.parametrize(
    ("file", "renamed"),
    [
        ("jobs/container/train.py", {"model"}),
        ("jobs/scoring/scores.py", {"model"}),
        ("serving/formats/answers.py", {"model"}),
        ("jobs/select.py", set()),
        ("jobs/preprocess.py", set()),
        ("report/page.py", set()),
    ],
)
def test_of_the_package_an_image_has_what_train_and_serve_reach(example, package, file, renamed):
    before = {target: tag_of(example, target) for target in ("model", "jobs")}
    package.append(file, "# more\n")
    assert {target for target in before if tag_of(example, target) != before[target]} == renamed


def test_a_commit_changes_no_name(example, tag):
    commit_all(example.root)
    assert tag_of(example) == tag


def test_a_file_that_an_image_needs_and_that_is_missing_is_named(pipeline, engines, example):
    engines.install("podman")
    (example.root / LOCK).unlink()
    rule, remedy = pipeline("image", "build", "--target", "model").mistake
    assert rule.startswith(f"{LOCK} must be a file that an image is made of, got: No such file")
    assert remedy == "Restore it from git."


def test_docker_writes_no_attestations_and_takes_more_options(pipeline, engines):
    engines.install("docker")
    pipeline("image", "build", "--target", "model", "--", "--network", "host")
    (call,) = engines.calls()
    assert call["attestations"] == "1"
    assert "--format" not in call["arguments"]
    assert call["arguments"][-3:-1] == ["--network", "host"]


def test_the_address_of_a_mirror_is_passed_by_name_only(pipeline, engines, monkeypatch):
    engines.install("docker")
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@mirror.example/simple")
    pipeline("image", "build", "--target", "jobs")
    (call,) = engines.calls()
    assert "PIP_INDEX_URL" in call["arguments"]
    assert "secret" not in " ".join(call["arguments"])


def test_a_build_that_fails_is_a_mistake_in_two_lines(pipeline, engines):
    engines.install("buildah", ("build",))
    assert "`buildah build` must end well" in pipeline("image", "build").mistake[0]


def test_an_environment_without_a_name_for_the_image_is_a_mistake(pipeline, engines):
    engines.install("podman")
    message, remedy = pipeline("image", "push", "--target", "jobs").mistake
    assert "JobsImageUri" in message
    assert "JOBS_IMAGE_URI" in remedy


def test_push_makes_the_repository_and_prints_the_digest(pipeline, engines, tag, ecr, monkeypatch):
    monkeypatch.setenv("SAGEMAKER_PROJECT_NAME", "houses")
    monkeypatch.setenv("SAGEMAKER_PROJECT_ID", "p-abc")
    engines.install("podman")
    ecr.add_client_error("describe_repositories", "RepositoryNotFoundException")
    ecr.add_response(
        "create_repository",
        {"repository": {"repositoryUri": f"{ACCOUNT}/test-project"}},
        {
            "repositoryName": "test-project",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "tags": [
                {"Key": "sagemaker:project-name", "Value": "houses"},
                {"Key": "sagemaker:project-id", "Value": "p-abc"},
            ],
        },
    )
    lacks_tag(ecr, "test-project", tag)
    gives_token(ecr)
    has_tag(ecr, "test-project", tag)
    ended = pipeline("image", "push", "--target", "model")
    assert ended.out == f"export IMAGE={ACCOUNT}/test-project@{DIGEST}\n"
    assert ecr.asked == [("sts", "eu-west-1"), ("ecr", "eu-west-1")]
    assert "AWS account 123456789012, region eu-west-1" in ended.err
    remote = f"{ACCOUNT}/test-project:{tag}"
    login, named, push = engines.calls()
    assert login["arguments"] == ["login", "--username", "AWS", "--password-stdin", ACCOUNT]
    assert login["feed"] == SECRET
    assert SECRET not in ended.out + ended.err
    assert named["arguments"] == ["tag", f"test-project:{tag}", remote]
    assert push["arguments"] == ["push", remote]


def test_a_tag_that_is_there_is_not_pushed_again(pipeline, engines, tag, ecr):
    engines.install("podman")
    has_repository(ecr, "test-project")
    has_tag(ecr, "test-project", tag)
    ended = pipeline("image", "push", "--target", "model")
    assert ended.out == f"export IMAGE={ACCOUNT}/test-project@{DIGEST}\n"
    assert "had been pushed before" in ended.err
    assert engines.calls() == []


@pytest.mark.parametrize(
    ("present", "added"),
    [
        ({}, {"sagemaker:project-name": "houses", "sagemaker:project-id": "p-abc"}),
        (
            {"mine": "1", "sagemaker:project-name": "houses", "sagemaker:project-id": "old"},
            {"sagemaker:project-id": "p-abc"},
        ),
        ({"sagemaker:project-name": "houses", "sagemaker:project-id": "p-abc"}, {}),
    ],
)
def test_a_repository_that_is_there_is_given_the_tags_that_it_lacks(
    pipeline, engines, tag, ecr, monkeypatch, present, added
):
    def listed(tags):
        return [{"Key": key, "Value": value} for key, value in tags.items()]

    monkeypatch.setenv("SAGEMAKER_PROJECT_NAME", "houses")
    monkeypatch.setenv("SAGEMAKER_PROJECT_ID", "p-abc")
    engines.install("podman")
    has_repository(ecr, "test-project")
    arn = {"resourceArn": f"{REPOSITORIES}/test-project"}
    ecr.add_response("list_tags_for_resource", {"tags": listed(present)}, arn)
    if added:
        ecr.add_response("tag_resource", {}, {**arn, "tags": listed(added)})
    has_tag(ecr, "test-project", tag)
    assert pipeline("image", "push", "--target", "model").code == 0


def test_what_aws_refuses_is_told_in_two_lines(pipeline, engines, ecr):
    engines.install("podman")
    ecr.add_client_error("describe_repositories", "AccessDeniedException", "User: x\nmay not")
    message, _ = pipeline("image", "push", "--target", "model").err.splitlines()[-2:]
    assert message == "ECR refused DescribeRepositories: AccessDeniedException: User: x may not"


def test_missing_credentials_are_told_in_two_lines(pipeline, engines, monkeypatch):
    engines.install("podman")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    message, remedy = pipeline("image", "push", "--target", "model").mistake
    assert "none were found" in message
    assert "AWS_PROFILE" in remedy
