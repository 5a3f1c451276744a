"""The images that the jobs run in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagetabular.aws.sagemaker.costs import value_of
from sagetabular.compiling.checks.expressions import all_steps
from sagetabular.doctor.findings import ok, to_fix
from sagetabular.doctor.situation import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.doctor.situation import Situation

_PUSH = 'Push it: `eval "$(pipeline image push)"`.'
_MEMBERS = ("ImageUri", "TrainingImage", "Image")
_ADDRESS = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.[a-z]+)?"
    r"/(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def images(situation: Situation) -> Iterator[Finding]:
    """Check that each is in ECR, in the region of the jobs, and can be pulled."""
    for address in addresses(situation):
        yield _image(situation, address)


def addresses(situation: Situation) -> list[str]:
    """Return the addresses of all images whose parameters have values."""
    known = situation.values
    found: dict[str, None] = {}
    for step in all_steps(situation.definition["Steps"]):
        for place in _places(step["Arguments"]):
            name = str(place.get("Get", "")) if isinstance(place, dict) else ""
            if not isinstance(place, dict) or name.removeprefix("Parameters.") in known:
                found[str(value_of(place, known))] = None
    return [*found]


def _places(value: Any) -> Iterator[Any]:
    """Yield what stands for an image in a request, but not in the steps nested in it."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _MEMBERS:
                yield item
            elif key not in ("IfSteps", "ElseSteps"):
                yield from _places(item)
    elif isinstance(value, list):
        for item in value:
            yield from _places(item)


def _image(situation: Situation, address: str) -> Finding:
    found = _ADDRESS.fullmatch(address)
    if found is None:
        text = f"An image must be an address in Amazon ECR with a tag or digest, got {address}."
        return to_fix(text, _PUSH)
    if found["region"] != situation.account.region:
        text = f"The image must be in {situation.account.region}, got {address}."
        return to_fix(text, "Push it to that region's registry.")
    name = {"imageDigest": found["digest"]} if found["digest"] else {"imageTag": found["tag"]}
    answer = ask(
        *(situation.account.client("ecr"), "batch_get_image", ("RepositoryNotFoundException",)),
        registryId=found["account"],
        repositoryName=found["repository"],
        imageIds=[{key: value or "latest" for key, value in name.items()}],
    )
    if not (answer and answer["images"]):
        own = found["account"] == situation.account.identity.account
        remedy = _PUSH if own else "Correct image in model.yaml, or the variable that names it."
        return to_fix(f"There is no image {address}.", remedy)
    moves = "" if found["digest"] else ", by a tag, which may be moved"
    return ok(f"{address}{moves}")
