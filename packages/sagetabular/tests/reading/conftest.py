"""One table by both ways: as training sees its rows, and as a model is asked about them."""

from __future__ import annotations

import pytest
from both_ways import BothWays


@pytest.fixture
def both(tmp_path) -> BothWays:
    """Reads a file for training and for prediction."""
    return BothWays(tmp_path)
