"""What `conf/pipeline.yaml` says of the data, compared with the files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.jobs.ingestion.query import check_placeholders

if TYPE_CHECKING:
    from pathlib import Path

    from sagetabular.settings.aws import Aws
    from sagetabular.settings.data import Data

_QUERY_REMEDY = "Write the query there, or drop the key for queries/ingest.sql."


def check_data(root: Path, data: Data, aws: Aws) -> None:
    """Accept or refuse what no field of `data` can show alone.

    Args:
        root: Folder of the project.
        data: The section.
        aws: `conf/aws.yaml`, which can name the variable of the prefix.

    Raises:
        UserError: The query is missing or is not text, its parameters are not those that have
            values, or nothing says where the files in S3 are.
    """
    if data.reads_tables:
        _check_query(root, data)
    if not data.reads_tables and data.uri is None and "DataUri" not in aws.environment:
        msg = "conf/pipeline.yaml: data.uri is missing, and conf/aws.yaml names no variable for it."
        raise UserError(msg, "Add `uri: s3://<bucket>/<prefix>`, or `DataUri` under environment.")


def _check_query(root: Path, data: Data) -> None:
    file = root / data.query
    if not file.is_file():
        msg = f"conf/pipeline.yaml: data.query must name a file, got {data.query!r}."
        raise UserError(msg, _QUERY_REMEDY)
    try:
        check_placeholders(file.read_text(encoding="utf-8"), data.parameters, data.query)
    except UnicodeDecodeError as err:
        raise UserError(f"{data.query}: is not UTF-8 text.", "Save it as UTF-8.") from err
    except JobError as err:
        raise UserError(err.message, err.remedy) from err
