"""What a command refuses before anything is started or written."""

from __future__ import annotations

import pytest


def made(example):
    """What lies below `.pipeline` beside the lake."""
    return {path.name for path in (example.root / ".pipeline").glob("*")} - {"lake"}


@pytest.mark.parametrize("command", [["compile"], ["run"], ["registry", "list"]])
def test_a_wrong_field_is_named_by_whatever_command_reads_it(pipeline, example, command):
    example.change("conf/pipeline.yaml", "split.folds", 1)
    assert pipeline(*command).mistake == [
        "conf/pipeline.yaml: split.folds must be 2 or more, or 0 for one validation split, got 1.",
        "Set it to 5, or drop it for the default.",
    ]
    assert not made(example)


def test_run_without_data_says_how_to_get_some(pipeline, example):
    assert pipeline("run").mistake == [
        "conf/pipeline.yaml: data.table: the local lake has no table estate.sales.",
        "Begin with your own: `pipeline init FILE --target COLUMN`. Fill it: "
        "`pipeline data sample`, `data add FILE` or `data fetch`.",
    ]
    assert not made(example)


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("setting", "rule", "remedy"),
    [
        ("Fold=3", "There is no parameter Fold.", "Did you mean Folds?"),
        ("xyz=3", "There is no parameter xyz.", "Known are: Bucket, Commit, "),
        ("Folds=three", "Parameter Folds must be of type Integer, got 'three'.", "Give it a whole"),
        ("Folds=3.5", "Parameter Folds must be of type Integer, got '3.5'.", "Give it a whole"),
        ("MinimumR2=x", "Parameter MinimumR2 must be of type Float, got 'x'.", "Give it a finite"),
        ("MinimumR2=nan", "Parameter MinimumR2 must be of type Float, got 'nan'.", "Give it a fin"),
        ("MaxTrainingJobs=0", "Parameter MaxTrainingJobs must be at least 1, got 0", "Give it"),
        ("MaxParallelTrainingJobs=-1", "Parameter MaxParallelTrainingJobs must be at", "Give"),
        ("Seed=-5", "Parameter Seed must be at least 0, got -5", "Give it another value"),
        ("TrainingInstanceType=ml.x", "Parameter TrainingInstanceType must be a value", "Give"),
        (
            "ModelApprovalStatus=approved",
            "Parameter ModelApprovalStatus must be one of PendingManualApproval, Approved, Reject",
            "Did you mean Approved?",
        ),
        ("Table=sale", "conf/pipeline.yaml: data.table: the local lake has no table estate.sale.",
         "Begin with your own: `pipeline init FILE"),
        ("Folds", "--set must be NAME=VALUE, got 'Folds'.", "Write, for example, --set MaxTrain"),
        ("=3", "--set must be NAME=VALUE, got '=3'.", "Write, for example, --set MaxTrain"),
    ],
)  # fmt: skip
def test_a_wrong_setting_starts_nothing(pipeline, example, setting, rule, remedy):
    found_rule, found_remedy = pipeline("run", "--set", setting).mistake
    assert found_rule.startswith(rule)
    assert found_remedy.startswith(remedy)
    assert "executions" not in made(example)


def test_a_setting_made_twice_is_refused(pipeline):
    assert pipeline("run", "--set", "Folds=3", "--set", "Folds=4").mistake == [
        "--set names Folds twice, with '3' and '4'.",
        "Keep one of them.",
    ]
