"""A sound model of classes in a few lines, and faults for it, each with the checks that tell."""

from __future__ import annotations

from sound_model import fault

# Shares of the classes, of all rows and by the first category, drawn towards those of all.
CLASSIFIER = """
import json
import numpy as np

def fit(features, target, hyperparameters, seed, weights=None):
    strength = dict(hyperparameters)["strength"]
    if set(hyperparameters) - {"strength"}:
        raise ValueError(f"unknown hyperparameters: {sorted(hyperparameters)}")
    classes = [str(name) for name in target.cat.categories]
    weighed = np.ones(len(target)) if weights is None else weights.to_numpy()
    ones = np.array([[value == name for name in classes] for value in target], dtype=float)
    counted = ones * weighed[:, None]
    shares = counted.sum(axis=0) / weighed.sum()
    words = sorted(set(features) - set(features.select_dtypes("number")))[:1]
    tables = {}
    for name in words:
        keys = np.array([str(word) for word in features[name]])
        for key in sorted(set(keys)):
            own = counted[keys == key].sum(axis=0) + strength * shares
            tables[key] = (own / own.sum()).tolist()
    return {"words": words, "tables": tables, "shares": shares.tolist(), "classes": classes}

def prepare(features, target, weights=None):
    return features, target, weights

def fit_prepared(prepared, hyperparameters, seed):
    features, target, weights = prepared
    return fit(features, target, hyperparameters, seed, weights=weights)

def predict(model, features):
    found = [model["shares"]] * len(features)
    for name in model["words"]:
        found = [model["tables"].get(str(word), model["shares"]) for word in features[name]]
    found = np.array(found, dtype=float).reshape(len(features), -1)
    return found

def save(model, folder):
    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")

def load(folder):
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))
"""
FOUND = "    found = np.array(found, dtype=float).reshape(len(features), -1)\n"
CATEGORIES = "[str(name) for name in target.cat.categories]"
EVERY = "every row gets a probability for each class"
SHARES = "its own training rows are predicted no worse than by the shares of classes"
ORDER = "probabilities come in the order of the categories"
ABSENT = "a class that no training row has gets its column"
MORE, PARTS = (
    "weights if taken make rows count more",
    "weights if taken are the same in two parts",
)
FAULTS_OF_CLASSES = {
    "labels": fault(
        (FOUND, f"{FOUND}    found = found.argmax(axis=1).astype(float)\n"), by=[EVERY]
    ),
    "half of what it should sum to": fault((FOUND, f"{FOUND}    found = found / 2\n"), by=[EVERY]),
    "less than nothing": fault(
        (
            FOUND,
            f"{FOUND}    found = found + np.eye(found.shape[1])[0] - np.eye(found.shape[1])[1]\n",
        ),
        by=[EVERY],
    ),
    "an order of its own": fault(
        (CATEGORIES, "sorted(str(name) for name in target.cat.categories)"),
        by=[SHARES, ORDER, ABSENT],
    ),
    "an order that suits the usual rows": fault(
        (CATEGORIES, "sorted(map(str, target.cat.categories), key='2 9 10 n/a'.index)"),
        by=[ORDER],
    ),
    "the opposite": fault(
        (FOUND, f"{FOUND}    found = (1 - found) / (found.shape[1] - 1)\n"),
        by=[SHARES, ORDER, ABSENT, MORE],
    ),
    "the classes that it has seen": fault(
        (CATEGORIES, "[str(n) for n in target.cat.categories if (target == n).any()]"),
        by=[ABSENT, MORE, "one training row is enough"],
    ),
    "weights forgotten": fault(
        ("weights is None else weights.to_numpy()", "True else 1"), by=[MORE]
    ),
    "weights forgotten in two parts": fault(
        ("hyperparameters, seed, weights=weights)", "hyperparameters, seed)"), by=[PARTS]
    ),
    "no weights in two parts": fault(
        ("def prepare(features, target, weights=None):", "def prepare(features, target):"),
        ("    return features, target, weights\n", "    return features, target, None\n"),
        by=[PARTS],
    ),
}
