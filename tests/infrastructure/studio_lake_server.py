"""The local AWS server for a project's first push: roles count, and Athena has UNLOAD.

ECR refuses to describe an image that is not there, as AWS's does.

It runs in the server's own environment: `python studio_lake_server.py`.
"""

from __future__ import annotations

import json
import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Results are not as small here as those of the tests of Athena.
_ROWS_IN_A_FILE = 100_000


def extend_athena() -> None:
    """Give Athena what the server for the tests of the query gives it."""
    spec = spec_from_file_location("athena_server", HERE.parent / "athena/server.py")
    assert spec and spec.loader
    athena: Any = module_from_spec(spec)
    sys.modules[spec.name] = athena
    spec.loader.exec_module(athena)
    athena.ROWS_IN_A_FILE = _ROWS_IN_A_FILE


def correct_ecr() -> None:
    """Refuse what is missing: ministack answers with an empty list.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
    """
    from ministack.core.responses import error_response_json
    from ministack.services import ecr

    plain = ecr._describe_images

    def describe(request: dict[str, Any]) -> Any:
        status, headers, body = plain(request)
        if request.get("imageIds") and not json.loads(body).get("imageDetails", True):
            return error_response_json("ImageNotFoundException", "The image does not exist", 400)
        return status, headers, body

    ecr._describe_images = describe


if __name__ == "__main__":
    extend_athena()
    correct_ecr()
    runpy.run_path(str(HERE / "permissions/enforcing_server.py"), run_name="__main__")
