"""Nothing in the environment reaches the compiler, and nothing of the compiler stays in it."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from surroundings import COMPILE, home, rubbish, variables
from test_reproducibility import NO_NETWORK

from sagetabular.compiling import loading
from sagetabular.errors import UserError
from sagetabular.steps.isolation import is_hidden, isolated

GROUPS, PARTS = 54, 6  # each process takes seconds


def compile_in(example, folder, environment, content):
    """Compile in a process of its own, which has no network and a home full of rubbish."""
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    kept["HOME"] = str(home(folder / "home", content))
    return subprocess.run(
        [sys.executable, "-c", NO_NETWORK + COMPILE, example.root],
        env=kept | environment,
        cwd=example.root,
        capture_output=True,
        check=False,
    )


def test_the_variables_are_found_in_the_sources():
    found = variables()
    assert len(found) > 150
    # From AWS's documentation of the SDKs, and of the defaults of the SageMaker SDK.
    assert {
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE", "SAGEMAKER_USER_CONFIG_OVERRIDE", "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
        "AWS_EC2_METADATA_DISABLED", "AWS_CA_BUNDLE", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS",
        "AWS_DATA_PATH", "BOTO_CONFIG", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    } <= {*found}  # fmt: skip


@pytest.mark.slow
def test_all_of_it_at_once_changes_no_byte_and_leaves_nothing_behind(example, compiled, tmp_path):
    kinds = rubbish(tmp_path)

    def run(kind):
        folder = tmp_path / f"of {kind}"
        environment = dict.fromkeys(variables(), kinds[kind])
        return compile_in(example, folder, environment, kinds["text"])

    with ThreadPoolExecutor(2) as pool:
        for kind, ended in zip(kinds, pool.map(run, kinds), strict=True):
            assert (ended.returncode, ended.stderr) == (0, b""), (kind, ended.stderr.decode())
            assert ended.stdout == compiled.definition, kind


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_few_of_it_at_a_time_change_no_byte(example, compiled, tmp_path, part):
    """Some rubbish hides behind other: a region that is none ends what a profile would."""
    kinds, names = rubbish(tmp_path), variables()

    def run(number):
        kind = [*kinds.values()][number // PARTS]
        environment = dict.fromkeys(names[number::GROUPS], kind)
        return environment, compile_in(example, tmp_path / f"of {number}", environment, kind)

    with ThreadPoolExecutor(2) as pool:
        for environment, ended in pool.map(run, range(part, GROUPS, PARTS)):
            assert (ended.returncode, ended.stderr) == (0, b""), (environment, ended.stderr)
            assert ended.stdout == compiled.definition, environment


@pytest.mark.parametrize("name", [each for each in variables() if each.startswith("AWS_")])
def test_a_variable_of_aws_is_hidden_and_comes_back(monkeypatch, name):
    monkeypatch.setenv(name, "rubbish")
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), isolated():
        assert is_hidden(name)
        assert os.environ.get(name) != "rubbish"
        _ = 1 / 0
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("line", "rule", "remedy"),
    [
        (
            "import os; os.environ['SAGEMAKER_PROJECT_NAME']",
            "KeyError: 'SAGEMAKER_PROJECT_NAME'",
            "Compiling sees no SAGEMAKER_PROJECT_NAME: write the value into conf/, as own, or as "
            "a parameter.",
        ),
        ("import json; json.loads('[')", "JSONDecodeError: Expecting value", "Correct that line."),
        ("open('missing')", "FileNotFoundError: [Errno 2]", "Correct that line."),
        ("import boto3; boto3.client('s3').list_buckets()", "", "Correct that line."),
    ],
)
def test_what_the_projects_own_code_asks_in_vain_is_named(example, monkeypatch, line, rule, remedy):
    monkeypatch.setenv("SAGEMAKER_PROJECT_NAME", "houses")
    example.write(loading.FILE, f"def get_pipeline(root):\n    {line}\n")
    with pytest.raises(UserError) as caught:
        example.compile()
    found, what_to_do = str(caught.value).splitlines()
    assert found.startswith(f"{loading.FILE}: line 2: {rule}")
    assert what_to_do == remedy
