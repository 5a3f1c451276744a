from __future__ import annotations

from datetime import datetime

import pytest

PIPELINE, AWS = "conf/pipeline.yaml", "conf/aws.yaml"

# What is wrong: file, field, value, rule, remedy (None: that the field is to be corrected).
FAULTS = {
    "an unknown key at the top": (
        PIPELINE, "resorces", {},
        "resorces is not a known setting.", "Did you mean 'resources'?",
    ),
    "an unknown key inside": (
        PIPELINE, "split.fold", 3,
        "split.fold is not a known setting.", "Did you mean 'folds'?",
    ),
    "an unknown key far inside": (
        PIPELINE, "data.columns.garden.optionl", True,
        "data.columns.garden.optionl is not a known setting.", "Did you mean 'optional'?",
    ),
    "an unknown key that resembles nothing": (
        PIPELINE, "split.xyz", 3, "split.xyz is not a known setting.", "Remove it.",
    ),
    "an unknown key on two lines": (
        PIPELINE, "split.a\nb", 3, "split.'a\\nb' is not a known setting.", "Remove it.",
    ),
    "text for a whole number": (
        PIPELINE, "tuning", {"trials": "20"},
        "tuning.trials must be a valid integer, got '20'.", None,
    ),
    "a fraction for a whole number": (
        PIPELINE, "tuning", {"parallel": 1.5},
        "tuning.parallel must be a valid integer, got 1.5.", None,
    ),
    "a switch for a choice": (
        PIPELINE, "tuning", {"early_stopping": True},
        "tuning.early_stopping must be 'off' or 'auto', got True.",
        "Correct tuning.early_stopping in conf/pipeline.yaml.",
    ),
    "a truth value for a whole number": (
        PIPELINE, "split.seed", True, "split.seed must be a valid integer, got True.", None,
    ),
    "a number for text": (
        PIPELINE, "data.database", 7, "data.database must be a valid string, got 7.", None,
    ),
    "text for a list": (
        PIPELINE, "data.drop", "area", "data.drop must be a valid list, got 'area'.", None,
    ),
    "a list for a mapping": (
        PIPELINE, "split", [1], "split must be a mapping, got [1].", None,
    ),
    "nothing for a mapping": (
        PIPELINE, "split", None, "split must be a mapping, got None.", None,
    ),
    "infinity for a number": (
        PIPELINE, "selection", {"minimum_r2": float("nan")},
        "selection.minimum_r2 must be a finite number, got nan.", None,
    ),
    "a gate that no model can pass": (
        PIPELINE, "selection", {"minimum_r2": 1.5},
        "selection.minimum_r2 must be less than or equal to 1, got 1.5.", None,
    ),
    "a value that is long": (
        PIPELINE, "split.kind", "x" * 500,
        f"split.kind must be 'random', 'stratified', 'grouped' or 'time', got '{'x' * 96}....",
        None,
    ),
    "one fold": (
        PIPELINE, "split.folds", 1,
        "split.folds must be 2 or more, or 0 for one validation split, got 1.",
        "Set it to 5, or drop it for the default.",
    ),
    "too many folds": (
        PIPELINE, "split.folds", 51,
        "split.folds must be less than or equal to 50, got 51.", None,
    ),
    "no test rows": (PIPELINE, "split.test", 0, "split.test must be greater than 0, got 0.", None),
    "nothing but test rows": (
        PIPELINE, "split.test", 1, "split.test must be less than 1, got 1.", None,
    ),
    "an unknown kind of split": (
        PIPELINE, "split.kind", "shuffled",
        "split.kind must be 'random', 'stratified', 'grouped' or 'time', got 'shuffled'.", None,
    ),
    "groups without a column": (
        PIPELINE, "split", {"kind": "grouped"},
        "split needs the field `by` for kind 'grouped'.",
        "Add `by: <column>`: the group, or the time to order by.",
    ),
    "order in time without a column": (
        PIPELINE, "split", {"kind": "time"},
        "split needs the field `by` for kind 'time'.",
        "Add `by: <column>`: the group, or the time to order by.",
    ),
    "a column that the kind of split has no use for": (
        PIPELINE, "split", {"kind": "stratified", "by": "district"},
        "split takes no `by` for kind 'stratified', got 'district'.",
        "Remove it, or choose kind grouped or time.",
    ),
    "a column to split by that may be missing": (
        PIPELINE, "split", {"kind": "grouped", "by": "garden"},
        "must not declare the column that split.by names as optional, got 'garden'.",
        "Write `garden: number` under data.columns.",
    ),
    "a category as a time": (
        PIPELINE, "split", {"kind": "time", "by": "district"},
        "must order rows by a time or a number: split.by has the category 'district'.",
        "Write `district: time` under data.columns",
    ),
    "rows that repeat are neither kept nor removed": (
        PIPELINE, "data.duplicates", "drop",
        "data.duplicates must be 'keep' or 'remove', got 'drop'.", None,
    ),
    "a column to split by that is not declared": (
        PIPELINE, "split", {"kind": "grouped", "by": "street"},
        "must declare the column that split.by names, got 'street'.",
        "Declared are rooms, area, district, sold, garden, price.",
    ),
    "a target that is not declared": (
        PIPELINE, "data.target", "prize",
        "data must name columns that data.columns declares: target has 'prize'.",
        "Declared are rooms, area, district, sold, garden, price.",
    ),
    "a target that is dropped": (
        PIPELINE, "data.drop", ["area", "price"],
        "data must not drop the target 'price'.", "Take it out of data.drop.",
    ),
    "a target that is optional": (
        PIPELINE, "data.columns.price", {"type": "number", "optional": True},
        "data must declare the target 'price' as a number that is not optional.",
        "Write `price: number` under data.columns.",
    ),
    "a target that is a category": (
        PIPELINE, "data.target", "district",
        "data must declare the target 'district' as a number that is not optional.",
        "Write `district: number` under data.columns, or set `task: binary`",
    ),
    "a dropped column that is not declared": (
        PIPELINE, "data.drop", ["are"],
        "data must name columns that data.columns declares: drop has 'are'.",
        "Declared are rooms, area, district, sold, garden, price.",
    ),
    "an unknown type of column": (
        PIPELINE, "data.columns.rooms", "numbr",
        "data.columns.rooms.type must be 'number', 'category' or 'time', got 'numbr'.", None,
    ),
    "a column that is kept for the pipeline": (
        PIPELINE, "data.columns._fold", "number", "data must not declare the column '_fold'.",
        "Use a name on one line; a first `_` is kept for the pipeline.",
    ),
    "a column's name on two lines": (
        PIPELINE, "data.columns.a\nb", "number", "data must not declare the column 'a\\nb'.",
        "Use a name on one line; a first `_` is kept for the pipeline.",
    ),
    "a column's name that is not in lower case": (
        PIPELINE, "data.columns.Garden", "number",
        "data must declare columns in lower case, got 'Garden'.",
        "Write 'garden': Ingest gives all names so, as Athena does.",
    ),
    "a table's name with a quote": (
        PIPELINE, "data.table", 'x"; DROP',
        "data.table must match pattern '^[A-Za-z_][A-Za-z0-9_]*$', got 'x\"; DROP'.", None,
    ),
    "a setting of another source": (
        PIPELINE, "data.uri", "s3://bucket/sales",
        "data takes no `uri` for source 'athena', got 's3://bucket/sales'.",
        "Take it out, or set `source: s3`.",
    ),
    "a source without its settings": (
        PIPELINE, "data", {"table": "t", "target": "y", "columns": {"x": "number", "y": "number"}},
        "data needs the field `database` for source 'athena'.", "Add it.",
    ),
    "settings of Athena for files": (
        PIPELINE, "data.source", "s3",
        "data takes no `database` for source 's3', got 'estate'.",
        "Take it out, or set `source: athena`.",
    ),
    "an unknown source": (
        PIPELINE, "data.source", "redshift",
        "data.source must be 'athena', 'data_wrangler' or 's3', got 'redshift'.", None,
    ),
    "a folder in place of a prefix": (
        PIPELINE, "data.uri", "data/houses",
        "data.uri must be s3://<bucket>/<prefix>, got 'data/houses'.",
        "On this machine, a folder can be given with --set DataUri=FOLDER.",
    ),
    "a whole bucket as the prefix": (
        PIPELINE, "data.uri", "s3://bucket/",
        "data.uri must be s3://<bucket>/<prefix>, got 's3://bucket/'.",
        "On this machine, a folder can be given with --set DataUri=FOLDER.",
    ),
    "a parameter that the query does not use": (
        PIPELINE, "data.parameters", {"since": "2026"},
        "data.parameters.since is not used in queries/ingest.sql.",
        "Write :since in the query, or take it out.",
    ),
    "a list as a parameter": (
        PIPELINE, "data.parameters", {"since": [1]},
        "data.parameters.since must be text, a number, true, false or a date, got [1].",
        "Write it as text in quotes, and CAST it in the query.",
    ),
    "a time as a parameter": (
        PIPELINE, "data.parameters", {"since": datetime(2026, 1, 2, 3)},
        "data.parameters.since must be text, a number, true, false or a date, got "
        "datetime.datetime(2026, 1, 2, 3, 0).",
        "Write it as text in quotes, and CAST it in the query.",
    ),
    "a fraction that no exact number holds": (
        PIPELINE, "data.parameters", {"rate": 1e-40},
        "data.parameters.rate must have at most 38 digits, got 1E-40.",
        "Write it as text, and CAST it in the query.",
    ),
    "a parameter with a name that is none": (
        PIPELINE, "data.parameters", {"a-b": 1},
        "data.parameters.a-b must match pattern '^[A-Za-z_][A-Za-z0-9_]*$', got 'a-b'.", None,
    ),
    "a query that is not there": (
        PIPELINE, "data.query", "queries/other.sql",
        "data.query must name a file, got 'queries/other.sql'.",
        "Write the query there, or drop the key for queries/ingest.sql.",
    ),
    "no trial": (
        PIPELINE, "tuning", {"trials": 0},
        "tuning.trials must be greater than or equal to 1, got 0.", None,
    ),
    "an unknown rule of selection": (
        PIPELINE, "selection", {"by": "train"},
        "selection.by must be 'cv' or 'test', got 'train'.", None,
    ),
    "an unknown approval": (
        PIPELINE, "registration", {"approval": "approved"},
        "registration.approval must be 'PendingManualApproval', 'Approved' or 'Rejected', "
        "got 'approved'.", None,
    ),
    "an instance that is none": (
        PIPELINE, "resources.training.instance_type", "m5.xlarge",
        "resources.training.instance_type must match pattern '^ml\\.[a-z0-9-]+\\.[a-z0-9]+$', "
        "got 'm5.xlarge'.", None,
    ),
    "a project's name that SageMaker refuses": (
        PIPELINE, "name", "Test_Project",
        "name must match pattern '^[a-z0-9](-*[a-z0-9])*$', got 'Test_Project'.", None,
    ),
    "a model that is not there": (
        PIPELINE, "models", ["rigde"], "models.0 must name a folder of models/, got 'rigde'.",
        "Did you mean 'ridge'? There are boost, ridge.",
    ),
    "a model that resembles none": (
        PIPELINE, "models", ["ridge", "xyz"],
        "models.1 must name a folder of models/, got 'xyz'.", "There are boost, ridge.",
    ),
    "a model listed twice": (
        PIPELINE, "models", ["ridge", "boost", "ridge"],
        "models.2 names 'ridge' a second time.", "Remove it.",
    ),
    "an empty list of models": (
        PIPELINE, "models", [], "models must have at least 1 item after validation, not 0, got [].",
        None,
    ),
    "a region that is none": (
        AWS, "region", "Ireland",
        "region must match pattern '^[a-z]{2}(-[a-z]+)+-\\d$', got 'Ireland'.", None,
    ),
    "an unknown value of the account": (
        AWS, "environment", {"Rolearn": "ROLE"},
        "environment.Rolearn must be 'RoleArn', 'Bucket', 'ImageUri', 'JobsImageUri', "
        "'TrackingUri' or 'DataUri', got 'Rolearn'.", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_wrong_field_is_named_with_its_value_and_a_remedy(example, mistake_of, fault):
    file, field, value, rule, remedy = fault
    example.load()
    example.change(file, field, value)
    found_rule, found_remedy = mistake_of(example)
    assert found_rule == f"{file}: {rule}"
    assert found_remedy.startswith(remedy or f"Correct {rule.split()[0]} in {file}.")
