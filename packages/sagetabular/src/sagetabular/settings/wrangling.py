"""What `source: data_wrangler` demands of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from sagetabular.settings.data import Data


def check_flow(data: Data) -> None:
    """Accept data whose columns are all known before the table is seen.

    Raises:
        UserError: A column may be missing.
    """
    if data.source != "data_wrangler":
        return
    for name, column in data.columns.items():
        if column.optional:
            msg = f"conf/pipeline.yaml: data.columns.{name} must not be optional with "
            remedy = "A flow names all columns: declare it without `optional`, or take it out."
            raise UserError(f"{msg}`source: data_wrangler`.", remedy)
