"""The package `sagemaker-experiments`, of 2023, imported so that it works today and is silent."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from types import SimpleNamespace


@contextmanager
def _today() -> Iterator[None]:
    """Supply what the package expects of an environment.

    It asks `pkg_resources`, which setuptools has given up since, for its own version and for
    nothing else. And it sets up logging, down to where credentials were found, unless somebody
    has done so before.
    """
    logging.basicConfig(level=logging.WARNING)
    absent = "pkg_resources" not in sys.modules
    if absent:
        stand_in = SimpleNamespace(require=lambda name: [metadata.distribution(name)])
        sys.modules["pkg_resources"] = stand_in  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules["pkg_resources"]


with _today():
    from smexperiments.api_types import TrialComponentArtifact, TrialComponentStatus
    from smexperiments.experiment import Experiment
    from smexperiments.trial import Trial
    from smexperiments.trial_component import TrialComponent

__all__ = ["Experiment", "Trial", "TrialComponent", "TrialComponentArtifact",
           "TrialComponentStatus"]  # fmt: skip
