"""Two equal fits, each in a process of its own, leave the same bytes."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.tree import DecisionTreeRegressor

from sagelocal.storage.archives import pack
from sagetabular.jobs.models.reproducible import make_reproducible

# Fits a model on planted rows and saves it as a job does.
FIT = """
import sys
from pathlib import Path
import numpy as np, pandas as pd
from sagetabular.jobs.models.hyperparameters import TrainingSettings, load_model_code
from sagetabular.jobs.models.manifest import describe
from sagetabular.jobs.models.saving import save_model

name, folder, text = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "text"
junk = [object() for _ in range(int(sys.argv[4]))]  # other addresses for what follows
random = np.random.default_rng(5)
table = pd.DataFrame(random.normal(size=(300, 3)), columns=["a", "b", "c"])
table.loc[::9, "b"] = np.nan
target = table["a"] ** 2 + table["c"]
if text:
    table["town"] = random.choice(["x", "y", None], 300).astype(object)
own = {"decision_tree": {"min_samples_leaf": 3}, "xgboost": {"num_round": 5}}[name]
settings = TrainingSettings(name, "price", 7, False, own)
code = load_model_code(name)
save_model(code, code.fit(table, target, own, 7), describe(table, target, settings), folder)
"""


def fitted(tmp_path, name, number, text) -> str:
    """The hash of the artefact that a process of its own leaves."""
    folder = tmp_path / f"{number}"
    arguments = [name, str(folder), "text" if text else "numbers", str(1000 * number)]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    subprocess.run(
        [sys.executable, "-c", FIT, *arguments], env=os.environ | {"PYTHONPATH": path}, check=True
    )
    archive = tmp_path / f"{number}.tar.gz"
    pack(folder, archive)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


@pytest.mark.slow
@pytest.mark.parametrize("text", [False, True], ids=["numbers", "text"])
@pytest.mark.parametrize("name", ["decision_tree", "xgboost"])
def test_equal_fits_give_equal_archives(tmp_path, name, text) -> None:
    assert len({fitted(tmp_path, name, number, text) for number in (1, 2)}) == 1


def test_a_file_of_skops_stays_the_model_that_it_was(tmp_path) -> None:
    shared = np.arange(6.0).reshape(2, 3)
    rows = np.random.default_rng(1).normal(size=(50, 2))
    tree = DecisionTreeRegressor(random_state=0).fit(rows, rows[:, 0])
    model = {"tree": tree, "one": shared, "again": shared, "file": "7.npy", "__id__": [5, "x"]}
    file = tmp_path / "model.skops"
    skops.io.dump(model, file)
    make_reproducible(file)
    once = file.read_bytes()
    make_reproducible(file)
    assert file.read_bytes() == once
    loaded = skops.io.load(file, trusted=["sklearn.tree._tree.Tree"])
    np.testing.assert_array_equal(loaded["tree"].predict(rows), tree.predict(rows))
    assert loaded["one"] is loaded["again"], "what was one object is one"
    np.testing.assert_array_equal(loaded["one"], shared)
    assert (loaded["file"], loaded["__id__"]) == ("7.npy", [5, "x"])
    with zipfile.ZipFile(io.BytesIO(once)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(len(entry.filename) < 12 for entry in archive.infolist())


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_another_file_of_that_name_stays_as_it_is(tmp_path, content) -> None:
    file = tmp_path / "model.skops"
    if content is None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("weights.bin", b"x")
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    make_reproducible(file)
    assert file.read_bytes() == before
