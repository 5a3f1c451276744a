"""What comes along with an import, and what is told of the rest."""

from __future__ import annotations

import re

import pytest
import yaml
from configurations import CHURN, PRICES

pytestmark = pytest.mark.slow


def test_programs_come_along_and_what_does_not_is_listed(pipeline, example, repository):
    ended = pipeline("import", repository / "churn/conf/conf.yaml")
    programs = {"clean.py", "helper.py", "score.py", "fitting/train.py"}
    for name in programs:
        before = (repository / "churn/code" / name).read_bytes()
        assert (example.root / "models/churn" / name).read_bytes() == before
        assert f"Wrote models/churn/{name}\n" in ended.out
    dropped = re.findall(r"^\S+: (\S+) is not carried over: .+\.$", ended.out, re.MULTILINE)
    model = "conf.models.churn"
    assert sorted(dropped) == sorted(
        [
            *(f"{model}.{name}" for name in ("name", "tune", "surprise", "train.output_path")),
            *(f"{model}.clean.{name}" for name in ("base_job_name", "framework_version")),
            *(f"{model}.transform.{name}" for name in ("image_uri", "volume_size")),
            f"{model}.evaluate.strategy",
            f"{model}.source_directory.requirements.txt",
            "conf.sagemakerPipeline.pipelineName",
            "conf.sagemakerPipeline.models.churn.steps.5.enable_cache",
        ]
    )
    assert "clean.py imports 'helper', which lies in its model's package now." in ended.out
    assert "steps.5 registers no metrics" in ended.out


def test_every_key_of_a_configuration_is_carried_over_or_listed(pipeline, example, repository):
    """A new key anywhere is told, with its place."""
    document = yaml.safe_load(CHURN)

    def with_keys(value, path):
        if isinstance(value, dict):
            open_place = path and path[-1] in ("models", "channels", "env", "hyperparams", "tags")
            for key in [*value]:
                with_keys(value[key], [*path, str(key)])
            if not open_place and path[-1:] != ["churn"] and value and "Key" not in value:
                value["novelty"] = 1
                expected.add(".".join([*path, "novelty"]))
        elif isinstance(value, list):
            for number, item in enumerate(value):
                with_keys(item, [*path, str(number)])

    expected = set()
    with_keys(document, [])
    file = repository / "churn/conf/conf.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    ended = pipeline("import", file)
    assert ended.code == 0, ended
    told = set(re.findall(r"^\S+: (\S*novelty) is not carried over", ended.out, re.MULTILINE))
    # Below a block that no step uses, the block is told.
    assert told == {place for place in expected if ".tune." not in place}
    assert len(told) > 20


def test_what_the_framework_passed_over_in_silence_is_listed(pipeline, example, repository):
    """Settings that its own code did not read, or that something else overrules."""
    changes = [
        ("step_class: CreateModel}", "step_class: CreateModel, chain_input_source_step: [Clean]}"),
        ("step_class: Metrics", "step_class: Metrics\n            step_type: prepare"),
        ("{test: }", '{test: {s3BucketName: lake, dataFiles: [{fileName: "s3://lake/x.csv"}]}}'),
        ("[Clean, Predict]", "[Clean, Predict]\n            chain_input_additional_prefix: part"),
        ('ModelRepack: "False"', 'ModelRepack: "True"'),
    ]
    text = PRICES
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file = repository / "prices/conf/conf.yaml"
    file.write_text(text, encoding="utf-8")
    ended = pipeline("import", file, repository / "components/conf/conf.yaml")
    assert (ended.code, ended.err) == (0, "")
    steps = "conf.sagemakerPipeline.models.prices.steps"
    for remark in (
        f"{steps}.2.chain_input_source_step is not carried over: the step takes the model of",
        f"{steps}.4.step_type is not carried over: a Metrics step has the settings 'evaluate'",
        f"{steps}.4.chain_input_additional_prefix is not carried over",
        "models.prices.transform.channels is not carried over: the chained input is what is",
        "models.prices.transform.channels.test has a bucket that no file needs",
        "registry.ModelRepack is not carried over: prices.create serves the artefact as training",
        "registry.ModelRepack is not carried over: prices.publish serves the artefact as training",
        "wrote it, without 'inference.py'.",
    ):
        assert remark in ended.out


def test_programs_are_found_in_the_repository_that_is_named(
    pipeline, example, repository, tmp_path, monkeypatch
):
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "conf.yaml").write_text(CHURN, encoding="utf-8")
    rule, remedy = pipeline("import", alone / "conf.yaml").mistake
    assert "source_directory names no folder: 'churn/code'" in rule
    assert remedy == "Check out the repository, and name its folder with --source."
    ended = pipeline("import", alone / "conf.yaml", "--source", repository, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    text = CHURN.replace("      source_directory: churn/code\n", "")
    (alone / "conf.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("SMP_SOURCE_DIR_PATH", str(repository / "churn/code"))
    assert pipeline("import", alone / "conf.yaml").code == 0
    assert (example.root / "models/churn/fitting/train.py").is_file()
