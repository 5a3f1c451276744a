"""The table that Athena and the lake have alike, and the account that it lies in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.servers import REGION, LocalAccount

BUCKET = "artifacts"
_HIVE_TYPES = {
    "int32": "int",
    "int64": "bigint",
    "double": "double",
    "bool": "boolean",
    "string": "string",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "decimal128(12, 3)": "decimal(12,3)",
}
# Each type beside a null, and what is easily lost: digits, quotes, line breaks, signs, letters.
TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3, 4, 5, 6, 7], pa.int32()),
        "big": pa.array([2**53 + 1, None, -(2**63), 2**63 - 1, 0, 1, 2]),
        "price": [0.1, 1e300, None, -0.0, 1 / 3, 5e-324, 123456.789012345],
        "exact": pa.array(
            [
                Decimal("1.125"),
                Decimal("-999999999.999"),
                None,
                Decimal(0),
                *[Decimal("0.001")] * 3,
            ],
            pa.decimal128(12, 3),
        ),
        "sold": [
            date(2026, 1, 31),
            None,
            date(1969, 12, 31),
            date(2024, 2, 29),
            *[date(1, 1, 1)] * 3,
        ],
        "seen": pa.array(
            [datetime(2026, 3, 29, 2, 30, 0, 123000), None, *[datetime(1969, 12, 31, 23, 59)] * 5],
            pa.timestamp("us"),
        ),
        "garden": [True, False, None, True, False, True, None],
        "town": [
            "O'Hara",
            'the "Hague", NL',
            None,
            "two\nlines\r\n",
            "",
            "Zürich 東京 🏠",
            " NULL ",
        ],
        "nothing": pa.array([None] * 7, pa.string()),
    }
)


class Account(LocalAccount):
    """An account on this machine."""

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the objects in the bucket."""
        answer = self.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for entry in answer.get("Contents", [])]


def fill(account: Account) -> None:
    """Make the bucket, the workgroup, and the table in two files."""
    s3, athena = account.client("s3"), account.client("athena")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    configuration = {"EnforceWorkGroupConfiguration": False}
    athena.create_work_group(Name="analysts", Configuration=configuration)
    # As AWS makes it.
    athena.update_work_group(WorkGroup="primary", ConfigurationUpdates=configuration)
    add_table(account, "estate", "houses", [TABLE[:4], TABLE[4:]])


def add_table(account: Account, database: str, name: str, parts: list[pa.Table]) -> None:
    """Make a database with one table, a file for each part.

    Args:
        account: Where.
        database: Its name, which nothing else has.
        name: The table's.
        parts: Its rows.
    """
    s3, glue = account.client("s3"), account.client("glue")
    for number, part in enumerate(parts):
        content = pa.BufferOutputStream()
        pq.write_table(part, content)
        body = content.getvalue().to_pybytes()
        s3.put_object(Bucket=BUCKET, Key=f"tables/{name}/{number}.parquet", Body=body)
    glue.create_database(DatabaseInput={"Name": database})
    schema = parts[0].schema
    columns = [{"Name": field.name, "Type": _HIVE_TYPES[str(field.type)]} for field in schema]
    storage: dict[str, Any] = {"Columns": columns, "Location": f"s3://{BUCKET}/tables/{name}/"}
    storage["SerdeInfo"] = {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }
    table = {"Name": name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    glue.create_table(DatabaseName=database, TableInput=table)
