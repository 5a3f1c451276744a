"""Parts of the checks: recognising pickles, and choosing hyperparameters."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib

import joblib
import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor
from sound_model import SETTINGS

from sagetabular.model_checks.hyperparameters import ends, middle
from sagetabular.model_checks.saving import holds_pickle
from sagetabular.settings import Model

OBJECT = DecisionTreeRegressor(max_depth=3)


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "nothing")
        archive.writestr("data", content)
    return file.getvalue()


def written(write, *arguments, **options) -> bytes:
    file = io.BytesIO()
    write(file, *arguments, **options)
    return file.getvalue()


def dumped(compress: object) -> bytes:
    file = io.BytesIO()
    joblib.dump(OBJECT, file, compress=compress)
    return file.getvalue()


PICKLES = {
    **{f"protocol {number}": pickle.dumps(OBJECT, number) for number in range(6)},
    "plain list": pickle.dumps([1.0, 2.0]),
    "joblib": dumped(0),
    "joblib zlib": dumped(3),
    "joblib gzip": dumped(("gzip", 3)),
    "bz2": bz2.compress(pickle.dumps(OBJECT)),
    "xz": lzma.compress(pickle.dumps(OBJECT)),
    "zip": zipped(pickle.dumps(OBJECT)),
    "gzip in zip": zipped(gzip.compress(pickle.dumps(OBJECT))),
    "npy of objects": written(np.save, np.array([OBJECT, None]), allow_pickle=True),
    "npz of objects": written(np.savez, np.array([OBJECT, None])),
}
HARMLESS = {
    "empty": b"",
    "number": b"0.5",
    "digits and a stop": b"12.",
    "JSON": json.dumps({"x": [1, 2.5, None, "cos\nsystem"]}).encode(),
    "text": b"some words.\nAnd more (of them)t.",
    "npy": written(np.save, np.arange(9.0)),
    "npz": written(np.savez, np.arange(9.0)),
    "damaged npy": b"\x93NUMPY\x01\x00",
    "zip": zipped(b"text"),
    "damaged zip": b"PK\x03\x04" + bytes(30),
    "zlib": zlib.compress(b"text"),
    "like zlib": b"xylophone",
    "like gzip": b"\x1f\x8b no",
    "UTF-16": "\x80".encode("utf-16"),
    "high byte": b"\x80\x80\x80",
}


@pytest.mark.parametrize("content", PICKLES.values(), ids=PICKLES)
def test_a_pickle_is_told_however_it_is_wrapped(content: bytes) -> None:
    assert holds_pickle(content)


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_data_is_no_pickle(content: bytes) -> None:
    assert not holds_pickle(content)


def test_hyperparameters_are_the_fixed_ones_and_the_middle_of_every_scale() -> None:
    ranges = {
        "whole": {"type": "integer", "min": 2, "max": 7},
        "share": {"type": "continuous", "min": 0.5, "max": 1.0},
        "log": {"type": "continuous", "min": 0.01, "max": 100.0, "scaling": "Logarithmic"},
        "leaves": {"type": "integer", "min": 10, "max": 1000, "scaling": "Logarithmic"},
        "kind": {"type": "categorical", "values": ["a", "b", True]},
    }
    model = Model.model_validate(
        SETTINGS | {"hyperparameters": {"rounds": 9}, "tuning": {"ranges": ranges}}
    )
    assert middle(model) == {
        "rounds": 9, "whole": 4, "share": 0.75, "log": pytest.approx(1), "leaves": 100, "kind": "a",
    }  # fmt: skip
    assert isinstance(middle(model)["leaves"], int)
    assert ends(model) == {
        "whole": (2, 7), "share": (0.5, 1.0), "log": (0.01, 100.0), "leaves": (10, 1000),
        "kind": ("a", "b", True),
    }  # fmt: skip
