"""The Model Registry on this machine: one JSON file for each version of each group."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sagelocal.errors import DamagedError, RegistryError, did_you_mean
from sagelocal.files import (
    JsonObject,
    damaged,
    now,
    read_json,
    temporary_sibling,
    warn_of,
    write_json,
)

APPROVAL_STATUSES = ("Approved", "Rejected", "PendingManualApproval")
_GROUP = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_VERSION_FILE = re.compile(r"[1-9][0-9]*\.json")


class ModelRegistry:
    """Model packages, by group and version number from 1.

    A model package is a dict in the shape of `DescribeModelPackage`.

    Args:
        directory: Where the groups lie; made when first needed.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def create_model_package(self, request: JsonObject) -> JsonObject:
        """Register a `CreateModelPackage` request as the next version of its group.

        Safe against any number of processes that register at the same time.

        Raises:
            RegistryError: If the group's name or the approval status is not allowed.
        """
        group = self._folder(request.get("ModelPackageGroupName"))
        status = request.get("ModelApprovalStatus", "PendingManualApproval")
        _check_status(status)
        group.mkdir(parents=True, exist_ok=True)
        while True:
            version = max(self._versions(group), default=0) + 1
            package = _package(request, version, status)
            if _write_new(group / f"{version}.json", package):
                return package

    def made_by(self, origin: str) -> JsonObject | None:
        """Return the package whose `MetadataProperties` say `GeneratedBy: origin`, if any."""
        for package in self.packages():
            if package.get("MetadataProperties", {}).get("GeneratedBy") == origin:
                return package
        return None

    def groups(self) -> list[str]:
        """Return the names of all groups, in alphabetical order."""
        if not self.directory.is_dir():
            return []
        return sorted(path.name for path in self.directory.iterdir() if self._versions(path))

    def packages(self, group: str | None = None, *, whole: bool = False) -> list[JsonObject]:
        """Return the packages of one group or of all, by group, oldest version first.

        Args:
            group: Its name; None for all.
            whole: Whether none may be missing; else one that is damaged is named and left out.

        Raises:
            DamagedError: If one is damaged, and none may be missing.
        """
        names = self.groups() if group is None else [group]
        found = []
        for folder in map(self._folder, names):
            for version in self._versions(folder):
                try:
                    found.append(_read(folder / f"{version}.json"))
                except DamagedError as error:
                    if whole:
                        raise
                    warn_of(str(error))
        return found

    def describe(self, group: str, version: int) -> JsonObject:
        """Return one model package.

        Raises:
            RegistryError: If there is no such group or version.
            DamagedError: If it is not what was written.
        """
        path = self._folder(group) / f"{version}.json"
        if path.exists():
            return _read(path)
        versions = self._versions(path.parent)
        if not versions:
            raise RegistryError(
                f"There is no model package group {group}.", did_you_mean(group, self.groups())
            )
        raise RegistryError(
            f"{group} has no version {version}.", f"It has {', '.join(map(str, versions))}."
        )

    def update_approval(
        self, group: str, version: int, status: str, description: str = "", stage: str = ""
    ) -> JsonObject:
        """Set the approval status of a package and return the package.

        Args:
            group: Name of the group.
            version: Of the package.
            status: One of `APPROVAL_STATUSES`.
            description: Why; the earlier one stays if it is empty.
            stage: Where in its life the package is approved or rejected; empty if that does not
                change.

        Raises:
            RegistryError: If there is no such package, or if the status is not one of
                `APPROVAL_STATUSES`.
        """
        changes: JsonObject = {"ModelApprovalStatus": status}
        if description:
            changes["ApprovalDescription"] = description
        if stage:
            changes["ModelLifeCycle"] = {"Stage": stage, "StageStatus": status}
        return self.update(group, version, changes)

    def update(self, group: str, version: int, changes: JsonObject) -> JsonObject:
        """Change members of a package and return the package; a value of None removes its member.

        Args:
            group: Name of the group.
            version: Of the package.
            changes: Member → its new value.

        Raises:
            RegistryError: If there is no such package, or if the approval status is not one of
                `APPROVAL_STATUSES`.
        """
        package = {**self.describe(group, version), **changes, "LastModifiedTime": now()}
        _check_status(package["ModelApprovalStatus"])
        package = {name: value for name, value in package.items() if value is not None}
        write_json(self._folder(group) / f"{version}.json", package)
        return package

    def remove(self, group: str, version: int) -> None:
        """Remove one model package; the next one gets a number above those that are left.

        Raises:
            RegistryError: If there is no such package.
        """
        self.describe(group, version)
        (self._folder(group) / f"{version}.json").unlink()

    def _folder(self, group: object) -> Path:
        if not isinstance(group, str) or not _GROUP.fullmatch(group):
            raise RegistryError(
                f"Not a name for a model package group: {group!r}.",
                "Use up to 63 letters, digits and inner hyphens.",
            )
        return self.directory / group

    def _versions(self, folder: Path) -> list[int]:
        if not folder.is_dir():
            return []
        names = (path.name for path in folder.iterdir())
        return sorted(int(Path(name).stem) for name in names if _VERSION_FILE.fullmatch(name))


def _read(path: Path) -> JsonObject:
    package = read_json(path)
    group, version = path.parent.name, int(path.stem)
    found = package.get("ModelPackageGroupName"), package.get("ModelPackageVersion")
    if found != (group, version):
        raise damaged(path, f"it is not version {version} of {group}")
    if package.get("ModelApprovalStatus") not in APPROVAL_STATUSES:
        raise damaged(path, f"its status is {package.get('ModelApprovalStatus')!r:.80}")
    for name in ("ModelPackageArn", "CreationTime"):
        if not isinstance(package.get(name), str):
            raise damaged(path, f"{name} cannot be {package.get(name)!r:.80}")
    return package


def _check_status(status: object) -> None:
    if status not in APPROVAL_STATUSES:
        raise RegistryError(
            f"Not an approval status: {status!r}.", f"Use one of {', '.join(APPROVAL_STATUSES)}."
        )


def _package(request: JsonObject, version: int, status: str) -> JsonObject:
    group, created = request["ModelPackageGroupName"], now()
    arn = f"arn:aws:sagemaker:local:000000000000:model-package/{group}/{version}"
    return {
        **request,
        "ModelPackageArn": arn,
        "ModelPackageVersion": version,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": status,
        "CreationTime": created,
        "LastModifiedTime": created,
    }


def _write_new(path: Path, package: JsonObject) -> bool:
    """Write a file that must not exist yet, whole or not at all; False if it exists."""
    temporary = temporary_sibling(path)
    try:
        write_json(temporary, package)
        os.link(temporary, path)  # unlike a rename, a link never replaces what another wrote
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True
