"""Models: what CreateModel makes, a container image together with an artefact.

They lie in the directory of the execution that made them, `models/<name>.json`, and go with it.
Names are unique among all executions.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.files import JsonObject, now, read_json, write_json
from sagelocal.storage.buckets import Storage

_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_LONGEST = 63


class ModelStore:
    """The models of all executions, as one of them sees it.

    A model is a dict in the shape of `DescribeModel`.

    Args:
        execution: The directory of the execution; its siblings are the other ones.
        storage: Where the artefacts lie.
    """

    def __init__(self, execution: Path, storage: Storage) -> None:
        self._execution = execution
        self._storage = storage

    def create(self, request: JsonObject, *, step: str, default_name: str) -> JsonObject:
        """Make a model of a `CreateModel` request.

        Args:
            request: The request, without expressions.
            step: Name of the step, for messages; it may do this again after it was interrupted.
            default_name: What the model is called if the request does not say.

        Raises:
            DefinitionError: If the name is not allowed or belongs to another model, or if a
                container is not one that this back-end knows.
            StorageError: If an artefact is not there.
        """
        name = request.get("ModelName") or model_name(default_name)
        _check_name(name, step)
        for container in containers(request, step):
            uri = container.get("ModelDataUrl")
            if uri is not None and self._storage.file(uri) is None:
                raise StorageError(f"Step {step}: there is no model artefact at {uri}.")
        path = self._execution / "models" / f"{name}.json"
        self._require_free(name, path, step)
        model = {
            **request,
            "ModelName": name,
            "ModelArn": f"arn:aws:sagemaker:local:000000000000:model/{name}",
            "CreationTime": now(),
            "CreatedBy": step,
        }
        write_json(path, model)
        return model

    def describe(self, name: str) -> JsonObject:
        """Return one model.

        Raises:
            DefinitionError: If there is none of that name.
        """
        found = self._files(name) if _NAME.fullmatch(name) else []
        if not found:
            raise DefinitionError(
                f"There is no model {name}.", "Make it in a step of the type Model."
            )
        return read_json(found[0])

    def _require_free(self, name: str, own: Path, step: str) -> None:
        for path in self._files(name):
            if path != own or read_json(path)["CreatedBy"] != step:
                raise DefinitionError(
                    f"Step {step}: there is a model {name} already.",
                    "Leave ModelName out, and each execution makes a name of its own.",
                )

    def _files(self, name: str) -> list[Path]:
        return list(self._execution.parent.glob(f"[0-9]*/models/{name}.json"))


def of_this_execution(request: JsonObject, job: str, step: str) -> JsonObject:
    """Return the request of a step, its `ModelName` as what the model's name begins with.

    The service adds to names that a definition gives, so that a pipeline can run again. The SDK
    calls it custom prefixing, see `PipelineDefinitionConfig`.

    Args:
        request: The request, without expressions.
        job: What the model would be called without a name; no other execution's is.
        step: Name of the step, for messages.

    Raises:
        DefinitionError: If the name is not allowed.
    """
    given = request.get("ModelName")
    if not given:
        return request
    return {**request, "ModelName": model_name(f"{_check_name(given, step)}-{job}")}


def _check_name(name: object, step: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DefinitionError(
            f"Step {step}: not a name for a model: {name!r}.",
            "Use up to 63 letters, digits and inner hyphens.",
        )
    return name


def model_name(job: str) -> str:
    """Return a name for the model that a step makes: the job's, in the signs and length allowed."""
    name = job.replace("_", "-")
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        name = f"{name[: _LONGEST - 9]}-{hashlib.sha256(job.encode()).hexdigest()[:8]}"
    return name


def containers(model: JsonObject, step: str) -> list[JsonObject]:
    """Return the containers of a model: its primary one, or those of an inference pipeline.

    Raises:
        DefinitionError: If there is none, or both; or if one comes from a model package.
    """
    primary, several = model.get("PrimaryContainer"), model.get("Containers")
    if bool(primary) == bool(several):
        raise DefinitionError(f"Step {step}: a model has a PrimaryContainer or Containers.")
    found: list[JsonObject] = [primary] if primary else list(several or [])
    for container in found:
        if "Image" not in container:
            raise DefinitionError(
                f"Step {step}: a container of a local model needs an Image, got "
                f"{', '.join(sorted(container))}."
            )
    return found
