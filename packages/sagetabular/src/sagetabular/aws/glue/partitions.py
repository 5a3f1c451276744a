"""The partitions of a table in the Glue catalogue: which folder has which values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sagetabular.aws.errors import explained
from sagetabular.aws.glue.table import is_as_wanted
from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sagetabular.aws.glue.table import GlueTable

_Item = TypeVar("_Item")

# As many as Glue takes in one request.
_AT_ONCE = 100


@dataclass(frozen=True)
class Changes:
    """Counts of partitions that were made, pointed elsewhere, taken out, and left as they were."""

    created: int
    updated: int
    removed: int
    unchanged: int

    def __str__(self) -> str:
        """Return what was done, in words; nothing is said of what did not happen."""
        counts = vars(self).items()
        return ", ".join(f"{count:,} {word}" for word, count in counts if count) or "none"


class Partitions:
    """The partitions of one table.

    Athena looks for the rows of a partitioned table in these folders alone. They change one by
    one, so a query in that moment may read some of before and some of after.

    Args:
        client: A boto3 client of the service `glue`.
        table: The table as it is to be; Glue has it.
    """

    def __init__(self, client: Any, table: GlueTable) -> None:
        self._client = client
        self._table = table
        self._name = {"DatabaseName": table.database, "TableName": table.name}

    def put(self) -> Changes:
        """Make them what the table says; those that it does not name are taken out.

        Raises:
            UserError: Glue refuses, as a whole or a single one.
        """
        wanted, standing = self._table.partition_requests(), self._standing()
        lacking = [request for values, request in wanted.items() if values not in standing]
        moved = [
            request
            for values, request in wanted.items()
            if values in standing and not is_as_wanted(standing[values], request)
        ]
        stale = [values for values in standing if values not in wanted]
        self._create(lacking)
        self._update(moved)
        self._delete(stale)
        unchanged = len(wanted) - len(lacking) - len(moved)
        return Changes(len(lacking), len(moved), len(stale), unchanged)

    def clear(self) -> None:
        """Take out all of them, before the table has partitions of other columns.

        Raises:
            UserError: Glue refuses.
        """
        self._delete(self._standing())

    def _standing(self) -> dict[tuple[str, ...], Mapping[str, Any]]:
        with explained("Glue", "GetPartitions"):
            pages = self._client.get_paginator("get_partitions").paginate(**self._name)
            found = [partition for page in pages for partition in page["Partitions"]]
        return {tuple(partition["Values"]): partition for partition in found}

    def _create(self, requests: Sequence[dict[str, Any]]) -> None:
        for several in _batches(requests):
            with explained("Glue", "BatchCreatePartition"):
                answer = self._client.batch_create_partition(
                    **self._name, PartitionInputList=several
                )
            _require_all("BatchCreatePartition", answer)

    def _update(self, requests: Sequence[dict[str, Any]]) -> None:
        for several in _batches(requests):
            entries = [
                {"PartitionValueList": request["Values"], "PartitionInput": request}
                for request in several
            ]
            with explained("Glue", "BatchUpdatePartition"):
                answer = self._client.batch_update_partition(**self._name, Entries=entries)
            _require_all("BatchUpdatePartition", answer)

    def _delete(self, every: Iterable[tuple[str, ...]]) -> None:
        for values in every:
            with explained("Glue", "DeletePartition"):
                self._client.delete_partition(**self._name, PartitionValues=[*values])


def _batches(every: Sequence[_Item]) -> Iterator[list[_Item]]:
    for first in range(0, len(every), _AT_ONCE):
        yield [*every[first : first + _AT_ONCE]]


def _require_all(action: str, answer: Mapping[str, Any]) -> None:
    """Refuse an answer that succeeds as a whole and names partitions that did not."""
    for fault in answer.get("Errors", []):
        values = fault.get("PartitionValues") or fault.get("PartitionValueList") or []
        detail = fault.get("ErrorDetail", {})
        reason = f"{detail.get('ErrorCode')}: {detail.get('ErrorMessage')}"
        msg = f"Glue refused {action} of {'/'.join(values)}: {reason}"
        raise UserError(msg, "Upload again: what has been done is not done twice.")
