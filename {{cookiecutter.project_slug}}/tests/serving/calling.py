"""Fitted models, and a client of the application that needs no socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipelines.training.jobs.hyperparameters import TrainingSettings, load_model_code
from pipelines.training.jobs.manifest import describe

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.serving.app import App

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
    describe(table[columns], settings).write(folder)
    return folder


class Client:
    """Calls an application as a server would."""

    def __init__(self, app: App) -> None:
        self.app = app

    def request(self, method, path, body=b"", *, chunks=None, **headers) -> Reply:
        """Send a request; header names are written with `_`."""
        pieces = [body] if chunks is None else chunks
        incoming = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
            for number, piece in enumerate(pieces, start=1)
        ]
        sent = []

        async def receive():
            return incoming.pop(0)

        async def send(message):
            sent.append(message)

        raw = [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        scope = {"type": "http", "method": method, "path": path, "headers": raw}
        asyncio.run(self.app(scope, receive, send))
        start, end = sent
        received = {name.decode(): value.decode() for name, value in start["headers"]}
        assert int(received["content-length"]) == len(end["body"])
        return Reply(start["status"], received, end["body"])

    def post(self, body, content_type="text/csv", **headers) -> Reply:
        """Ask for predictions."""
        payload = body.encode() if isinstance(body, str) else body
        return self.request("POST", "/invocations", payload, content_type=content_type, **headers)
