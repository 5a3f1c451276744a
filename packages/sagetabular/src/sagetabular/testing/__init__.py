"""The functions that a project's tests are written with.

Public: these names keep their meaning within a major version. The tests of the container's
contract are `python -m pytest --pyargs sagetabular.testing.container`.
"""

from __future__ import annotations

from sagetabular.testing.models import ModelCheck, model_checks
from sagetabular.testing.planting import planted_table
from sagetabular.testing.projects import SmallRun, compile_definition, run_small

__all__ = [
    "ModelCheck",
    "SmallRun",
    "compile_definition",
    "model_checks",
    "planted_table",
    "run_small",
]
