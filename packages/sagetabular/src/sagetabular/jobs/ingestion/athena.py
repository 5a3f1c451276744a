"""Athena itself, through awswrangler: UNLOAD to Parquet under a prefix of this execution."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.stopping import cancelled_when_stopped

if TYPE_CHECKING:
    import boto3

    from sagetabular.jobs.ingestion.query import Query


@dataclass(frozen=True)
class AthenaReader:
    """Reads tables of the Glue catalogue.

    Attributes:
        database: Where tables named without a database are.
        workgroup: Athena's workgroup.
        output: S3 URI of a prefix that nothing else uses.
        kms_key: Encrypts what Athena writes there; if None, the bucket or the workgroup decides.
    """

    database: str
    workgroup: str
    output: str
    kms_key: str | None = None

    def read(self, query: Query) -> pa.Table:
        """Run a query, and remove what Athena has left in S3, however it ends.

        Args:
            query: One SELECT; it becomes `UNLOAD (<query>) TO …`.

        Returns:
            Its rows, without columns if there are none: UNLOAD then writes no file.

        Raises:
            JobError: If Athena refuses the query, or AWS does not allow the job to ask.
            StoppedError: If SIGTERM or SIGINT came; the query is cancelled.
        """
        # Imported here: the local back-end does not need them.
        import awswrangler
        from botocore.exceptions import ClientError

        refusals = awswrangler.exceptions
        try:
            return self._read(query)
        except refusals.EmptyDataFrame:
            return pa.table({})
        except (refusals.QueryFailed, refusals.InvalidArgumentValue) as error:
            raise _refused(error, query.file) from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "InvalidRequestException":  # Athena does not know the workgroup
                raise _refused(error, query.file) from error
            if "AccessDenied" in code:
                raise _denied(error) from error
            raise

    def _read(self, query: Query) -> pa.Table:
        import boto3

        if "AWS_REGION" in os.environ:
            # Jobs find their region here, where boto3 does not look.
            os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
        session = boto3.Session()
        self._clean()  # UNLOAD demands an empty prefix, which a killed attempt did not leave
        try:
            with cancelled_when_stopped(session):
                return self._unload(query, session)
        finally:
            self._clean()

    def _unload(self, query: Query, session: boto3.Session) -> pa.Table:
        import awswrangler

        encryption = {"encryption": "SSE_KMS", "kms_key": self.kms_key} if self.kms_key else {}
        rows = awswrangler.athena.read_sql_query(
            query.text,
            database=self.database,
            workgroup=self.workgroup,
            s3_output=f"{self.output}/",
            unload_approach=True,
            ctas_approach=False,
            keep_files=False,
            params=dict(query.parameters),
            boto3_session=session,
            # Arrow's own types, without a detour through objects of Python's.
            dtype_backend="pyarrow",
            **encryption,
        )
        return pa.Table.from_pandas(rows, preserve_index=False)

    def _clean(self) -> None:
        """Delete everything below the prefix."""
        import awswrangler

        awswrangler.s3.delete_objects(f"{self.output}/")


def _refused(error: Exception, file: str) -> JobError:
    """Return the error for what Athena says about a query."""
    # Without what the libraries have put before it.
    reason = str(error).split("\n", maxsplit=1)[0].rpartition(" operation: ")[2]
    return JobError(
        f"{file} failed in Athena: {reason}",
        "Correct the query, or database, table and workgroup under data in conf/pipeline.yaml.",
    )


def _denied(error: Exception) -> JobError:
    """Return the error for what the role of the job may not do."""
    reason = " ".join(str(error).split()).removesuffix(".")
    return JobError(
        f"The job's role may not read with Athena: {reason}.",
        "Allow it; `pipeline doctor --on aws` lists what the role lacks.",
    )
