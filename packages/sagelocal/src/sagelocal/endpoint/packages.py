"""Operations on model packages and their groups."""

from __future__ import annotations

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.events.packages import shown_package
from sagelocal.endpoint.protocol.api import refuse
from sagelocal.endpoint.protocol.names import last_part
from sagelocal.endpoint.protocol.pages import created_between, page
from sagelocal.endpoint.tags import put_tags
from sagelocal.errors import RegistryError
from sagelocal.files import JsonObject, now

_TOKENS = ("ClientToken", "Tags")
_TIMES = ("CreationTimeAfter", "CreationTimeBefore")
_PROPERTIES, _REMOVED = "CustomerMetadataProperties", "CustomerMetadataPropertiesToRemove"
_SPECIFICATIONS = "AdditionalInferenceSpecifications"
_ADDED = f"{_SPECIFICATIONS}ToAdd"
_NOT_CHANGED = ("ModelPackageArn", "ClientToken", _PROPERTIES, _REMOVED, _ADDED)


def create(context: Context, request: JsonObject) -> JsonObject:
    """Answer `CreateModelPackage`, for the next version of a group."""
    if "ModelPackageGroupName" not in request or "ModelPackageName" in request:
        refuse("This endpoint has versions of groups alone: give ModelPackageGroupName.")
    group = last_part(request["ModelPackageGroupName"])
    _group(context, group)
    members = {name: value for name, value in request.items() if name not in _TOKENS}
    package = context.sagemaker.registry.create_model_package(
        {**members, "ModelPackageGroupName": group}
    )
    context.changes.package(package)
    return {"ModelPackageArn": package["ModelPackageArn"]}


def describe(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribeModelPackage`, by the ARN or by `group/version`."""
    return _shown(context, _package(context, request["ModelPackageName"]))


def update(context: Context, request: JsonObject) -> JsonObject:
    """Answer `UpdateModelPackage`."""
    with context.changing:
        package = _package(context, request["ModelPackageArn"])
        changes = {name: value for name, value in request.items() if name not in _NOT_CHANGED}
        if _PROPERTIES in request or _REMOVED in request:
            kept = {**package.get(_PROPERTIES, {}), **request.get(_PROPERTIES, {})}
            gone = request.get(_REMOVED, [])
            changes[_PROPERTIES] = {name: kept[name] for name in kept if name not in gone}
        if _ADDED in request:
            changes[_SPECIFICATIONS] = [*package.get(_SPECIFICATIONS, []), *request[_ADDED]]
        group, version = package["ModelPackageGroupName"], package["ModelPackageVersion"]
        package = context.sagemaker.registry.update(group, version, changes)
        context.changes.package(package, sorted(changes))
    return {"ModelPackageArn": package["ModelPackageArn"]}


def list_all(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListModelPackages`, by default the oldest first."""
    if request.get("ModelPackageType", "Versioned") == "Unversioned":
        return {"ModelPackageSummaryList": []}
    group = request.get("ModelPackageGroupName")
    if group is not None:
        _group(context, last_part(group))
    found, more = page(
        (
            package
            for package in context.sagemaker.registry.packages(group and last_part(group))
            if request.get("ModelApprovalStatus") in (None, package["ModelApprovalStatus"])
            and request.get("NameContains", "") in package["ModelPackageGroupName"]
            and created_between(package["CreationTime"], request, *_TIMES)
        ),
        request,
        {
            "Name": lambda package: package["ModelPackageGroupName"],
            "CreationTime": lambda package: package["CreationTime"],
        },
        default=("CreationTime", "Ascending"),
        identity=lambda package: f"{package['ModelPackageVersion']:09d}",
    )
    return {"ModelPackageSummaryList": [_shown(context, package) for package in found], **more}


def create_group(context: Context, request: JsonObject) -> JsonObject:
    """Answer `CreateModelPackageGroup`."""
    name = request["ModelPackageGroupName"]
    arn = context.names.arn("model-package-group", name)
    with context.changing:
        if _known_group(context, name) is not None:
            refuse(f"Model Package Group already exists: {arn}")
        members = {key: value for key, value in request.items() if key != "Tags"}
        context.groups.put(name, {**members, "CreationTime": now()})
        put_tags(context, arn, request.get("Tags", []))
    return {"ModelPackageGroupArn": arn}


def describe_group(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribeModelPackageGroup`."""
    return _group(context, last_part(request["ModelPackageGroupName"]))


def list_groups(context: Context, request: JsonObject) -> JsonObject:
    """Answer `ListModelPackageGroups`, by default the oldest first."""
    names = {group["ModelPackageGroupName"] for group in context.groups.all()}
    groups = [_group(context, name) for name in names | {*context.sagemaker.registry.groups()}]
    found, more = page(
        (
            group
            for group in groups
            if request.get("NameContains", "") in group["ModelPackageGroupName"]
            and created_between(group["CreationTime"], request, *_TIMES)
        ),
        request,
        {
            "Name": lambda group: group["ModelPackageGroupName"],
            "CreationTime": lambda group: group["CreationTime"],
        },
        default=("CreationTime", "Ascending"),
        identity=lambda group: str(group["ModelPackageGroupName"]),
    )
    return {"ModelPackageGroupSummaryList": found, **more}


def _shown(context: Context, package: JsonObject) -> JsonObject:
    return shown_package(package, context.names, context.sagemaker)


def _package(context: Context, name_or_arn: str) -> JsonObject:
    group, _, version = name_or_arn.rpartition(":model-package/")[2].partition("/")
    try:
        return context.sagemaker.registry.describe(group, int(version))
    except (RegistryError, ValueError):
        refuse(f"ModelPackage {name_or_arn} does not exist.")


def _group(context: Context, name: str) -> JsonObject:
    found = _known_group(context, name)
    if found is None:
        arn = context.names.arn("model-package-group", name)
        refuse(f"ModelPackageGroup {arn} does not exist.")
    return {
        **found,
        "ModelPackageGroupArn": context.names.arn("model-package-group", name),
        "ModelPackageGroupStatus": "Completed",
        "CreatedBy": {},
    }


def _known_group(context: Context, name: str) -> JsonObject | None:
    """Return a group that was created, or that came to be with its first version."""
    found = context.groups.get(name)
    if found is None and name in context.sagemaker.registry.groups():
        first = context.sagemaker.registry.packages(name)[0]
        found = {"ModelPackageGroupName": name, "CreationTime": first["CreationTime"]}
    return found
