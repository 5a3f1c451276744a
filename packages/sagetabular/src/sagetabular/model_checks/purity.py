"""Checks that a fit depends on its arguments alone, and changes nothing but its result."""

from __future__ import annotations

import random
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from sagetabular.model_checks.interpreter import audit_events, predict_in_new_process
from sagetabular.model_checks.subject import SEED, require, require_same

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sagetabular.model_checks.subject import Subject

THREADS = 4
RANDOM_STATE = 4_057_218_369


def the_same_seed_gives_the_same_bits(subject: Subject) -> None:
    """Fit twice: a trial that is repeated must score the same."""
    features, _ = subject.rows()
    first, second = (subject.predict(subject.fit(), features) for _ in range(2))
    require_same(first, second, "fitted twice with the same seed and rows")


def another_process_gives_the_same_bits(subject: Subject) -> None:
    """Fit in another process: Python orders the elements of a set anew in each."""
    expected = subject.predict(subject.fit(), subject.rows()[0])
    require_same(predict_in_new_process(subject), expected, "fitted in another process")


def fits_side_by_side_do_not_mix(subject: Subject) -> None:
    """Fit in threads, as the folds of a trial are."""
    tables = [subject.rows(seed=seed) for seed in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        models = list(pool.map(subject.fit, tables))
    for model, (features, target) in zip(models, tables, strict=True):
        expected = subject.predict(subject.fit((features, target)), features)
        found = subject.predict(model, features)
        require_same(found, expected, f"fitted in {THREADS} threads at once")


def fitting_in_two_parts_if_offered_gives_the_same_bits(subject: Subject) -> None:
    """Fit by `prepare` and `fit_prepared`: the trials of a step share what is prepared."""
    prepare = getattr(subject.code, "prepare", None)
    fit_prepared = getattr(subject.code, "fit_prepared", None)
    if prepare is None or fit_prepared is None:
        require(prepare is fit_prepared, "prepare and fit_prepared are of use only together")
        return
    features, target = subject.rows()
    prepared = prepare(features, target)
    for seed in (SEED, SEED + 1, SEED):
        whole = subject.code.fit(features, target, subject.hyperparameters, seed)
        rest = fit_prepared(prepared, subject.hyperparameters, seed)
        found = subject.predict(rest, features)
        require_same(found, subject.predict(whole, features), "fitted in two parts")


def inputs_stay_as_they_are(subject: Subject) -> None:
    """Compare the inputs: folds share one table, and all fits one mapping."""
    features, target = subject.rows()
    hyperparameters = dict(subject.hyperparameters)
    model = subject.code.fit(features, target, hyperparameters, SEED)
    subject.predict(model, features)
    expected_features, expected_target = subject.rows()
    require(features.equals(expected_features), "fit or predict changed the features")
    require(target.equals(expected_target), "fit changed the target")
    require(hyperparameters == subject.hyperparameters, "fit changed the hyperparameters")


def predicting_does_not_change_the_model(subject: Subject) -> None:
    """Predict again after other rows: the server predicts with one model all day."""
    features, model = subject.rows()[0], subject.fit()
    before = subject.predict(model, features)
    subject.predict(model, subject.rows(7, seed=3)[0])
    require_same(subject.predict(model, features), before, "after predicting other rows")


def global_random_numbers_are_left_alone(subject: Subject) -> None:
    """Compare their state: whoever seeds or draws from them changes what runs beside it."""
    earlier = random.getstate(), np.random.get_state()
    random.seed(RANDOM_STATE)  # a state that no model's own seed leads to
    np.random.seed(RANDOM_STATE)
    before = _random_state()
    try:
        subject.predict(subject.fit(), subject.rows()[0])
        after = _random_state()
    finally:
        random.setstate(earlier[0])
        np.random.set_state(earlier[1])
    advice = "use numpy.random.default_rng(seed)"
    require(after == before, f"fit or predict used global random numbers: {advice}")


def no_network_is_asked_for(subject: Subject) -> None:
    """Watch connections: Tune, Fit and Evaluate run isolated from the network."""
    with audit_events("socket.connect", "socket.getaddrinfo") as events:
        subject.predict(subject.fit(), subject.rows()[0])
    asked = [address for address in map(_address, events) if address]
    require(not asked, f"fit or predict connects to {', '.join(asked[:3])}")


def _random_state() -> Hashable:
    kind, keys, *rest = np.random.get_state(legacy=True)
    return random.getstate(), kind, np.asarray(keys).tobytes(), tuple(rest)


def _address(event: tuple[object, ...]) -> str:
    """Return the host that an event is about; none for a socket of this machine's processes."""
    first = event[0]
    if isinstance(first, socket.socket):
        return "" if first.family == socket.AF_UNIX else str(event[1])
    return str(first)


CHECKS = (
    the_same_seed_gives_the_same_bits,
    another_process_gives_the_same_bits,
    fits_side_by_side_do_not_mix,
    fitting_in_two_parts_if_offered_gives_the_same_bits,
    inputs_stay_as_they_are,
    predicting_does_not_change_the_model,
    global_random_numbers_are_left_alone,
    no_network_is_asked_for,
)
