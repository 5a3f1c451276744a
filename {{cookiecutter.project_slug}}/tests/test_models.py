"""Each model does what every model must; `pipeline model check` runs the same checks."""

import pytest
from sagetabular.testing import model_checks


@pytest.mark.parametrize("check", model_checks(), ids=str)
def test_a_model_passes(check):
    check.run()
