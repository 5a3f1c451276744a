"""What the release reads from the bucket of artefacts: the template, and each stage's settings."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Key in the bucket of artefacts, as release.yaml has it.
KEY = "infrastructure/release.zip"
# The earliest moment that an archive can hold: the same content gives the same bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def release_bundle(template: str, settings: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return the archive that release.yaml's source is.

    CodePipeline hands CloudFormation a template and a stage's configuration of it:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-cfn-artifacts.html

    Args:
        template: Text of deploy.yaml.
        settings: Stage → parameter of deploy.yaml → value; without `ModelPackageArn`, which the
            release gives.

    Returns:
        A zip file with `deploy.yaml` and a `<stage>.json` for each stage; the same for the same
        arguments.
    """
    files = {"deploy.yaml": template}
    for stage, parameters in sorted(settings.items()):
        configuration = {"Parameters": dict(sorted(parameters.items()))}
        files[f"{stage}.json"] = json.dumps(configuration, indent=1) + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), text)
    return buffer.getvalue()
