"""`pipeline model add` and `pipeline model check`."""

from __future__ import annotations

import pytest
import yaml
from typer.testing import CliRunner

from sagetabular.cli import app
from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.model_checks import checks_of
from sagetabular.settings import load_project

CHECKS = checks_of("regression")


def content_of(folder):
    """Every file below a folder, by its name; without what Python leaves."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".pipeline"} & set(path.parts)
    }


@pytest.mark.slow
@pytest.mark.parametrize("like", ["decision_tree", "xgboost"])
def test_an_added_model_passes_the_checks_and_compiles(pipeline, project_root, like):
    before = content_of(project_root)
    ended = pipeline("model", "add", "second_try", "--like", like, folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    assert "models/second_try is a copy of" in ended.out
    assert "SecondTry" in ended.out
    assert "model check second_try" in ended.out.splitlines()[-1]
    after = content_of(project_root)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {
        f"models/second_try/{name}" for name in ("model.py", "model.yaml")
    }
    checked = pipeline("model", "check", "second_try", folder=project_root)
    assert (checked.code, checked.err) == (0, "")
    assert f"{len(CHECKS) + 1} checks, 0 failed." in checked.out
    definition = compile_pipeline(load_project(project_root)).definition.decode()
    assert '"TuneSecondTry"' in definition
    assert '"RegisterSecondTry"' in definition


@pytest.mark.slow
def test_models_are_checked_for_the_project_s_own_task(pipeline, project_root):
    conf = project_root / "conf/pipeline.yaml"
    content = yaml.safe_load(conf.read_text())
    content |= {"task": "multiclass", "split": {"folds": 3}, "selection": {"minimum": 0.5}}
    content["data"] |= {"target": "ocean_proximity", "class_weights": "balanced", "drop": []}
    content["data"]["columns"]["ocean_proximity"] = "category"
    conf.write_text(yaml.safe_dump(content, sort_keys=False))
    assert pipeline("model", "add", "mine", folder=project_root).code == 0
    checked = pipeline("model", "check", "mine", folder=project_root)
    assert f"{len(checks_of('multiclass')) + 1} checks, 0 failed." in checked.out
    assert "order of the categories" in " ".join(checked.out.split())
    code = project_root / "models/mine/model.py"
    code.write_text(code.read_text().replace("weights: pd.Series | None = None", "*rest: object"))
    for command in ("compile", "run"):
        rule, remedy = pipeline(command, folder=project_root).mistake
        assert rule.startswith("models/mine/model.py: fit must take weights")
        assert "class_weights" in remedy


def test_only_the_title_changes_and_what_is_named_after_it(pipeline, example):
    text = (
        "# Boost, tuned\n"
        "image: {framework: xgboost, version: 3.2-0}\r\n"
        "'title': 'Boost'   # its steps: TuneBoost, FitBoost\r\n"
        "tuning:  # Boost has one range\n"
        "  ranges: {depth: {type: integer, min: 2, max: 8}}\n"
    )
    file = example.root / "models/boost/model.yaml"
    file.write_bytes(text.encode())
    ended = pipeline("model", "add", "deep", "--like", "boost", "--title", "Deep9")
    assert (ended.code, ended.err) == (0, "")
    added = (example.root / "models/deep/model.yaml").read_bytes().decode()
    changed = text.replace("'Boost'", "Deep9").replace("TuneBoost, FitBoost", "TuneDeep9, FitDeep9")
    assert added == changed
    assert load_project(example.root).models["deep"].title == "Deep9"


def test_modules_beside_the_model_come_along_and_are_imported_from_the_copy(pipeline, example):
    example.write("models/ridge/helper.py", "RIDGE = 1\n")
    example.write("models/ridge/__pycache__/helper.pyc", "")
    example.write("models/ridge/.DS_Store", "")
    example.write("models/ridge/model.py", "from models.ridge.helper import RIDGE\nmodels.ridge2\n")
    assert pipeline("model", "add", "other", "--like", "ridge").code == 0
    assert content_of(example.root / "models/other").keys() == {
        "helper.py", "model.py", "model.yaml",
    }  # fmt: skip
    code = (example.root / "models/other/model.py").read_text()
    assert code == "from models.other.helper import RIDGE\nmodels.ridge2\n"


def test_where_models_are_listed_the_list_stays_and_the_user_is_told(pipeline, example):
    example.change("conf/pipeline.yaml", "models", ["ridge"])
    before = (example.root / "conf/pipeline.yaml").read_bytes()
    ended = pipeline("model", "add", "lasso", "--like", "ridge")
    assert (ended.code, ended.err) == (0, "")
    assert "Add lasso to `models:` in conf/pipeline.yaml, which lists those in use." in ended.out
    assert (example.root / "conf/pipeline.yaml").read_bytes() == before
    example.change("conf/pipeline.yaml", "models", ["ridge", "lasso"])
    assert list(load_project(example.root).models) == ["ridge", "lasso"]


def test_where_models_are_found_nothing_is_said_of_a_list(pipeline):
    assert "conf/pipeline.yaml" not in pipeline("model", "add", "lasso", "--like", "ridge").out


LIKE = ("--like", "ridge")
WRONG = {
    ("code", *LIKE): "NAME must be a Python name that is not reserved, got 'code'.",
    ("../x", *LIKE): "NAME must be a Python name that is not reserved, got '../x'.",
    ("rändom", *LIKE): "NAME must be a Python name that is not reserved, got 'rändom'.",
    ("", *LIKE): "NAME must be a Python name that is not reserved, got ''.",
    ("boost", *LIKE): "NAME must be new, got 'boost': models/boost exists.",
    ("x", "--like", "rigde"): "--like must name a folder of models/, got 'rigde'.",
    ("x",): "--like must name a folder of models/, got 'decision_tree'.",
    ("x", *LIKE, "--title", "A b"): "--title must be 1 to 40 letters and digits, got 'A b'.",
    ("x", *LIKE, "--title", ""): "--title must be 1 to 40 letters and digits, got ''.",
    ("x", *LIKE, "--title", "Boost"): "--title must be new, got 'Boost': it is that of "
    "models/boost.",
    ("_", *LIKE): "The title made from NAME must be 1 to 40 letters and digits, got ''.",
    ("x" * 41, *LIKE): "The title made from NAME must be 1 to 40 letters and digits, got "
    f"'X{'x' * 40}'.",
    ("b_oost", "--like", "ridge", "--title", "Ridge"): "--title must be new, got 'Ridge': it is "
    "that of models/ridge.",
}


@pytest.mark.parametrize(("arguments", "rule"), WRONG.items(), ids=map(str, WRONG))
def test_a_wrong_name_or_title_adds_nothing(pipeline, example, arguments, rule):
    before = content_of(example.root)
    found, remedy = pipeline("model", "add", *arguments).mistake
    assert found == rule
    assert remedy
    assert content_of(example.root) == before


def test_where_the_settings_break_a_rule_nothing_is_added(pipeline, example):
    example.change("conf/pipeline.yaml", "split.folds", 1)
    before = content_of(example.root)
    rule, _ = pipeline("model", "add", "x", *LIKE).mistake
    assert rule.startswith("conf/pipeline.yaml: split.folds must be")
    assert content_of(example.root) == before


def test_a_title_is_taken_by_a_model_that_is_not_in_use_too(pipeline, example):
    example.change("conf/pipeline.yaml", "models", ["ridge"])
    rule, _ = pipeline("model", "add", "x", *LIKE, "--title", "Boost").mistake
    assert rule == "--title must be new, got 'Boost': it is that of models/boost."


def test_a_model_that_breaks_a_rule_is_not_copied(pipeline, example):
    example.change("conf/pipeline.yaml", "models", ["ridge"])
    example.change("models/boost/model.yaml", "tuning.strategy", "Guess")
    before = content_of(example.root)
    rule, _ = pipeline("model", "add", "x", "--like", "boost").mistake
    assert rule.startswith("models/boost/model.yaml: tuning.strategy must be")
    assert content_of(example.root) == before


def test_a_failure_on_the_way_leaves_nothing(pipeline, example, monkeypatch):
    before = set(example.root.rglob("*"))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    assert pipeline("model", "add", "x", *LIKE).mistake == [
        "models/x: cannot be written: Permission denied.",
        "Make models/ a folder that is yours.",
    ]
    assert set(example.root.rglob("*")) == before


def test_a_failed_check_is_told_with_file_and_line_and_ends_with_exit_code_2(pipeline, example):
    code = (example.root / "models/ridge/model.py").read_text().splitlines()
    line = next(number for number, text in enumerate(code, 1) if "numbers, goal" in text)
    ended = pipeline("model", "check", "ridge")
    assert ended.code == 2
    text = " ".join(ended.out.split())
    assert "models/ridge" in text
    assert f"{len(CHECKS) + 1} checks, 1 failed." in text
    assert "could not convert string" in text
    assert f"models/ridge/model.py:{line}" in text
    assert text.count("not run") == len(CHECKS) - 1
    assert ended.err == "The whole of an error: --verbose.\n\n"


def test_verbose_gives_the_whole_traceback(example, monkeypatch):
    monkeypatch.chdir(example.root)
    result = CliRunner().invoke(app, ["model", "check", "ridge", "--verbose"])
    assert result.exit_code == 2
    assert "Traceback (most recent call last)" in result.stderr
    assert "numbers, goal = features.to_numpy(float)" in result.stderr
    assert "Traceback" not in result.stdout


def test_without_a_name_every_model_in_use_is_checked_and_all_are_reported(pipeline, example):
    example.write("models/ridge/model.py", "fit = 1\n")
    example.write("models/boost/model.py", "fit = 2\n")
    ended = pipeline("model", "check")
    assert ended.code == 2
    assert ended.out.count("model.py has no function fit") == 2
    assert ended.out.index("models/boost") < ended.out.index("models/ridge")
    example.change("conf/pipeline.yaml", "models", ["ridge"])
    assert "models/boost" not in pipeline("model", "check").out


def test_a_model_that_is_not_in_use_is_not_known(pipeline):
    assert pipeline("model", "check", "rigde").mistake == [
        "NAME must be a model that the pipeline uses, got 'rigde'.",
        "Did you mean 'ridge'? There are boost, ridge.",
    ]


def test_the_new_file_is_what_yaml_reads(pipeline, example):
    assert pipeline("model", "add", "lasso", *LIKE).code == 0
    old, new = (
        yaml.safe_load((example.root / f"models/{name}/model.yaml").read_text())
        for name in ("ridge", "lasso")
    )
    assert new == old | {"title": "Lasso"}


def test_a_model_without_code_of_its_own_is_not_checked(pipeline, example):
    example.change("models/ridge/model.yaml", "steps", ["process"])
    example.write("models/ridge/process.py", "")
    (example.root / "models/ridge/model.py").unlink()
    assert pipeline("model", "check", "ridge").mistake == [
        "models/ridge/model.yaml: the model has no model.py to check.",
        "Name another one, or none for all.",
    ]
    assert "models/ridge" not in pipeline("model", "check").out


def test_the_list_has_the_models_in_use_and_the_others(pipeline, project_root):
    conf = project_root / "conf/pipeline.yaml"
    text = conf.read_text(encoding="utf-8")
    conf.write_text(f"{text}\nmodels: [xgboost]\n", encoding="utf-8")
    ended = pipeline("model", "list", folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    rows = [found.split() for found in ended.out.splitlines()]
    assert rows[1][:5] == ["xgboost", "yes", "XGBoost", "xgboost", "3.2-0"]
    assert rows[1][-1] == "models/xgboost" and "max_depth," in rows[1]
    assert rows[2] == ["decision_tree", "no", "models/decision_tree"]
    assert rows[3][:4] == ["Those", "not", "in", "use"]


def test_a_list_of_models_that_are_all_in_use_needs_no_remark(pipeline, example):
    ended = pipeline("model", "list")
    assert [found.split()[:2] for found in ended.out.splitlines()] == [
        ["model", "in"],
        *(
            [name, "yes"]
            for name in sorted(path.name for path in (example.root / "models").iterdir())
        ),
    ]
