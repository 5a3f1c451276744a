"""The command line: one module per noun."""

from __future__ import annotations

import sys

import typer

from localsage.errors import LocalSageError
from pipelines.cli import compare, compilation, data, executions, registry, report, run
from pipelines.errors import UserError

MISTAKE = 2

app = typer.Typer(
    name="pipeline",
    help="Compile the project's SageMaker pipeline, and run that very definition on this machine.",
    epilog="A first run: `pipeline data sample`, then `pipeline run`, then `pipeline show ID`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("compile")(compilation.compile_definition)
app.command("run")(run.run)
app.command("resume")(run.resume)
app.command("executions")(executions.list_all)
app.command("show")(executions.show)
app.command("logs")(executions.logs)
app.command("clean")(executions.clean)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.add_typer(registry.app, name="registry")
app.add_typer(data.app, name="data")


def main() -> None:
    """Run a command; a mistake of the user ends with two lines and exit code 2."""
    try:
        app(prog_name="pipeline")
    except (UserError, LocalSageError) as mistake:
        print(mistake, file=sys.stderr)
        sys.exit(MISTAKE)
