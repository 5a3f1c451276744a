"""`pipeline compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from sagelocal import LocalSageMaker
from sagetabular.cli.terminal.output import print_table
from sagetabular.project import find_project

FIRST = typer.Argument(metavar="ID", help="Execution, or the start of its name.")
SECOND = typer.Argument(metavar="ID", help="Another one.")


def compare(
    first: Annotated[str, FIRST],
    second: Annotated[str, SECOND],
) -> None:
    """Compare two executions: what was asked differently, and what came of it."""
    from sagetabular.report.comparison import compare as compare_executions
    from sagetabular.report.tables import NONE, change, figure

    sagemaker = LocalSageMaker(find_project().home)
    records = sagemaker.execution(first), sagemaker.execution(second)
    found = compare_executions(sagemaker, *records)
    if found.differences:
        header = ["setting", "first", "second"]
        print_table("Settings that differ", header, [list(row) for row in found.differences])
    else:
        typer.echo("Every setting is the same.")
    for title, index in (("Cross-validated R2", 0), ("Test R2", 1)):
        scores = [(pair.name, *pair.scores()[index]) for pair in found.models]
        rows = [[name, figure(one), figure(two), change(more)] for name, one, two, more in scores]
        if rows:
            print_table(f"\n{title}", ["model", "first ", "second ", "change "], rows)
    results = [
        [place, result.execution, result.status, result.winner or NONE, figure(result.r2)]
        for place, result in (("first", found.first), ("second", found.second))
    ]
    print_table("\nWinner", ["", "execution", "status", "model", "test R2 "], results)
