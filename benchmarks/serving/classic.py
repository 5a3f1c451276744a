"""The stack that containers for SageMaker have had for years: Flask, pandas and scikit-learn.

Behind gunicorn and nginx, one request at a time: parse with pandas, predict, format with pandas.
It checks nothing. It gets the fitted tree itself, without an encoder before it.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import flask
import pandas as pd

from sagetabular.jobs.models.hyperparameters import load_model_code

app = flask.Flask(__name__)
tree = load_model_code("decision_tree").load(Path(os.environ["MODEL_FOLDER"]))[-1]


@app.get("/ping")
def ping() -> flask.Response:
    """Say that the model is there."""
    return flask.Response("\n", mimetype="application/json")


@app.post("/invocations")
def invocations() -> flask.Response:
    """Predict for rows without a header."""
    if flask.request.content_type != "text/csv":
        return flask.Response("This predictor only supports CSV data", 415, mimetype="text/plain")
    rows = pd.read_csv(io.StringIO(flask.request.data.decode("utf-8")), header=None)
    answer = io.StringIO()
    pd.DataFrame({"results": tree.predict(rows.to_numpy())}).to_csv(
        answer, header=False, index=False
    )
    return flask.Response(answer.getvalue(), mimetype="text/csv")
