"""Network, keys, tags, cache and retries of an account, in an execution on this machine."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from planting import plant, run_project
from zoo import add_regressor

pytestmark = pytest.mark.slow

# What a job without isolation can see of this machine.
LOOK = """
import json, os
from sagetabular.jobs.runner import base_dir

seen = {"lake": "LAKE_URI" in os.environ}
(base_dir() / "processing/output/output/seen.json").write_text(json.dumps(seen))
"""
NETWORK = {"subnets": ["SUBNET_A", "subnet-0b"], "security_groups": ["GROUP"]}
KEYS = {"volume_key": "VOLUME_KEY", "output_key": "alias/outputs", "traffic": True}
FAULTS = ["Step.SERVICE_FAULT", "SageMaker.JOB_INTERNAL_ERROR"]


@pytest.fixture
def root(new_project, tmp_path):
    """A project of one model without a search, in an account with rules."""
    root = new_project(tmp_path / "p")
    for name in ("decision_tree", "xgboost"):
        shutil.rmtree(root / f"models/{name}")
    rows = pd.DataFrame(np.random.default_rng(5).normal(size=(120, 3)), columns=list("abc"))
    conf = {
        "split": {"folds": 3},
        "selection": {"by": "test", "minimum_r2": -1.0},
        "cache": {"expire_after": "P1D"},
        "retries": [{"exceptions": FAULTS, "expire_after_minutes": 5}],
    }
    plant(root, rows.assign(y=rows.sum(axis=1)), "y", **conf)
    look = {"inputs": {"rows": "data.preprocess.train"}, "entry_point": "look.py"}
    steps = {
        "look": {"class": "process", **look},
        "peek": {"class": "process", "isolated": True, **look},
        "fit": {},
        "evaluate": {},
    }
    content = {"steps": steps, "tuning": None, "hyperparameters": {"alpha": 0.1}}
    (add_regressor(root, "ridge", **content) / "look.py").write_text(LOOK)
    file = root / "conf/aws.yaml"
    rules = {
        "network": NETWORK,
        "encryption": KEYS,
        "isolation": {"process": False},
        "tags": {"team": "housing"},
    }
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | rules))
    return root


def test_an_account_with_rules_changes_no_run_but_for_isolation(root) -> None:
    run = run_project(root, SubnetId1="subnet-7")
    assert run.result.status == "Succeeded", run.record.failure_reason
    network = run.record.steps["FitRidge"].arguments["VpcConfig"]
    assert network == {"SecurityGroupIds": ["local"], "Subnets": ["subnet-7", "subnet-0b"]}
    seen = {
        step: json.loads((run.output(f"{step}Ridge", "output") / "seen.json").read_text())
        for step in ("Look", "Peek")
    }
    assert seen == {"Look": {"lake": True}, "Peek": {"lake": False}}
    (package,) = run.sagemaker.registry.packages()
    assert package["Tags"] == [{"Key": "team", "Value": "housing"}]
    again = run_project(root, SubnetId1="subnet-8")
    assert again.record.steps["FitRidge"].cached_from == run.record.id
