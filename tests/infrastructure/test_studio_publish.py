"""Publishing into an account that moto keeps, and what comes of a second time.

moto's stack stands for the organisation's: it has its outputs. What moto does not refuse (another
account's bucket, missing permissions) is in tests/studio/test_publish_aws.py.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest

from sagetabular.errors import UserError
from sagetabular.infrastructure.templates import parse_template
from studio.publishing import checks, command
from studio.publishing.bundling.bundle import Bundle
from studio.publishing.bundling.sample import Start, start_of
from studio.publishing.placing.bucket import TemplateBucket
from tests.baking import ROOT
from tests.infrastructure.service_catalog import PORTFOLIO, ServiceCatalog, serving_catalog
from tests.releases import commit, git
from tests.servers import REGION, LocalAccount, environment, free_port, serving
from tests.studio.publishing import pip_variables, publishable, set_version

NUMBER = "123456789012"
BUCKET, TEMPLATE = f"sagemaker-projects-{NUMBER}", "templates/tabular-models.yaml"
ROLE = f"arn:aws:iam::{NUMBER}:role/sagemaker-projects-launch"
STUDIO_ROLES = [f"arn:aws:iam::{NUMBER}:role/service-role/{name}" for name in ("team-a", "team-b")]
# As documented for template buckets: sagemaker-projects-templates-custom in SageMaker's guide.
CORS = {
    "AllowedOrigins": ["https://*.sagemaker.aws"],
    "AllowedMethods": ["POST", "PUT", "GET", "HEAD", "DELETE"],
    "AllowedHeaders": ["*"],
    "ExposeHeaders": ["ETag"],
}
OUTPUTS = {
    "TemplateBucket": BUCKET,
    "LaunchRoleArn": ROLE,
    "BoundaryArn": f"arn:aws:iam::{NUMBER}:policy/sagemaker-projects-boundary",
    "PortfolioId": PORTFOLIO,
    "StudioRoleArns": ",".join(STUDIO_ROLES),
}


class Ended(NamedTuple):
    """A run of the command: its exit code and what it printed."""

    code: int
    out: str
    err: str


Publish = Callable[..., Ended]


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAccount]:
    """Start an account with the organisation's stack and bucket."""
    moto = environment("moto", ROOT / "tests/aws/requirements.lock") / "bin/moto_server"
    local = LocalAccount(port := free_port())
    serve = [str(moto), "-H", "127.0.0.1", "-p", str(port)]
    with serving(serve, lambda: local.client("sts").get_caller_identity()):
        s3 = local.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [CORS]})
        for bucket, region in (("plain", REGION), ("far", "us-west-2")):
            there = boto3.client("s3", region_name=region, **local_access(local))
            there.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
            )
        deploy(local, "sagemaker-projects", OUTPUTS)
        deploy(local, "other", {"LaunchRoleArn": ROLE})
        deploy(local, "bare", {**OUTPUTS, "PortfolioId": ""})
        yield local


def local_access(account: LocalAccount) -> dict[str, str]:
    return {
        "endpoint_url": account.environment["AWS_ENDPOINT_URL"],
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
    }


def deploy(account: LocalAccount, stack: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    account.client("cloudformation").create_stack(
        StackName=stack, TemplateBody=json.dumps(template)
    )


@pytest.fixture(scope="module")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publishable(template, tmp_path_factory.mktemp("published") / "repository")


@pytest.fixture(scope="module")
def catalog(account: LocalAccount) -> Iterator[tuple[ServiceCatalog, str]]:
    def read(bucket: str, key: str) -> str:
        body = account.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
        return str(body.read().decode())

    with serving_catalog(service := ServiceCatalog(read)) as address:
        yield service, address


@pytest.fixture(scope="module")
def publish(
    account: LocalAccount, repository: Path, catalog: tuple[ServiceCatalog, str]
) -> Iterator[Publish]:
    """Return a function that publishes; the sample is made once, since that takes seconds."""
    made: list[Start] = []

    def once(bundle: bytes) -> Start:
        if not made:
            made.append(start_of(bundle))
        return made[0]

    variables = {
        **account.environment,
        **pip_variables(repository),
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_SERVICE_CATALOG": catalog[1],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "start_of", once)
        patch.setattr(checks, "find_linter", lambda: None)
        for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE"):
            patch.delenv(name, raising=False)
        for name, text in variables.items():
            patch.setenv(name, text)

        def run(*words: str) -> Ended:
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
                code = command.main(repository, words)
            return Ended(code, out.getvalue(), err.getvalue())

        yield run


@pytest.fixture(scope="module")
def first(publish: Publish) -> Ended:
    ended = publish()
    assert ended.code == 0, ended.err
    return ended


def objects(account: LocalAccount) -> dict[str, list[str]]:
    """Return key → ids of all versions of the bucket's objects."""
    found: dict[str, list[str]] = {}
    for each in account.client("s3").list_object_versions(Bucket=BUCKET).get("Versions", []):
        found.setdefault(each["Key"], []).append(each["VersionId"])
    return found


def looked_at(account: LocalAccount, key: str) -> dict[str, Any]:
    s3 = account.client("s3")
    tags = s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
    head = s3.head_object(Bucket=BUCKET, Key=key)
    return {**head, "tags": {each["Key"]: each["Value"] for each in tags}}


def test_studio_finds_the_template_and_the_template_its_bundle(
    account: LocalAccount, first: Ended, repository: Path
) -> None:
    bundle, template = sorted(objects(account))
    assert template == TEMPLATE
    found = looked_at(account, template)
    assert found["tags"] == {"sagemaker:studio-visibility": "true", "release": "1.4.0"}
    assert found["ContentType"] == "application/yaml"
    own = git(repository, "rev-parse", "HEAD")
    assert found["Metadata"] == {"release": "1.4.0", "commit": own}
    assert looked_at(account, bundle)["tags"] == {}
    text = account.client("s3").get_object(Bucket=BUCKET, Key=template)["Body"].read().decode()
    assert f"{BUCKET}/{bundle}" in text
    resources = parse_template(text, "as published")["Resources"]
    assert "policy/${Name}" in json.dumps(resources) or "sagemaker-projects-boundary" in text
    assert f"s3://{BUCKET}/{bundle}\n" in first.out


def test_it_says_what_was_made_where_it_lies_and_what_to_click(first: Ended) -> None:
    for words in (
        "Release    1.4.0, commit ",
        "https://git.example.com/org/template.git\n",
        "Uploaded   s3://",
        f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/{TEMPLATE}\n",
        "Organization templates > S3 Templates > tabular-models > Next",
        f"Role ARN       {ROLE}",
        "Next: .venv/bin/python studio/publish.py --offer-updates\n",
    ):
        assert words in first.out
    assert "secret" not in first.out + first.err
    assert f"AWS account {NUMBER}, {REGION}" in first.err
    # ARNs and addresses are there to be copied, and cannot be broken.
    texts = [line for line in first.out.splitlines() if "arn:" not in line and "://" not in line]
    assert max(map(len, texts)) <= 80


@pytest.mark.usefixtures("first")
def test_a_second_time_uploads_nothing_and_says_so(account: LocalAccount, publish: Publish) -> None:
    before, modified = objects(account), looked_at(account, TEMPLATE)["LastModified"]
    again = publish("--bucket", BUCKET)
    assert again.code == 0
    assert "Nothing was uploaded: this release is what the bucket has." in again.out
    assert "Unchanged  s3://" in again.out
    assert objects(account) == before
    assert looked_at(account, TEMPLATE)["LastModified"] == modified
    s3 = account.client("s3")
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [CORS]


@pytest.mark.usefixtures("first")
def test_what_somebody_changed_is_put_right(account: LocalAccount, publish: Publish) -> None:
    """A template without its tag is invisible, and a bundle with other content is not ours."""
    s3 = account.client("s3")
    (bundle,) = (key for key in objects(account) if key.startswith("bundles/"))
    s3.put_object(Bucket=BUCKET, Key=bundle, Body=b"planted", Metadata={"release": "1.4.0"})
    s3.delete_object_tagging(Bucket=BUCKET, Key=TEMPLATE)
    assert publish().code == 0
    assert looked_at(account, bundle)["ContentLength"] > 1_000_000
    assert looked_at(account, TEMPLATE)["tags"]["sagemaker:studio-visibility"] == "true"


@pytest.mark.usefixtures("first")
def test_nobody_sees_a_template_before_its_bundle_is_there(
    account: LocalAccount, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_bucket: TemplateBucket, bundle: Bundle) -> bool:
        raise UserError(f"AWS denies s3:PutObject on {bundle.key}", "Allow it.")

    account.client("s3").delete_object_tagging(Bucket=BUCKET, Key=TEMPLATE)
    with monkeypatch.context() as patch:
        patch.setattr(TemplateBucket, "put_bundle", refuse)
        assert publish().code == 2
    assert looked_at(account, TEMPLATE)["tags"] == {}
    assert publish().code == 0
    assert looked_at(account, TEMPLATE)["tags"]["sagemaker:studio-visibility"] == "true"


@pytest.mark.usefixtures("first")
def test_an_older_release_is_refused_before_anything_is_made(
    account: LocalAccount, publish: Publish, repository: Path
) -> None:
    newest, before = git(repository, "rev-parse", "HEAD"), objects(account)
    set_version(repository, "1.3.9")
    commit(repository, "Older")
    try:
        ended = publish()
        assert (ended.code, ended.out) == (2, "")
        rule, remedy = ended.err.splitlines()[-2:]
        assert rule == f"Bucket {BUCKET} has release 1.4.0, which is newer than 1.3.9."
        assert "--allow-older" in remedy
        assert objects(account) == before
        assert publish("--allow-older").code == 0
        assert looked_at(account, TEMPLATE)["tags"]["release"] == "1.3.9"
    finally:
        git(repository, "checkout", "-q", newest)
    assert publish().code == 0
    assert looked_at(account, TEMPLATE)["tags"]["release"] == "1.4.0"


@pytest.mark.parametrize(
    ("words", "rule", "remedy"),
    [
        (["--bucket", "nobodys"], "There is no bucket nobodys.", "TemplateBucket"),
        (["--bucket", "plain"], "must keep versions of templates", "put-bucket-versioning"),
        (["--bucket", "far"], "must be in eu-west-1, and is in us-west-2", "--region us-west-2"),
        (["--stack", "none"], "stack none in eu-west-1", "studio/organisation.yaml"),
        (["--stack", "other"], "has no output TemplateBucket, BoundaryArn", "--stack"),
        (["--stack", "bare", "--service-catalog"], "no PortfolioId", "ServiceCatalog=true"),
        (["--profile", "nobody"], "profile (nobody) could not be found", "AWS_PROFILE"),
    ],
)
def test_what_is_not_as_it_must_be(
    account: LocalAccount, publish: Publish, words: list[str], rule: str, remedy: str
) -> None:
    before = objects(account)
    ended = publish(*words)
    assert (ended.code, ended.out) == (2, "")
    said = [line for line in ended.err.splitlines() if not line.startswith("AWS account")]
    assert len(said) == 2
    assert rule in said[0] and remedy in said[1]
    assert objects(account) == before


@pytest.mark.usefixtures("first")
def test_service_catalog_offers_one_version_to_be_launched_by_the_role(
    catalog: tuple[ServiceCatalog, str], publish: Publish, repository: Path
) -> None:
    service = catalog[0]
    made = publish("--service-catalog")
    assert made.code == 0, made.err
    ((name, product),) = service.products.items()
    assert f"Product    tabular-models, {name}\n" in made.out
    assert product["tags"] == {"sagemaker:studio-visibility": "true"}
    assert product["portfolios"] == [PORTFOLIO]
    assert [json.loads(each) for each in product["constraints"].values()] == [{"RoleArn": ROLE}]
    assert "AWS::CodeBuild::Project" in product["versions"][0]["text"]
    # Without them Studio says that the product "does not exist or access was denied".
    admitted = [{"PrincipalARN": each, "PrincipalType": "IAM"} for each in STUDIO_ROLES]
    assert service.principals == admitted

    service.calls.clear()
    again = publish("--service-catalog")
    assert "nothing changed" in again.out
    assert all(call.startswith(("Search", "List", "Describe")) for call in service.calls)

    newest = git(repository, "rev-parse", "HEAD")
    set_version(repository, "1.4.1")
    commit(repository, "Newer")
    try:
        assert publish("--service-catalog").code == 0
    finally:
        git(repository, "checkout", "-q", newest)
    assert [(each["Name"], each["Guidance"], each["Active"]) for each in product["versions"]] == [
        ("1.4.0", "DEPRECATED", True),
        ("1.4.1", "DEFAULT", True),
    ]


@pytest.mark.usefixtures("first")
def test_what_is_wrong_with_the_product_is_put_right(
    catalog: tuple[ServiceCatalog, str], publish: Publish
) -> None:
    service = catalog[0]
    publish("--service-catalog", "--allow-older")
    (product,) = service.products.values()
    product["tags"].clear()
    product["portfolios"].clear()
    product["constraints"] = {"cons-1": json.dumps({"RoleArn": "arn:aws:iam::1:role/other"})}
    ended = publish("--service-catalog", "--allow-older")
    assert ended.code == 0, ended.err
    assert product["tags"] == {"sagemaker:studio-visibility": "true"}
    assert product["portfolios"] == [PORTFOLIO]
    assert [json.loads(each) for each in product["constraints"].values()] == [{"RoleArn": ROLE}]
