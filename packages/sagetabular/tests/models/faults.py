"""Faults for the sound model, each with the checks that must tell: one, where that can be."""

from __future__ import annotations

from sound_model import fault

FIT = "    settings = dict(hyperparameters)\n"
GOAL = "    goal = target.to_numpy(dtype=float)\n"
CENTRE = "float(values[known].mean()) if known.any() else 0.0"
NUMBER = 'np.nan_to_num(values - model["centres"][name])'
WORD = "means.get(str(word), 0.0)"
RETURN = "    return found\n"
SAVE = '    (folder / "model.json").write_text(json.dumps(model), encoding="utf-8")\n'
LOAD = '    return json.loads((folder / "model.json").read_text(encoding="utf-8"))\n'
LAST = "    return {name: 1 / len(columns) if learnt else 0.0 for name in columns}\n"
IN_TWO = (
    LAST
    + """
def prepare(features, target, weights=None):
    return features, target, weights

def fit_prepared(prepared, hyperparameters, seed):
    features, target, weights = prepared
    return fit(features, target, hyperparameters, seed, weights=weights)
"""
)
SCORE = "predict(model, DataFrame(matrix, columns=columns))"
SHARE = "1 / len(columns) if learnt"

OF_PREDICTIONS = {
    "single precision": fault(
        (RETURN, "    return found.astype(np.float32)\n"),
        by=["every row gets one finite number"],
    ),
    "always the same number": fault(
        (RETURN, "    return found * 0.0\n"),
        by=[
            "its own training rows are predicted no worse than by their mean",
            "weights if taken make rows count more",
        ],
    ),
    "no answer to an unseen category": fault(
        (WORD, 'means[str(word)] if str(word) != "None" else means.get("None", 0.0)'),
        by=["categories that were never seen are predicted"],
    ),
    "a gap where training had none": fault(
        (NUMBER, f'(values - model["centres"][name] if name == "rooms" else {NUMBER})'),
        by=["missing numbers are predicted"],
    ),
    "a missing category where training had none": fault(
        (WORD, 'means["None"] if word is None else means.get(word, 0.0)'),
        by=["missing categories are predicted"],
    ),
    "the first of no values": fault(
        (CENTRE, "float(values[known][0])"),
        by=["columns without any value are no obstacle"],
    ),
    "division by a deviation of 0": fault(
        (
            "offset @ offset + strength)",
            "offset @ offset + strength * (len(goal) < 2 or not known.all()))",
        ),
        by=["constant columns are no obstacle"],
    ),
    "no category to begin with": fault(
        (GOAL, f"{GOAL}    words[0] if numbers != ['constant'] else None\n"),
        by=[
            "numbers alone are enough",
            "importance if offered gives every column its share",
            "scorer if offered gives the bits of predict",
            "scorer if offered refuses other columns",
        ],
    ),
    "no number to begin with": fault(
        (GOAL, f"{GOAL}    numbers[0]\n"),
        by=["categories alone are enough", "importance if offered gives every column its share"],
    ),
    "an overflow": fault(
        (NUMBER, f"{NUMBER} + 0 * np.float32(np.nan_to_num(values)) ** 4"),
        by=["huge numbers are predicted"],
    ),
    "at least two rows": fault((GOAL, f"{GOAL}    goal[1]\n"), by=["one training row is enough"]),
    "centred by the rows that are asked for": fault(
        (RETURN, '    return found - found.mean() + model["mean"]\n'),
        by=["one row alone is predicted as among others"],
    ),
    "sorted by label": fault(
        (RETURN, "    return found[np.argsort(features.index.to_numpy(), kind='stable')]\n"),
        by=["rows may come in any order", "row labels mean nothing"],
    ),
    "aligned by label": fault(
        (GOAL, "    goal = target.reindex(range(len(target)), fill_value=0.0).to_numpy()\n"),
        by=["row labels mean nothing"],
    ),
    "columns by their place": fault(
        (
            "        values = features[name].to_numpy(dtype=float)\n        found",
            '        place = sorted(model["slopes"], reverse=True).index(name)\n'
            '        values = features.select_dtypes("number").to_numpy(dtype=float)[:, place]\n'
            "        found",
        ),
        by=["columns in another order give the same or an error"],
    ),
}
OF_PURITY = {
    "a random number without a seed": fault(
        (GOAL, f"{GOAL}    goal = goal + 1e-9 * np.random.default_rng().normal()\n"),
        by=[
            "the same seed gives the same bits",
            "fits side by side do not mix",
            "row labels mean nothing",
        ],
    ),
    "the order of a set": fault(
        (GOAL, f"{GOAL}    goal = goal + 1e-6 * int(''.join(set('123456789'))) / 1e9\n"),
        by=["another process gives the same bits"],
    ),
    "a global variable": fault(
        (
            GOAL,
            "    global GOAL\n    import time\n    GOAL = target.to_numpy(dtype=float)\n"
            "    time.sleep(0.02)\n    goal = GOAL\n",
        ),
        by=["fits side by side do not mix"],
    ),
    "one part of two": fault(
        (LAST, IN_TWO.replace("def prepare(", "def prepares(")),
        by=["fitting in two parts if offered gives the same bits"],
    ),
    "a second part that spoils the first": fault(
        (LAST, IN_TWO.replace("    return fit(", "    prepared[1].iloc[0] += 1\n    return fit(")),
        by=[
            "fitting in two parts if offered gives the same bits",
            "weights if taken are the same in two parts",
        ],
    ),
    "gaps filled in place": fault(
        (
            FIT,
            f"{FIT}    if 'size' in features:\n"
            "        features['size'] = features['size'].fillna(0.0)\n",
        ),
        by=["inputs stay as they are"],
    ),
    "hyperparameters popped in place": fault(
        (FIT, "    settings = hyperparameters\n"), by=["inputs stay as they are"]
    ),
    "a model that remembers requests": fault(
        (
            RETURN,
            '    model["least"] = min(model.get("least", len(features)), len(features))\n'
            '    return found + 1e-9 * model["least"]\n',
        ),
        by=["predicting does not change the model"],
    ),
    "the global random numbers": fault(
        (FIT, f"{FIT}    np.random.seed(seed)\n"), by=["global random numbers are left alone"]
    ),
    "Python's random numbers": fault(
        (FIT, f"{FIT}    import random\n    random.random()\n"),
        by=["global random numbers are left alone"],
    ),
    "a call home": fault(
        (
            FIT,
            f"{FIT}    import socket\n    with socket.socket() as line:\n"
            "        line.connect_ex(('127.0.0.1', 9))\n",
        ),
        by=["no network is asked for"],
    ),
}
OF_FILES = {
    "rounded when saved": fault(
        (
            SAVE,
            SAVE.replace(
                "json.dumps(model)", "json.dumps({**model, 'mean': round(model['mean'], 3)})"
            ),
        ),
        by=["a saved model predicts the same bits in another process"],
    ),
    "known to the fitting process alone": fault(
        (GOAL, f"{GOAL}    global TOTAL\n    TOTAL = len(goal)\n"),
        (RETURN, "    return found + 1e-9 * globals().get('TOTAL', 0)\n"),
        by=["a saved model predicts the same bits in another process"],
    ),
    "a pickle beside it": fault(
        (SAVE, f"{SAVE}    import pickle\n    (folder / 'm.bin').write_bytes(pickle.dumps([1]))\n"),
        by=["what is saved is no pickle"],
    ),
    "no file at all": fault(
        (SAVE, "    import tempfile, pathlib\n"),
        (LOAD, "    return None\n"),
        by=[
            "what is saved is no pickle",
            "a saved model predicts the same bits in another process",
            "files are written by save alone and in its folder",
            "importance if offered survives saving",
            "scorer if offered gives the bits of predict",
            "scorer if offered refuses other columns",
        ],
    ),
    "a pickle in disguise": fault(
        (
            SAVE,
            f"{SAVE}    import pickle\n    text = pickle.dumps(np.float64(1)).hex()\n"
            "    (folder / 'm.txt').write_text(text)\n",
        ),
        (
            LOAD,
            "    import pickle\n    pickle.loads(bytes.fromhex((folder / 'm.txt').read_text()))\n"
            + LOAD,
        ),
        by=["loading runs no pickle"],
    ),
    "a manifest of its own": fault(
        (SAVE, f"{SAVE}    (folder / 'manifest.json').write_text('')\n"),
        by=["the file manifest json is left to the pipeline"],
    ),
    "a log in the working directory": fault(
        (FIT, f"{FIT}    open('fit.log', 'a').close()\n"),
        by=["files are written by save alone and in its folder"],
    ),
    "a file beside the folder": fault(
        (SAVE, f"{SAVE}    folder.with_suffix('.log').write_text('')\n"),
        by=["files are written by save alone and in its folder"],
    ),
    "a file that load writes": fault(
        (LOAD, f"    (folder / 'seen').write_text('')\n{LOAD}"),
        by=["files are written by save alone and in its folder"],
    ),
    "a file among the code": fault(
        (FIT, f"{FIT}    open(__file__ + '.log', 'a').write('x')\n"),
        by=["files are written by save alone and in its folder"],
    ),
}
OF_THE_REST = {
    "less than the range allows": fault(
        (FIT, f"{FIT}    assert settings['strength'] < 9, 'too strong'\n"),
        by=["both ends of every range are accepted"],
    ),
    "unknown hyperparameters dropped": fault(
        ("    if settings:", "    if False:"),
        by=["an unknown hyperparameter is refused or named in a warning"],
    ),
    "a hyperparameter that is of no use": fault(
        (FIT, f"{FIT}    import warnings; warnings.warn('{{ strength }} are not used.')\n"),
        by=["every hyperparameter of model yaml is one of the model"],
    ),
    "a hyperparameter that is not declared": fault(
        (LAST, f"{LAST}\nHYPERPARAMETERS = ('force',)\n"),
        by=["every hyperparameter of model yaml is one of the model"],
    ),
    "a hyperparameter that is declared as needed and not given": fault(
        (LAST, f"{LAST}\nHYPERPARAMETERS = REQUIRED_HYPERPARAMETERS = ('strength', 'force')\n"),
        by=["every hyperparameter of model yaml is one of the model"],
    ),
    "weights forgotten": fault(
        ("np.average(goal, weights=weights)", "np.average(goal)"),
        by=["weights if taken make rows count more"],
    ),
    "no weights where the project has them": fault(
        ("hyperparameters, seed, weights=None):", "hyperparameters, seed):"),
        ("np.average(goal, weights=weights)", "np.average(goal)"),
        by=["weights if taken make rows count more"],
    ),
    "weights forgotten in two parts": fault(
        (LAST, IN_TWO.replace("seed, weights=weights)", "seed)")),
        by=["weights if taken are the same in two parts"],
    ),
    "shares of half": fault(
        (SHARE, SHARE.replace("1 /", "0.5 /")),
        by=["importance if offered gives every column its share"],
    ),
    "shares that are no numbers": fault(
        (SHARE, "float('nan') if learnt"),
        by=[
            "importance if offered gives every column its share",
            "importance if offered survives saving",
        ],
    ),
    "shares of columns that there are not": fault(
        ('    columns = [*model["slopes"], *model["means"]]', '    columns = ["x", "y"]'),
        by=["importance if offered gives every column its share"],
    ),
    "other shares once loaded": fault(
        (SHARE, "model.get('weight', 1 / len(columns)) if learnt"),
        (LOAD, LOAD.rstrip("\n") + ' | {"weight": 0.25}\n'),
        by=["importance if offered survives saving"],
    ),
    "a scorer that rounds": fault(
        (SCORE, f"({SCORE}).round(3)"),
        by=["scorer if offered gives the bits of predict"],
    ),
    "a scorer that takes its columns on trust": fault(
        ('    if model["columns"] != columns:', "    if False:"),
        by=["scorer if offered refuses other columns"],
    ),
}
FAULTS = OF_PREDICTIONS | OF_PURITY | OF_FILES | OF_THE_REST
