"""Operations on models, made by steps of pipelines or by requests."""

from __future__ import annotations

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.protocol.api import refuse
from sagelocal.endpoint.tags import put_tags
from sagelocal.errors import DefinitionError, RegistryError
from sagelocal.files import JsonObject, now
from sagelocal.models import ModelStore


def create(context: Context, request: JsonObject) -> JsonObject:
    """Answer `CreateModel`; its container is an image or a registered version."""
    name = request["ModelName"]
    arn = context.names.arn("model", name)
    model = {key: value for key, value in request.items() if key != "Tags"}
    container_of(context, model)
    with context.changing:
        if _find(context, name) is not None:
            refuse(f"Cannot create already existing model {arn}.")
        context.models.put(name, {**model, "ModelArn": arn, "CreationTime": now()})
        put_tags(context, arn, request.get("Tags", []))
    return {"ModelArn": arn}


def describe(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribeModel`."""
    return require(context, request["ModelName"])


def delete(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DeleteModel`; the model of a step goes with its execution."""
    with context.changing:
        if context.models.get(request["ModelName"]) is None:
            require(context, request["ModelName"])
            refuse(f"Model {request['ModelName']} belongs to an execution, and goes with it.")
        context.models.remove(request["ModelName"])
    return {}


def require(context: Context, name: str) -> JsonObject:
    """Return a model.

    Raises:
        ServiceError: If there is none.
    """
    found = _find(context, name)
    if found is None:
        refuse(f'Could not find model "{context.names.arn("model", name)}".')
    return found


def container_of(context: Context, model: JsonObject) -> JsonObject:
    """Return the one container of a model, what a registered version says of it included.

    Raises:
        ServiceError: If it has several or none, or if there is no such version.
    """
    containers = [*model.get("Containers", []), *filter(None, [model.get("PrimaryContainer")])]
    if len(containers) != 1:
        refuse(f"A model has one container here, got {len(containers)}.")
    (container,) = containers
    if "ModelPackageName" not in container:
        if "Image" not in container:
            refuse("A container needs an Image or a ModelPackageName.")
        return dict(container)
    group, _, version = (
        container["ModelPackageName"].rpartition(":model-package/")[2].partition("/")
    )
    try:
        package = context.sagemaker.registry.describe(group, int(version))
    except (RegistryError, ValueError):
        refuse(f"ModelPackage {container['ModelPackageName']} does not exist.")
    found = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(found) != 1:
        refuse(f"A version has one container here, {group} {version} has {len(found)}.")
    variables = {**found[0].get("Environment", {}), **container.get("Environment", {})}
    return {**found[0], "Environment": variables}


def _find(context: Context, name: str) -> JsonObject | None:
    found = context.models.get(name)
    if found is not None:
        return found
    sagemaker = context.sagemaker
    store = ModelStore(sagemaker.home / "executions" / "none", sagemaker.storage)
    try:
        return store.describe(name)
    except DefinitionError:
        return None
