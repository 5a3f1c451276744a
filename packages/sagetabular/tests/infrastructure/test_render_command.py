"""`pipeline infra render`: what it writes, and what it leaves alone."""

from __future__ import annotations

import pytest

from sagetabular.infrastructure.concerns import ORDER, find_concerns
from sagetabular.infrastructure.templates import parse_template
from sagetabular.project import Project

RESOURCE = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic  # why\n"


@pytest.fixture
def templates(example):
    """Three templates in the small project."""
    folder = example.root / "infrastructure"
    folder.mkdir()
    for name in ("own", "triggers", "data-lake"):
        (folder / f"{name}.yaml").write_text(f"Description: {name}\n{RESOURCE}")
    (folder / "README.md").write_text("no template")
    return folder


def test_templates_come_in_the_order_of_deployment_and_own_ones_last(example, templates):
    found = find_concerns(Project(example.root))
    assert [each.name for each in found] == ["data-lake", "triggers", "own"]
    assert ORDER.index("data-lake") < ORDER.index("roles") < ORDER.index("triggers")


def test_files_are_written_once_and_again(pipeline, example, templates, tmp_path):
    for _ in range(2):
        ended = pipeline("infra", "render", "-o", tmp_path / "a/b")
        assert ended.code == 0, ended
    files = sorted((tmp_path / "a/b").iterdir())
    assert [file.name for file in files] == ["data-lake.yaml", "own.yaml", "triggers.yaml"]
    assert "# why" in files[0].read_text()
    assert parse_template(files[0].read_text(), "t")["Description"] == "data-lake"
    assert len(ended.out.splitlines()) == 3


def test_one_alone(pipeline, templates, tmp_path):
    assert pipeline("infra", "render", "own", "-o", tmp_path / "out").code == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["own.yaml"]


def test_a_file_of_somebody_else_stays_and_nothing_is_written(pipeline, templates, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/triggers.yaml").write_text("mine")
    rule, remedy = pipeline("infra", "render", "-o", tmp_path / "out").mistake
    assert "triggers.yaml is there" in rule and "-o" in remedy
    assert [file.read_text() for file in (tmp_path / "out").iterdir()] == ["mine"]
    # The templates themselves are no rendering either.
    assert "is there" in pipeline("infra", "render", "-o", templates).mistake[0]


def test_a_template_that_there_is_not(pipeline, templates, tmp_path):
    rule, remedy = pipeline("infra", "render", "trigers", "-o", tmp_path / "out").mistake
    assert rule == "infrastructure/ has no template trigers.yaml."
    assert remedy.startswith("Did you mean 'triggers'?")
    assert not (tmp_path / "out").exists()


def test_a_project_without_templates(pipeline, example, tmp_path):
    rule, remedy = pipeline("infra", "render", "-o", tmp_path / "out").mistake
    assert "has no templates" in rule and "`infrastructure: full`" in remedy
