"""Operations on tags, of whatever has an ARN here."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.protocol.api import NOT_FOUND, ServiceError, refuse
from sagelocal.endpoint.protocol.names import resource
from sagelocal.endpoint.protocol.pages import page
from sagelocal.errors import RegistryError
from sagelocal.files import JsonObject

_MOST = 50


def add(context: Context, request: JsonObject) -> JsonObject:
    """Answer `AddTags`; a key that is there gets the new value."""
    arn = request["ResourceArn"]
    with context.changing:
        _require(context, arn)
        put_tags(context, arn, request["Tags"])
    return {"Tags": tags_of(context, arn)}


def list_all(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListTags`."""
    _require(context, request["ResourceArn"])
    found, more = page(
        tags_of(context, request["ResourceArn"]),
        request,
        {"key": operator.itemgetter("Key")},
        default=("key", "Ascending"),
        identity=operator.itemgetter("Key"),
    )
    return {"Tags": found, **more}


def tags_of(context: Context, arn: str) -> list[JsonObject]:
    """Return the tags of a resource."""
    known = (context.tags.get(_key(arn)) or {}).get("tags", {})
    return [{"Key": key, "Value": value} for key, value in known.items()]


def put_tags(context: Context, arn: str, tags: Sequence[JsonObject]) -> None:
    """Add tags to those of a resource.

    Raises:
        ServiceError: If they become too many.
    """
    known = {tag["Key"]: tag["Value"] for tag in [*tags_of(context, arn), *tags]}
    if len(known) > _MOST:
        refuse(f"A resource may have at most {_MOST} tags, got {len(known)}.")
    if known:
        context.tags.put(_key(arn), {"tags": known})


def remove_tags(context: Context, arn: str) -> None:
    """Leave a resource without tags."""
    context.tags.remove(_key(arn))


def _key(arn: str) -> str:
    return "/".join(resource(arn))


def _require(context: Context, arn: str) -> None:
    """Check that there is what an ARN names."""
    kind, name = resource(arn)
    if kind == "pipeline" and "/execution/" in name:
        context.execution(arn)
    elif kind == "pipeline":
        context.pipeline(name)
    elif not _is_there(context, kind, name):
        raise ServiceError(NOT_FOUND, f"There is nothing with tags here that is called {arn}.")


def _is_there(context: Context, kind: str, name: str) -> bool:
    kept = {
        "model": context.models,
        "endpoint-config": context.configurations,
        "endpoint": context.endpoints,
    }
    if kind in kept:
        return kept[kind].get(name) is not None
    if kind not in ("model-package", "model-package-group"):
        return False
    group, _, version = name.partition("/")
    if not version:
        return group in context.sagemaker.registry.groups() or context.groups.get(group) is not None
    try:
        context.sagemaker.registry.describe(group, int(version))
    except (RegistryError, ValueError):
        return False
    return True
