"""The contract of `train`, whatever runs it."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error, r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

pytestmark = pytest.mark.slow
# The contract is tried on the model that the template ships.
decision_tree = pytest.importorskip("models.decision_tree.model")


@pytest.fixture
def data(tree, rows):
    """Write both channels, as Parquet or as CSV without header."""

    def write(kind: str, training: str = "training") -> None:
        for name, part in ((training, rows[:300]), ("validation", rows[300:])):
            folder = tree.add_channel(name)
            if kind == "parquet":
                part.to_parquet(folder / "part-0.parquet")
            else:  # two files, one without the usual ending: a channel is all its files
                part[:50].to_csv(folder / "part-0.csv", header=False, index=False)
                part[50:].to_csv(folder / "part-1", header=False, index=False)

    return write


def metrics_of(log: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(\w+:\w+)=([^;]+);", log)}


def wait_for(process, text: str) -> None:
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the log ended without {text!r}")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_it_fits_the_images_model_and_prints_its_metrics(launcher, tree, data, rows, kind):
    data(kind)
    tree.configure({"max_depth": "4.0", "min_samples_leaf": "3", "criterion": '"squared_error"'})
    ended = launcher.train()
    assert ended.returncode == 0, ended.stdout
    assert tree.failure == ""
    assert tree.saved == {"model.skops", "manifest.json"}
    assert tree.manifest["hyperparameters"]["max_depth"] == 4
    assert tree.manifest["training_rows"] == 300
    # The same from scikit-learn alone.
    reference = DecisionTreeRegressor(max_depth=4, min_samples_leaf=3, random_state=0)
    columns = ["rooms", "area"]
    reference.fit(rows[columns][:300], rows["price"][:300])
    expected = reference.predict(rows[columns][300:])
    found = metrics_of(ended.stdout)
    assert found["validation:r2"] == r2_score(rows["price"][300:], expected)
    assert found["validation:rmse"] == mean_squared_error(rows["price"][300:], expected) ** 0.5
    assert float(re.findall(r"^mse:(\S+)", ended.stdout, re.M)[0]) == found["validation:mse"]
    assert {"train:r2", "train:rmse", "train:mse"} <= set(found)
    loaded = decision_tree.load(tree.base / "model")
    features = rows[columns][300:].set_axis(tree.manifest["features"], axis="columns")
    assert np.array_equal(decision_tree.predict(loaded, features), expected)


def test_a_label_may_be_a_class(launcher, tree, rows):
    table = rows.assign(price=np.where(rows["price"] > 1.5, "dear", "cheap"))
    for name, part in (("training", table[:300]), ("validation", table[300:])):
        part.to_csv(tree.add_channel(name) / "part.csv", header=False, index=False)
    tree.configure({"job_task": "binary", "job_positive": "cheap", "max_depth": "3"})
    ended = launcher.train()
    assert (ended.returncode, tree.failure) == (0, ""), ended.stdout
    assert (tree.manifest["classes"], tree.manifest["positive"]) == (["dear", "cheap"], "cheap")
    # The same from scikit-learn alone.
    reference = DecisionTreeClassifier(max_depth=3, random_state=0)
    columns = ["rooms", "area"]
    reference.fit(table[columns][:300], table["price"][:300] == "cheap")
    expected, truth = reference.predict_proba(table[columns][300:]), table["price"][300:] == "cheap"
    found = metrics_of(ended.stdout)
    assert found["validation:roc_auc"] == roc_auc_score(truth, expected[:, 1])
    assert found["validation:log_loss"] == pytest.approx(log_loss(truth, expected[:, 1]))


def test_fast_file_mode_and_the_other_name_of_the_channel_will_do(launcher, tree, data):
    data("csv", training="train")
    for path in (tree.base / "input/data").rglob("part*"):
        path.chmod(0o444)
    tree.configure({}, train="FastFile", validation="FastFile")
    assert launcher.train().returncode == 0
    assert tree.manifest["features"] == ["feature_1", "feature_2"]


def test_a_bad_hyperparameter_is_named_without_a_traceback(launcher, tree, data):
    data("csv")
    tree.configure({"max_dept": "3"})
    ended = launcher.train()
    assert ended.returncode == 255
    assert "'max_dept'" in tree.failure
    assert len(tree.failure.splitlines()) == 2
    assert "Traceback" not in ended.stdout
    assert tree.saved == set()


def test_bad_data_is_named_with_file_and_row(launcher, tree):
    (tree.add_channel("training") / "part.csv").write_text("1,2\n2,x\n")
    tree.configure({})
    ended = launcher.train()
    assert ended.returncode == 255
    assert "part.csv" in tree.failure and "Row #2" in tree.failure
    assert "Traceback" not in ended.stdout


def test_script_mode_runs_the_program_that_came_with_the_job(launcher, tree):
    tree.add_script(
        "import json, os, sys\n"
        "from pathlib import Path\n"
        "import pandas\n"
        "seen = {'arguments': sys.argv[1:], 'folder': Path.cwd().name,"
        " 'channel': os.environ['SM_CHANNEL_CODE'][-15:], 'path': sys.path[0][-5:],"
        " 'hyperparameters': json.loads(os.environ['SM_HPS'])}\n"
        "folder = Path(os.environ['SM_MODEL_DIR'])\n"
        "(folder / 'seen.json').write_text(json.dumps(seen))\n"
        "print('cv:r2=0.5;')\n",
        {"max_depth": "4", "booster": '"gbtree"', "_tuning_objective_metric": "cv:r2"},
    )
    ended = launcher.train()
    assert (ended.returncode, tree.failure) == (0, "")
    assert "cv:r2=0.5;" in ended.stdout
    assert json.loads((tree.base / "model/seen.json").read_text()) == {
        "arguments": ["--booster", "gbtree", "--max_depth", "4"],
        "folder": "code",
        "channel": "input/data/code",
        "path": "/code",
        "hyperparameters": {"booster": "gbtree", "max_depth": 4},
    }


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("import sys; sys.exit(3)", 3, "exit code 3"),
        ("1 / 0", 1, "exit code 1"),
        ("import os; os.kill(os.getpid(), 9)", 137, "SIGKILL"),
        ("import os\nos.kill(os.getpid(), 11)", 139, "SIGSEGV"),
        (
            "import os, sys\nfrom pathlib import Path\n"
            "Path(os.environ['SM_OUTPUT_DIR'], 'failure').write_text('My own words.')\nsys.exit(2)",
            2,
            "My own words.",
        ),
    ],
)
def test_a_program_that_fails_leaves_its_exit_code_and_a_reason(
    launcher, tree, source, code, reason
):
    tree.add_script(source)
    assert launcher.train().returncode == code
    assert reason in tree.failure


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sagemaker_program": "other.py"}, ["sagemaker_program", "'other.py'"]),
        ({"sagemaker_program": "../x.py"}, ["sagemaker_program", "'../x.py'"]),
        ({"sagemaker_submit_directory": "s3://b/code.tar.gz"}, ["an input channel", "'s3://b"]),
        ({"sagemaker_submit_directory": "/opt/ml/input/data/code"}, ["an input channel"]),
    ],
)
def test_an_archive_or_program_that_is_not_there_is_named(launcher, tree, change, words):
    tree.add_script("print('ran')", change)
    ended = launcher.train()
    assert ended.returncode == 255
    assert [word for word in words if word not in tree.failure] == []
    assert "ran" not in ended.stdout and "Traceback" not in ended.stdout


def test_a_truncated_archive_is_refused(launcher, tree):
    tree.add_script("print('ran')")
    archive = tree.base / "input/data/code/sourcedir.tar.gz"
    archive.write_bytes(archive.read_bytes()[:60])
    assert launcher.train().returncode == 255
    assert "sourcedir.tar.gz cannot be unpacked" in tree.failure


def test_an_interruption_ends_program_and_children_and_leaves_nothing_half_written(launcher, tree):
    tree.add_script(
        "import os, subprocess, sys, time\n"
        "from pathlib import Path\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "folder = Path(os.environ['SM_MODEL_DIR'])\n"
        "(folder / 'deep').mkdir()\n"
        "(folder / 'deep/model.ubj').write_text('half a mod')\n"
        "print('writing', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = launcher.start("train")
    wait_for(process, "writing")
    launcher.terminate()
    # The children hold the log open: it ends when all of them have.
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert tree.saved == set()
    assert "SIGTERM" in tree.failure


def test_a_program_may_use_the_interruption_to_save(launcher, tree):
    tree.add_script(
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "def save(*_):\n"
        "    Path(os.environ['SM_MODEL_DIR'], 'checkpoint').write_text('whole')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = launcher.start("train")
    wait_for(process, "ready")
    launcher.terminate()
    process.communicate(timeout=60)
    assert (process.returncode, tree.saved, tree.failure) == (0, {"checkpoint"}, "")


def test_an_interruption_in_the_middle_of_a_fit_keeps_no_model(launcher, tree):
    table = np.random.default_rng(1).normal(size=(60_000, 20))
    folder = tree.add_channel("training")
    np.savetxt(folder / "big.csv", table, delimiter=",", fmt="%.6f")
    # A fit of ten seconds, after a start of one or two: it is under way whatever the machine.
    tree.configure({"max_features": "0.9", "criterion": '"absolute_error"'})
    process = launcher.start("train")
    time.sleep(3)
    assert process.poll() is None
    launcher.terminate()
    process.communicate(timeout=60)
    assert (process.returncode, tree.saved) == (143, set())
