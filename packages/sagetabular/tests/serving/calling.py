"""Fitted models, and a client of the application that needs no socket."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sagetabular.jobs.models.hyperparameters import TrainingSettings, load_model_code
from sagetabular.jobs.models.manifest import describe
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.answers import refuse
from sagetabular.serving.http.app import App
from sagetabular.serving.http.messages import Request

if TYPE_CHECKING:
    from pathlib import Path

    from sagetabular.serving.model import ServedModel
    from sagetabular.serving.settings import ServerSettings

NUMBERS = ["rooms", "área", "age"]
HYPERPARAMETERS = {
    "decision_tree": {"min_samples_leaf": 2},
    "xgboost": {"num_round": 12, "max_depth": 3},
}


@dataclass(frozen=True)
class Reply:
    """What the application sent."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def values(self) -> np.ndarray:
        """The predictions of a CSV answer."""
        assert self.status == 200, self
        return np.array([float(line) for line in self.text.splitlines()])


def make_table(rows: int = 400) -> tuple[pd.DataFrame, pd.Series]:
    """Numbers with gaps, and a category with gaps."""
    generator = np.random.default_rng(3)
    table = pd.DataFrame(generator.normal(size=(rows, 3)) * 100, columns=NUMBERS)
    table["town"] = generator.choice(["<1H OCEAN", "in,land", 'î"le'], rows).astype(object)
    target = table["rooms"] ** 2 + np.where(table["town"] == "in,land", 5000.0, 0.0)
    table.loc[::19, "age"] = np.nan
    table.loc[::23, "town"] = None
    return table, target


def fit_model(name: str, columns: list[str], folder: Path) -> Path:
    """Fit a model as the job does, and return where it lies."""
    table, target = make_table()
    code = load_model_code(name)
    settings = TrainingSettings(name, "price", 7, False, HYPERPARAMETERS[name])
    fitted = code.fit(table[columns], target, settings.hyperparameters, settings.seed)
    folder.mkdir(parents=True)
    code.save(fitted, folder)
    describe(table[columns], target, settings).write(folder)
    return folder


class Client:
    """Calls an application as a connection would.

    Args:
        settings: Its limits.
        model: What it predicts with; None while it is being loaded.
    """

    def __init__(self, settings: ServerSettings, model: ServedModel | None) -> None:
        self.app = App(settings, model)
        self.limit = settings.payload_limit

    def request(self, method, path, body=b"", **headers) -> Reply:
        """Send a request; header names are written with `_`."""
        request = Request(time.perf_counter(), method, path.encode(), path)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-").encode(), value.encode("latin-1"))
        try:
            request.add(body, self.limit)
        except RequestError as error:
            answer = refuse(error)
        else:
            while self.app.must_wait(request):
                time.sleep(0.01)
            answer = self.app.answer(request)
        received = {name.decode(): value.decode() for name, value in answer.headers}
        received["content-type"] = answer.content_type
        return Reply(answer.status, received, answer.body)

    def post(self, body, content_type="text/csv", **headers) -> Reply:
        """Ask for predictions."""
        payload = body.encode() if isinstance(body, str) else body
        return self.request("POST", "/invocations", payload, content_type=content_type, **headers)
