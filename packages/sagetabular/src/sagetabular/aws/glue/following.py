"""A table that a project's stack has made: its columns and format follow `conf/pipeline.yaml`.

The stack makes it with the columns of the day. A project with another table would be read by
columns that are not its own, until somebody deploys the stack again.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from sagetabular.aws.errors import code_of
from sagetabular.aws.glue.catalog import Catalog
from sagetabular.aws.glue.lake_files import HEADER, table_parameters, table_storage
from sagetabular.aws.glue.table import is_as_wanted, partition_names
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagetabular.settings.data import Data

# The parameter by which a table says whose settings its columns follow; data-lake.yaml sets it.
MARK = "columns.follow"
_LONGEST = 300  # characters of a list of columns that is told


class Following:
    """A table in Glue's catalogue that may have to follow the settings.

    Args:
        client: A boto3 client of the service `glue`.
        database: Its database.
        name: Its name.
        owner: `sagemaker-<project>-<stage>`, which the table's mark must be.
    """

    def __init__(self, client: Any, database: str, name: str, owner: str) -> None:
        self._client, self._database, self._name = client, database, name
        self._owner = owner

    @property
    def label(self) -> str:
        """Its name as a query would write it."""
        return f"{self._database}.{self._name}"

    def check(self, data: Data, report: Callable[[str, Sequence[str]], None]) -> None:
        """Say what `put` would change; nothing is changed.

        Args:
            data: The section `data` of `conf/pipeline.yaml`.
            report: Hears it.

        Raises:
            UserError: There is no such table, or Glue refuses.
        """
        standing = self._find(report)
        if standing and (changes := _differences(standing, _wanted(standing, data))):
            report("Table", [f"{self.label} would follow conf/pipeline.yaml:", *changes])

    def put(self, data: Data, report: Callable[[str, Sequence[str]], None]) -> None:
        """Give the table the columns and the format of the settings; all else of it stays.

        Args:
            data: The section `data` of `conf/pipeline.yaml`.
            report: Hears what was changed.

        Raises:
            UserError: There is no such table, or Glue refuses.
        """
        standing = self._find(report)
        if standing is None:
            return
        wanted = _wanted(standing, data)
        changes = _differences(standing, wanted)
        if not changes:
            return
        Catalog(self._client).update(self._database, self._input(wanted), standing)
        place = wanted["StorageDescriptor"].get("Location", "")
        files = [f"files below {place} must be so"] if place else []
        report("Table", [f"{self.label} follows conf/pipeline.yaml now:", *changes, *files])

    def _find(self, report: Callable[[str, Sequence[str]], None]) -> dict[str, Any] | None:
        """Return the table; None, and say so, where it is not this project's to change."""
        try:
            standing = Catalog(self._client).find(self._database, self._name)
        except UserError as err:
            if code_of(err.__cause__) != "AccessDeniedException":
                raise
            # Whoever may not look at it may still start what reads it.
            self._leave("you may not look at it in Glue", report)
            return None
        if standing is None:
            msg = f"ATHENA_TABLE must be a table that Glue has, got {self.label}."
            raise UserError(msg, "Deploy the stack that makes it, or correct the variables.")
        mark = standing.get("Parameters", {}).get(MARK)
        if mark != self._owner:
            self._leave(f"its parameter {MARK} is not {self._owner}", report)
            return None
        return standing

    def _leave(self, reason: str, report: Callable[[str, Sequence[str]], None]) -> None:
        report("Table", [f"{self.label} is left as it is: {reason}"])

    def _input(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of a table UpdateTable takes: no empty text, nothing of Glue's own."""
        operation = self._client.meta.service_model.operation_model("UpdateTable")
        members = operation.input_shape.members["TableInput"].members
        return {name: value for name, value in table.items() if name in members and value != ""}


def _wanted(standing: Mapping[str, Any], data: Data) -> dict[str, Any]:
    """Return the table as it is to be, what the settings do not say as it is."""
    storage, parameters = table_storage(data), table_parameters(data)
    keys = partition_names(standing)
    storage["Columns"] = [one for one in storage["Columns"] if one["Name"] not in keys]
    before = standing.get("StorageDescriptor", {})
    serde, own = storage["SerdeInfo"], before.get("SerdeInfo", {})
    if own.get("SerializationLibrary") == serde["SerializationLibrary"]:
        both = {**own.get("Parameters", {}), **serde.get("Parameters", {})}
        storage["SerdeInfo"] = {**own, **serde, **({"Parameters": both} if both else {})}
    kept = {name: value for name, value in standing.get("Parameters", {}).items() if name != HEADER}
    return {
        **standing,
        "StorageDescriptor": {**before, **storage},
        "Parameters": {**kept, **parameters},
    }


def _differences(standing: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Say in what two descriptions of a table differ; nothing if they are equal."""
    before, after = standing.get("StorageDescriptor", {}), wanted["StorageDescriptor"]
    found = _columns(before.get("Columns", []), after["Columns"])
    kinds = [each.get("Parameters", {}).get("classification", "?") for each in (standing, wanted)]
    if kinds[0] != kinds[1]:
        found.append(f"format: {kinds[0]} → {kinds[1]}")
    marks = [
        each.get("SerdeInfo", {}).get("Parameters", {}).get("separatorChar")
        for each in (before, after)
    ]
    if marks[0] != marks[1] and kinds[0] == kinds[1]:
        found.append(f"delimiter: {marks[0]!r} → {marks[1]!r}")
    files = {name: after[name] for name in ("InputFormat", "OutputFormat", "SerdeInfo")}
    same = standing.get("Parameters", {}) == wanted["Parameters"] and is_as_wanted(before, files)
    return found if found or same else ["how files are read"]


def _columns(before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]) -> list[str]:
    types = [{one["Name"]: one.get("Type", "") for one in each} for each in (before, after)]
    old, new = types
    lists = {
        "new columns": [name for name in new if name not in old],
        "columns that are gone": [name for name in old if name not in new],
        "types": [
            f"{name} {old[name]} → {kind}"
            for name, kind in new.items()
            if old.get(name, kind) != kind
        ],
    }
    found = [f"{title}: {_listed(names)}" for title, names in lists.items() if names]
    if not found and [*old] != [*new]:
        return [f"order of columns: {_listed([*new])}"]
    if not found and not is_as_wanted([*before], [*after]):
        return ["comments of columns"]
    return found


def _listed(names: Sequence[str]) -> str:
    return textwrap.shorten(", ".join(names), _LONGEST, placeholder=" …")
