"""Steps of every class that a `model.yaml` may list, as settings for tests."""

from __future__ import annotations

from typing import Any

STEPS_OF_EVERY_CLASS: dict[str, dict[str, Any]] = {
    "process": {"inputs": {"rows": "data.preprocess.train"}},
    "train": {},
    "tune": {},
    "fit": {},
    "create": {},
    "transform": {"inputs": {"data": "data.preprocess.test"}},
    "evaluate": {},
    "register": {},
}
