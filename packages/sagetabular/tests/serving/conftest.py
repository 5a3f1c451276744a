"""Fitted models, clients of them, and a connection."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import HYPERPARAMETERS, NUMBERS, Client, fit_model
from class_models import ODD, TWO, fit_classes, lay_out_code
from lines import ROW, Line

from sagetabular.serving.http.app import App
from sagetabular.serving.model import load_model
from sagetabular.serving.settings import ServerSettings

TOWN = [*NUMBERS[:2], "town", "age"]


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory):
    """Folders of fitted models, by name; those with `_and_town` have a category too."""
    root = tmp_path_factory.mktemp("models")
    wanted = {
        f"{name}{suffix}": (name, columns)
        for name in HYPERPARAMETERS
        for suffix, columns in (("", NUMBERS), ("_and_town", TOWN))
    }
    return {key: fit_model(*value, root / key) for key, value in wanted.items()}


@pytest.fixture(scope="session")
def new_client():
    """Makes a client of an application with a model, and with limits of one's own."""

    def make(model, **limits) -> Client:
        return Client(ServerSettings(Path("unused"), **limits), model)

    return make


@pytest.fixture(scope="session")
def clients(model_folders, new_client):
    """A client of each model."""
    return {name: new_client(load_model(folder)) for name, folder in model_folders.items()}


@pytest.fixture(scope="session")
def class_folders(tmp_path_factory):
    """Folders of fitted models of classes, by name."""
    root = tmp_path_factory.mktemp("classes")
    lay_out_code(root)
    return {
        "two": fit_classes(root / "two", TWO),
        "odd": fit_classes(root / "odd", ODD),
        "two_and_town": fit_classes(root / "two_and_town", TWO, TOWN),
        **{
            f"{name}_{key}": fit_classes(root / f"{name}_{key}", classes, columns, name)
            for name in HYPERPARAMETERS
            for key, classes, columns in (("odd", ODD, NUMBERS), ("two_and_town", TWO, TOWN))
        },
    }


@pytest.fixture(scope="session")
def class_clients(class_folders, new_client):
    """A client of each model of classes."""
    return {name: new_client(load_model(folder)) for name, folder in class_folders.items()}


@pytest.fixture
def client(clients) -> Client:
    """A client of a model whose columns are all numbers."""
    return clients["decision_tree"]


@pytest.fixture
def town_client(clients) -> Client:
    """A client of a model with a category."""
    return clients["decision_tree_and_town"]


@pytest.fixture
def line(clients) -> Line:
    """A connection to an application with a model."""
    return Line(App(ServerSettings("unused"), clients["decision_tree"].app.model))


@pytest.fixture
def expected(client) -> bytes:
    """The answer to `ROW`."""
    return client.post(ROW).body
