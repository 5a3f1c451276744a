"""Projects to break: a copy of this one, and a small one whose every file the tests know."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.cli import main
from pipelines.training.compilation import compile_pipeline
from pipelines.training.settings import load_project

ROOT = Path(__file__).parents[1]

PIPELINE = {
    "name": "test-project",
    "data": {
        "database": "estate",
        "table": "sales",
        "target": "price",
        "columns": {
            "rooms": "number",
            "area": "number",
            "district": "category",
            "sold": "time",
            "garden": {"type": "number", "optional": True},
            "price": "number",
        },
        "drop": ["area"],
    },
    "split": {"kind": "random", "folds": 3},
    "resources": {"processing": {"volume_gb": 30}, "training": {"max_minutes": 60}},
}
AWS = {
    "region": "eu-west-1",
    "environment": {"RoleArn": "ROLE", "Bucket": "BUCKET", "ImageUri": "IMAGE"},
}
MODELS = {
    "ridge": {
        "title": "Ridge",
        "image": "project",
        "hyperparameters": {"centred": True},
        "tuning": {
            "ranges": {
                "strength": {"type": "continuous", "min": 0.01, "max": 10, "scaling": "Logarithmic"}
            }
        },
    },
    "boost": {
        "title": "Boost",
        "image": {"framework": "xgboost", "version": "3.2-0"},
        "tuning": {
            "strategy": "Random",
            "ranges": {
                "depth": {"type": "integer", "min": 2, "max": 8},
                "booster": {"type": "categorical", "values": ["gbtree", "dart"]},
            },
        },
    },
}
# Ridge regression, in the four functions that a model consists of.
MODEL_CODE = """
import json
import numpy as np

def fit(features, target, hyperparameters, seed):
    numbers, goal = features.to_numpy(float), target.to_numpy(float)
    penalty = hyperparameters["strength"] * np.eye(numbers.shape[1])
    return np.linalg.solve(numbers.T @ numbers + penalty, numbers.T @ goal)

def predict(model, features):
    return features.to_numpy(float) @ model

def save(model, folder):
    (folder / "model.json").write_text(json.dumps(model.tolist()), encoding="utf-8")

def load(folder):
    return np.array(json.loads((folder / "model.json").read_text(encoding="utf-8")))
"""


class Example:
    """A small project with the real jobs, so that its tests hold whatever `conf/` becomes.

    Args:
        root: Its folder, which is made.
        code: What its `pipelines/` is linked to.
    """

    def __init__(self, root: Path, code: Path) -> None:
        self.root = root
        _link_code(code, root)
        self.write("conf/pipeline.yaml", PIPELINE)
        self.write("conf/aws.yaml", AWS)
        self.write("queries/ingest.sql", "SELECT * FROM ${table}\n")
        for name, content in MODELS.items():
            self.write(f"models/{name}/model.yaml", content)
            self.write(f"models/{name}/model.py", MODEL_CODE)

    def write(self, file: str, content: object) -> None:
        """Write text as it is and anything else as YAML, to a file that no other project has."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")

    def append(self, file: str, text: str) -> None:
        """Add text to the end of a file."""
        self.write(file, (self.root / file).read_text(encoding="utf-8") + text)

    def change(self, file: str, field: str, value: object = None, *, remove: bool = False) -> None:
        """Set or remove a field (`split.folds`) of a YAML file."""
        document = yaml.safe_load((self.root / file).read_text(encoding="utf-8"))
        *parents, last = field.split(".")
        place = document
        for parent in parents:
            place = place[parent]
        if remove:
            del place[last]
        else:
            place[last] = value
        self.write(file, document)

    def load(self):
        """Load its settings."""
        return load_project(self.root)

    def compile(self):
        """Compile it in this process."""
        return compile_pipeline(self.load())

    def definition(self) -> dict[str, Any]:
        """Compile it and return the definition's document."""
        return json.loads(self.compile().definition)


def _link_code(code: Path, root: Path) -> None:
    shutil.copytree(code, root / "pipelines", copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # not every file system has links
        shutil.copyfile(source, target)


def _stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """File → when it was last written, in nanoseconds, and its size in bytes."""
    found = {path: path.stat() for path in folder.rglob("*.py")}
    return {path: (state.st_mtime_ns, state.st_size) for path, state in found.items()}


def copy_project(root: Path, code: Path) -> Path:
    """Copy what a compilation reads, and answer the template's questions where nobody has yet."""
    _link_code(code, root)
    for name in ("conf", "models", "queries"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    answers = {
        "conf/pipeline.yaml": ("name", "test-project"),
        "conf/aws.yaml": ("region", "eu-west-1"),
    }
    for file, (key, answer) in answers.items():
        text = (root / file).read_text(encoding="utf-8")
        unanswered = rf'(?m)^{key}: "\W+cookiecutter\W\w+\W+"$'
        (root / file).write_text(re.sub(unanswered, f"{key}: {answer}", text), encoding="utf-8")
    return root


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def mistake(self) -> list[str]:
        """The rule and the remedy that a mistake of the user is answered with, and nothing else."""
        assert self.code == 2, self
        assert self.out == "", self
        lines = [line for line in self.err.splitlines() if not line.startswith("Running on this ")]
        assert len(lines) == 2, self
        return lines


@pytest.fixture(scope="session", autouse=True)
def heard_signals():
    """Hear Ctrl-C and hang-ups: what a shell or nohup runs in the background is deaf to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def code(tmp_path_factory):
    """A copy of `pipelines/` that all projects share by links: to copy it takes most of a test."""
    shared = tmp_path_factory.mktemp("code") / "pipelines"
    shutil.copytree(ROOT / "pipelines", shared, ignore=shutil.ignore_patterns("__pycache__"))
    before = _stamps(shared)
    yield shared
    assert _stamps(shared) == before, "a test wrote to the code of all: Example.write does not"


@pytest.fixture(scope="session")
def new_project(code):
    """Copies this project into a folder, for fixtures that outlive a test."""
    return partial(copy_project, code=code)


@pytest.fixture
def project_root(tmp_path, new_project):
    """A copy of this project that the test may change, but for its code."""
    return new_project(tmp_path / "project")


@pytest.fixture(scope="session")
def new_example(code):
    """Makes the small project in a folder, for fixtures that outlive a test."""
    return partial(Example, code=code)


@pytest.fixture
def example(tmp_path, new_example):
    """A small project that the test may change."""
    return new_example(tmp_path / "example")


@pytest.fixture
def other_example(tmp_path, new_example):
    """The same small project in another folder."""
    return new_example(tmp_path / "somewhere else" / "exämple")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory, new_example):
    """The small project, compiled once."""
    return new_example(tmp_path_factory.mktemp("session") / "example").compile()


@pytest.fixture
def definition(compiled):
    """Its definition, for the test to change."""
    return json.loads(compiled.definition)


@pytest.fixture
def pipeline(monkeypatch, capsys, example):
    """Run the `pipeline` command in the small project, through `main`, which sets exit codes."""

    def run(*arguments, folder=example.root):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["pipeline", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Ended(exit_info.value.code or 0, printed.out, printed.err)

    return run
