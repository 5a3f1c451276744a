"""The arguments of the command: what can be asked, and how its values are read."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

HOME_VARIABLE, DEFAULT_HOME = "SAGELOCAL_HOME", ".sagelocal"


class UsageError(Exception):
    """The command line is none: two lines, the error and the remedy."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}.\nSee `{self.prog} --help`.")


class _Version(argparse.Action):
    """Print the version, which is only looked up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: Any, **_options: Any) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"sagelocal {version('sagelocal')}")
        except PackageNotFoundError:  # its source lies in a project, and was never installed
            print("sagelocal, of no known version")
        parser.exit()


def default_home() -> Path:
    """Return the folder of executions when none is named."""
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what is asked for; `command` names a function of `sagelocal.cli.commands`.

    Raises:
        UsageError: If it makes no sense.
    """
    return _make_parser().parse_args(arguments)


def _make_parser() -> _Parser:
    parser = _Parser(
        "sagelocal",
        description="Run SageMaker pipeline definitions on this machine, and see what ran.",
        epilog="Exit codes: 0 done, 1 the execution failed, 2 a mistake in what was asked, "
        "130 stopped by Ctrl-C.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="Print the version.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    home, running, identifier = _home(), _running(), _identifier()
    _add_serve_options(
        commands.add_parser(
            "serve",
            help="Answer SageMaker's API: boto3 and the SDK run pipelines here.",
            parents=[home, _jobs()],
        )
    )
    _add_run_options(commands.add_parser("run", help="Run a definition.", parents=[home, running]))
    commands.add_parser(
        "resume",
        help="Continue an execution that was stopped, failed or was killed.",
        parents=[home, identifier, running],
    )
    shown = commands.add_parser("executions", help="List executions.", parents=[home])
    shown.add_argument("--json", action="store_true", help="Print JSON.")
    shown = commands.add_parser("show", help="Show an execution.", parents=[home, identifier])
    shown.add_argument("--json", action="store_true", help="Print JSON.")
    logs = commands.add_parser("logs", help="Print logs.", parents=[home, identifier])
    logs.add_argument("step", nargs="?", metavar="STEP", help="A step (default: all).")
    return parser


def _add_run_options(run: _Parser) -> None:
    run.add_argument("definition", type=Path, metavar="FILE", help="The definition, JSON.")
    run.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="Give a pipeline parameter a value; may be repeated.",
    )
    run.add_argument(
        "--name", metavar="PIPELINE", help="Name of the pipeline (default: that of the file)."
    )
    run.add_argument("--no-cache", action="store_true", help="Reuse no step of an earlier run.")


def _add_serve_options(serve: _Parser) -> None:
    serve.add_argument(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help="Where to listen (default: a free port; the first line says which).",
    )
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="Listen there (default: %(default)s).",
    )
    serve.add_argument(
        "--s3", metavar="URL", help="Read and write objects on this S3 server, not in the home."
    )
    serve.add_argument("--events", metavar="URL", help="Tell this EventBridge server of changes.")
    serve.add_argument(
        "--image",
        dest="images",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=COMMAND",
        help="Starts Processing jobs of an image that name no program; may be repeated.",
    )
    serve.add_argument(
        "--environment",
        action="append",
        default=[],
        type=_assignment,
        metavar="NAME=VALUE",
        help="A variable of Processing jobs without network isolation; may be repeated.",
    )
    serve.add_argument(
        "--region", help="The region in ARNs (default: $AWS_REGION, else us-east-1)."
    )
    serve.add_argument(
        "--account", default="000000000000", help="The account in ARNs (default: %(default)s)."
    )


def _home() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument(
        "--home",
        type=Path,
        default=default_home(),
        metavar="FOLDER",
        help=f"Holds buckets, executions and models (default: ${HOME_VARIABLE}, else "
        f"{DEFAULT_HOME} in the working directory).",
    )
    return parent


def _identifier() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("id", metavar="ID", help="An execution, or the beginning of its name.")
    return parent


def _running() -> _Parser:
    parent = _Parser(add_help=False, parents=[_jobs()])
    parent.add_argument("--json", action="store_true", help="Print the result as JSON.")
    return parent


def _jobs() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument(
        "--slots", type=_count, metavar="N", help="Jobs at the same time (default: one a core)."
    )
    parent.add_argument(
        "--serve",
        type=shlex.split,
        metavar="COMMAND",
        help="Starts a model server, for Transform steps and endpoints; its model is below "
        "$SAGEMAKER_BASE_DIR/model.",
    )
    return parent


def _assignment(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, got {text!r}")
    return name, value


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, got {text!r}")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 65535, got {text!r}")
    return int(text)
