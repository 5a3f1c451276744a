"""The archive that the release's source is."""

from __future__ import annotations

import io
import json
import zipfile

from deploying import RELEASE, released

from sagetabular.infrastructure.bundle import KEY, release_bundle

SETTINGS = {"prod": {"Stage": "prod", "MinInstances": "2"}, "dev": {"Stage": "dev"}}


def test_it_holds_what_the_actions_of_the_release_ask_for() -> None:
    stages = {"dev": {"Stage": "dev"}, "staging": {}, "prod": {"Stage": "prod"}}
    archive = zipfile.ZipFile(io.BytesIO(release_bundle("the template", stages)))
    pipeline = released()["Release"]["Properties"]["Stages"]
    actions = [action for stage in pipeline for action in stage["Actions"]]
    (source,) = [one for one in actions if one["ActionTypeId"]["Category"] == "Source"]
    assert source["Configuration"]["S3ObjectKey"] == KEY
    asked = {
        one["Configuration"][key].removeprefix("Settings::")
        for one in actions
        if one["ActionTypeId"]["Provider"] == "CloudFormation"
        for key in ("TemplatePath", "TemplateConfiguration")
    }
    assert asked == {*archive.namelist()}
    assert archive.read("deploy.yaml") == b"the template"
    assert json.loads(archive.read("prod.json")) == {"Parameters": {"Stage": "prod"}}
    assert KEY in RELEASE["Parameters"]["ArtifactBucket"]["Description"]


def test_the_same_content_is_the_same_archive() -> None:
    swapped = {stage: dict(reversed(SETTINGS[stage].items())) for stage in reversed(SETTINGS)}
    assert release_bundle("t", SETTINGS) == release_bundle("t", swapped)
    assert release_bundle("t", SETTINGS) != release_bundle("u", SETTINGS)
