"""Projects to break: a copy of this one, and a small one whose every file the tests know."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from sagetabular.compiling.compilation import compile_pipeline
from sagetabular.settings import load_project

# The template: what a generated project holds before its questions are answered.
TEMPLATE = Path(__file__).parents[3] / "{{cookiecutter.project_slug}}"
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
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        _copy("pipelines", root)
        _copy("container", root)
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


def _copy(folder: str, root: Path) -> None:
    """Copy a folder of the template."""
    junk = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TEMPLATE / folder, root / folder, ignore=junk)


def copy_project(root: Path) -> Path:
    """Copy what a compilation reads, and answer the template's questions."""
    for name in ("conf", "container", "models", "pipelines", "queries"):
        _copy(name, root)
    answers = {
        "conf/pipeline.yaml": ("name", "test-project"),
        "conf/aws.yaml": ("region", "eu-west-1"),
    }
    for file, (key, answer) in answers.items():
        text = (root / file).read_text(encoding="utf-8")
        unanswered = rf'(?m)^{key}: "\W+cookiecutter\W\w+\W+"$'
        (root / file).write_text(re.sub(unanswered, f"{key}: {answer}", text), encoding="utf-8")
    return root
