"""The command line: one module per noun."""

from __future__ import annotations

import errno
import os
import signal
import sys
from importlib import metadata
from typing import Annotated, Any

import typer

from sagelocal.errors import SageLocalError
from sagetabular.cli import (
    clean,
    data,
    definition,
    doctor,
    eject,
    executions,
    image,
    migration,
    models,
    report,
    run,
    tracking,
)
from sagetabular.cli.infrastructure import commands as infrastructure
from sagetabular.cli.serving import predict, registry, serve
from sagetabular.cli.starting import init
from sagetabular.cli.terminal.output import INTERRUPTED, USER_ERROR
from sagetabular.errors import UserError
from sagetabular.printing import printable

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)

# Typer has a public name for this kind of it alone.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]
_PACKAGES = ("sagetabular", "sagelocal")


def _print_versions(wanted: bool) -> None:
    """Print the versions of both packages, where they are asked for, and end."""
    if wanted:
        for package in _PACKAGES:
            typer.echo(f"{package} {metadata.version(package)}")
        raise typer.Exit


app = typer.Typer(
    name="pipeline",
    help="Compile the project's SageMaker pipeline, and run that very definition on this machine.",
    epilog="A first run: `pipeline data sample`, then `pipeline run`, then `pipeline show ID`.",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # fills lines to the width of the terminal
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_versions,
            is_eager=True,
            help="Print the versions of the packages.",
        ),
    ] = False,
) -> None:
    """Read the options that stand before a command."""


app.command("init")(init.init)
app.command("compile")(definition.compile_definition)
app.command("graph")(definition.graph)
app.command("import")(migration.import_configuration)
app.command("run")(run.run)
app.command("upsert")(definition.upsert)
app.command("stop")(executions.stop)
app.command("resume")(run.resume)
app.command("doctor")(doctor.doctor)
app.command("eject")(eject.eject)
app.command("vendor")(eject.vendor)
app.command("executions")(executions.list_all)
app.command("show")(executions.show)
app.command("logs")(executions.logs)
app.command("clean")(clean.clean)
app.command("report")(report.report)
app.command("compare")(report.compare)
app.command("mlflow")(tracking.mlflow)
app.command("serve")(serve.serve)
app.command("predict")(predict.predict)
app.command("invoke")(predict.invoke)
app.add_typer(models.app, name="model")
app.add_typer(registry.app, name="registry")
app.add_typer(data.app, name="data")
app.add_typer(image.app, name="image")
app.add_typer(infrastructure.app, name="infra")


def main() -> None:
    """Run a command; what the user can fix ends with two lines and exit code 2.

    A request to end (SIGTERM), or the end of the terminal, is heard as Ctrl-C is.
    """
    for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):  # Windows lacks the second
        number = getattr(signal, name)
        if signal.getsignal(number) == signal.SIG_DFL:  # and not ignored, as nohup has it
            signal.signal(number, signal.default_int_handler)
    try:
        # The exit code that a command ends with, else what it returns, which is nothing.
        sys.exit(app(prog_name="pipeline", standalone_mode=False))
    except _UsageError as error:
        sys.exit(_explain_usage(error))
    except typer.Abort:  # Ctrl-C, or the end of input, in place of an answer
        sys.exit(INTERRUPTED)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(USER_ERROR)
    except SageLocalError as error:
        print(printable(str(error), keep="\n"), file=sys.stderr)
        sys.exit(USER_ERROR)
    except OSError as error:
        text = _about_the_disk(error)
        if text is None:
            raise
        print(text, file=sys.stderr)
        sys.exit(USER_ERROR)


def _explain_usage(error: Any) -> int:
    """Print what is wrong with the words of a command, in two lines; return the exit code."""
    command = error.ctx.command_path if error.ctx else "pipeline"
    if error.ctx and type(error).__name__ == "NoArgsIsHelpError":
        return USER_ERROR  # whoever made the error has printed the help
    message = " ".join(error.format_message().split())
    end = "" if message.endswith((".", "?")) else "."
    print(f"{command}: {message}{end}\nSee `{command} --help`.", file=sys.stderr)
    return USER_ERROR


def _about_the_disk(error: OSError) -> UserError | None:
    """Return what to say when the disk refuses a file; None if it is about something else."""
    file = error.filename2 or error.filename or "A file below .pipeline"
    reason = os.strerror(error.errno or 0)
    if error.errno in _FULL:
        return UserError(
            f"{file} cannot be written: {reason}.",
            "Free some space, for example with `pipeline clean --keep 5`; then `pipeline "
            "executions` says how to go on.",
        )
    if error.errno in _FORBIDDEN:
        return UserError(
            f"{file} cannot be used: {reason}.",
            "Let this user read and write there, or copy the project elsewhere.",
        )
    return None
