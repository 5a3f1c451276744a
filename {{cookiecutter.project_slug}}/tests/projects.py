"""Projects to break: a copy of this one, and a small one whose every file the tests know."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

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


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """File → when it was last written, in nanoseconds, and its size in bytes."""
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
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
