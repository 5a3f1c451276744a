"""Athena itself, through awswrangler: UNLOAD to Parquet under a prefix of this execution."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.training.jobs.errors import JobError
from pipelines.training.jobs.ingest_query import QUERY_FILE

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AthenaReader:
    """Reads tables of the Glue catalogue.

    Attributes:
        database: Where tables named without a database are.
        workgroup: Athena's workgroup.
        output: S3 URI of a prefix that is empty.
    """

    database: str
    workgroup: str
    output: str

    def read(self, query: str) -> pd.DataFrame:
        """Run a query.

        Args:
            query: One SELECT in Athena's SQL.

        Returns:
            Its rows; column names in lower case.

        Raises:
            JobError: If Athena refuses the query.
        """
        # Imported here: the local back-end does not need them.
        import awswrangler
        from botocore.exceptions import ClientError

        if "AWS_REGION" in os.environ:
            # Jobs are told their region here, where boto3 does not look.
            os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
        try:
            rows: pd.DataFrame = awswrangler.athena.read_sql_query(
                query,
                database=self.database,
                workgroup=self.workgroup,
                s3_output=self.output,
                unload_approach=True,
                ctas_approach=False,
            )
        except awswrangler.exceptions.QueryFailed as error:
            raise _refused(error) from error
        except ClientError as error:
            # Athena refuses at once what it cannot parse.
            if error.response["Error"]["Code"] != "InvalidRequestException":
                raise
            raise _refused(error) from error
        return rows


def _refused(error: Exception) -> JobError:
    """Return the error for what Athena says about a query."""
    reason = str(error).split("\n", maxsplit=1)[0]
    return JobError(
        f"{QUERY_FILE} failed in Athena: {reason}",
        "Correct the query, or data.database and data.table in conf/pipeline.yaml.",
    )
