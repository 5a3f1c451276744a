"""The contract of `serve`, on a model that `train` has just fitted."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

pytestmark = pytest.mark.slow
# The contract is tried on the model that the template ships.
decision_tree = pytest.importorskip("models.decision_tree.model")


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def server(launcher, port):
    """Start the server, and wait until `/ping` gives the status."""

    def start(status: int):
        process = launcher.start("serve", SAGEMAKER_BIND_TO_PORT=str(port))
        deadline = time.monotonic() + 60
        while launcher.ask(port, "/ping")[0] != status:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline, launcher.ask(port, "/ping")
            time.sleep(0.2)
        return process

    return start


def test_it_answers_with_what_the_model_predicts_and_ends_on_sigterm(
    launcher, tree, rows, port, server
):
    rows[:300].to_csv(tree.add_channel("training") / "part.csv", header=False, index=False)
    tree.configure({"min_samples_leaf": "3"})
    assert launcher.train().returncode == 0
    features = rows.drop(columns="price").set_axis(tree.manifest["features"], axis="columns")
    expected = decision_tree.predict(decision_tree.load(tree.base / "model"), features)
    process = server(200)
    body = features.to_csv(header=False, index=False)
    status, text = launcher.ask(port, "/invocations", body, **{"Content-Type": "text/csv"})
    assert status == 200, text
    assert np.array_equal(np.array(text.split(), dtype=float), expected)
    status, text = launcher.ask(port, "/invocations", "1,x\n", **{"Content-Type": "text/csv"})
    assert (status, "Traceback" in text) == (400, False)
    launcher.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_it_answers_with_classes_and_with_their_probabilities_if_asked(
    launcher, tree, rows, port, server
):
    dear = np.where(rows["price"] > 1.5, "dear", "cheap")
    known = rows.assign(price=dear)[:300]
    known.to_csv(tree.add_channel("training") / "part.csv", header=False, index=False)
    tree.configure({"job_task": "binary", "max_depth": "3"})
    assert launcher.train().returncode == 0
    # The same from scikit-learn alone.
    reference = DecisionTreeClassifier(max_depth=3, random_state=0)
    reference.fit(known[["rooms", "area"]], known["price"])
    features = rows[["rooms", "area"]]
    server(200)
    body, kind = features.to_csv(header=False, index=False), {"Content-Type": "text/csv"}
    status, text = launcher.ask(port, "/invocations", body, **kind)
    assert (status, text.split()) == (200, [*reference.predict(features)])
    asked = {"X-Amzn-SageMaker-Custom-Attributes": "output=probabilities"}
    status, text = launcher.ask(port, "/invocations", body, **kind, **asked)
    found = np.array([line.split(",") for line in text.split()], dtype=float)
    assert status == 200
    assert np.array_equal(found, reference.predict_proba(features))


def test_without_a_model_ping_says_so(server):
    server(404)
