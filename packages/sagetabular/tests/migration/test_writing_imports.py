"""An import writes all of its files or none, and none that is there already."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
import yaml

from sagetabular.errors import UserError
from sagetabular.migration.editing import with_value
from sagetabular.migration.placeholders import Placeholders
from sagetabular.migration.plan import Place

pytestmark = pytest.mark.slow

CONF = "churn/conf/conf.yaml"


def test_a_dry_run_prints_what_the_import_writes_and_writes_nothing(
    pipeline, example, repository, files_of
):
    before = files_of(example.root)
    dry = pipeline("import", repository / CONF, "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert files_of(example.root) == before
    assert {path.name for path in example.root.iterdir()} == {
        *("conf", "container", "models", "pipelines", "queries")
    }
    wet = pipeline("import", repository / CONF)
    after = files_of(example.root)
    new = {name for name in after if after[name] != before.get(name)}
    assert new == {line.removeprefix("Wrote ") for line in wet.out.splitlines() if "Wrote " in line}
    for name in new:
        assert f"==> {name} <==" in dry.out
        if name.endswith(".yaml"):
            assert f"==> {name} <==\n{after[name].decode()}" in dry.out


def test_a_second_import_is_refused_and_changes_nothing(pipeline, example, repository, files_of):
    assert pipeline("import", repository / CONF).code == 0
    before = files_of(example.root)
    rule, _ = pipeline("import", repository / CONF).mistake
    assert rule == "models/churn: must be new for an import, but it exists."
    assert files_of(example.root) == before


@pytest.mark.parametrize(
    ("field", "value"), [("dependencies", ["ridge >> boost"]), ("models", ["ridge", "boost"])]
)
def test_a_changed_conf_file_stays_as_it_is(pipeline, example, repository, files_of, field, value):
    example.change("conf/pipeline.yaml", field, value)
    before = files_of(example.root)
    rule, _ = pipeline("import", repository / CONF).mistake
    assert rule.startswith(f"conf/pipeline.yaml: {field} must not be")
    assert files_of(example.root) == before


def test_declared_variables_of_another_name_stay(pipeline, example, repository, files_of):
    before = files_of(example.root)
    rule, remedy = pipeline(
        "import", repository / CONF, repository / "framework/conf/conf.yaml"
    ).mistake
    assert rule == (
        "conf/aws.yaml: environment.RoleArn must not be changed before an import, got 'ROLE'."
    )
    assert "sagemakerNetworkSecurity.role asks for 'SMP_ROLE'" in remedy
    assert files_of(example.root) == before


def test_the_variables_of_a_new_project_are_known(project_root):
    from sagetabular.migration.framework.account import NEW_PROJECT

    declared = yaml.safe_load((project_root / "conf/aws.yaml").read_text())["environment"]
    assert {name: declared[name] for name in NEW_PROJECT} == NEW_PROJECT


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_what_was_moved_goes_back_when_the_disk_fails(
    pipeline, project_root, repository, files_of, monkeypatch, failing
):
    """A model and two files of conf/ are three moves; each may be the one that fails."""
    files = [repository / f"{name}/conf/conf.yaml" for name in ("churn", "framework")]
    before = files_of(project_root)
    moves = []

    def counted(original):
        def move(self, target):
            if ".import-" in str(self) and "compiled" not in str(self):
                moves.append(target)
                if len(moves) == failing:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
            return original(self, target)

        return move

    monkeypatch.setattr(Path, "rename", counted(Path.rename))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))
    rule, _ = pipeline("import", *files, folder=project_root).mistake
    assert "cannot be written" in rule
    assert len(moves) == failing
    assert files_of(project_root) == before


def test_the_project_keeps_its_comments(pipeline, project_root, repository):
    before = (project_root / "conf/pipeline.yaml").read_text()
    assert pipeline("import", repository / CONF, folder=project_root).code == 0
    tuner = [repository / "tuner" / name for name in
             ("ml-parameters.json", "hyperparameters.json", "manifest.json")]  # fmt: skip
    known = {"ntrees": "max_leaf_nodes", "learn_rate": "ccp_alpha", "histogram": "max_features",
             "Random": "sqrt", "Uniform": "log2", "distribution": "criterion",
             "gaussian": "squared_error", '"balance": "false"': '"splitter": "best"'}  # fmt: skip
    text = tuner[1].read_text()
    for name, ours in known.items():  # names that the template's own model takes
        text = text.replace(name, ours)
    tuner[1].write_text(text)
    parameters = json.loads(tuner[0].read_text())  # without H2O's distribution, the objective
    objective = {"Type": "Maximize", "MetricName": "validation:r2"}
    tuner[0].write_text(json.dumps({**parameters, "tuningObjective": objective}))
    assert pipeline("import", *tuner, folder=project_root).code == 0
    after = (project_root / "conf/pipeline.yaml").read_text()
    expected = before.replace("trials: 20 ", "trials: 12 ").replace("parallel: 4 ", "parallel: 3 ")
    lines = ["churn.clean >> churn.training >> churn.create_model",
             "churn.transform >> churn.metrics >> churn.register"]  # fmt: skip
    assert after == expected + "dependencies:\n" + "".join(f'  - "{line}"\n' for line in lines)


@pytest.mark.parametrize(
    ("text", "path", "value", "expected"),
    [
        ("a: 1  # one\nb: 2\n", "a", 5, "a: 5  # one\nb: 2\n"),
        ("a:\n  b: 1\nc: 2\n", "a.d", "x", 'a:\n  d: "x"\n  b: 1\nc: 2\n'),
        ("a: {b: 1}\n", "a.d", 2, "a: {d: 2, b: 1}\n"),
        ("a: {}\n", "a.d", 2, "a: {d: 2}\n"),
        ("a:\n# note\nb: 1\n", "a.d", 2, 'a: {"d": 2}\n# note\nb: 1\n'),
        ("a: []\n", "a", ["x >> y"], 'a: ["x >> y"]\n'),
        ("b: 1\n", "a.d", 2, 'b: 1\na: {"d": 2}\n'),
        ("b: 1", "a", ["x"], 'b: 1\na:\n  - "x"\n'),
        ("{b: 1}\n", "a", 2, "{a: 2, b: 1}\n"),
    ],
)
def test_a_field_changes_and_nothing_else(text, path, value, expected):
    assert with_value(text, path.split("."), value, "file") == expected
    assert yaml.safe_load(expected) is not None


@pytest.mark.parametrize("text", ["b: 1\n...\n", "--- {b: 1}\n--- {c: 2}\n", "b: |\n  text"])
def test_a_file_without_a_place_for_a_field_is_refused_or_changed_rightly(text):
    try:
        changed = with_value(text, ["a"], [1], "file")
    except UserError as error:
        assert len(str(error).splitlines()) == 2
    else:
        assert yaml.safe_load(changed)["a"] == [1]


PLACE = Place("file", ("a",))


def test_placeholders_are_replaced_wherever_they_stand():
    values = Placeholders(
        {"TEAM": "north"}, {"SMP_S3BUCKETNAME": "lake", "SMP_REGION": "eu", "HOME": "/"}
    )
    document = {"x": ["s3://SMP_S3BUCKETNAME-x/HOME", 3, {"y": "SMP_REGION.TEAM"}]}
    assert values.fill(document, PLACE) == {"x": ["s3://lake-x/HOME", 3, {"y": "eu.north"}]}
    assert [*values.used] == ["SMP_S3BUCKETNAME", "SMP_REGION", "TEAM"]


@pytest.mark.parametrize("environment", [{}, {"SMP_REGION": ""}, {"SMP_REGION": "a\nb"}])
def test_a_placeholder_without_a_value_is_an_error_of_two_lines(environment):
    with pytest.raises(UserError) as caught:
        Placeholders({}, environment).fill(["SMP_REGION"], PLACE)
    assert str(caught.value).splitlines() == [
        "file: a.0 has the placeholder SMP_REGION, which has no value.",
        "Export SMP_REGION, or give it with --set SMP_REGION=VALUE.",
    ]


def test_an_unset_placeholder_stops_the_import(
    pipeline, example, repository, files_of, monkeypatch
):
    monkeypatch.delenv("SMP_REGION")
    before = files_of(example.root)
    rule, remedy = pipeline("import", repository / CONF).mistake
    assert "conf.models.churn.clean.image_uri has the placeholder SMP_REGION" in rule
    assert remedy == "Export SMP_REGION, or give it with --set SMP_REGION=VALUE."
    assert files_of(example.root) == before
    ended = pipeline("import", repository / CONF, "--set", "SMP_REGION=us-east-1")
    assert ended.code == 0
    assert "ecr.us-east-1." in (example.root / "models/churn/model.yaml").read_text()


@pytest.mark.parametrize("pair", ["SMP_REGION", "=x", "SMP_REGION=", "a b=c", "A=x\ny"])
def test_a_value_that_is_none_is_refused(pipeline, repository, pair):
    rule, _ = pipeline("import", repository / CONF, "--set", pair).mistake
    assert rule.startswith("--set must be NAME=VALUE")
