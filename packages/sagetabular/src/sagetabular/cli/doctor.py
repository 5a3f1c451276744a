"""`pipeline doctor`."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from sagetabular.cli.options import Backend, On, Stage, project_in, refuse_aws_only
from sagetabular.cli.terminal.output import USER_ERROR, report
from sagetabular.doctor.findings import State, examine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sagetabular.doctor.findings import Finding
    from sagetabular.project import Project

# Columns that the state of a finding takes, with the gap after it.
_MARGIN = 13


def doctor(
    on: On = Backend.LOCAL,
    create: Annotated[
        bool,
        typer.Option("--create", help="With --on aws: make a pipeline, and delete it at once."),
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="With --on aws: run two trials per model, which is billed."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    stage: Stage = None,
) -> None:
    """Look for what keeps the pipeline from running on this machine, or on AWS.

    Every line says what is ok, what is to fix and what cannot be told from here, with a remedy.
    With --on aws nothing is changed there, unless --create or --smoke ask for it. A smoke run is
    started only where nothing is to fix; it brings the pipeline on AWS up to date, and a model
    that it registers is marked as rejected.

    The exit code is 2 when something is to fix.
    """
    project = project_in(stage)
    if on is Backend.AWS:
        found = _on_aws(project, create=create, smoke=smoke)
    else:
        refuse_aws_only({"--create": create, "--smoke": smoke, "--stage": stage})
        found = _here(project)
    findings = [*(found if as_json else map(_printed, found))]
    if as_json:
        typer.echo(json.dumps({"findings": [finding.as_dict() for finding in findings]}))
    else:
        _print_sum(findings)
    if _any_to_fix(findings):
        raise typer.Exit(USER_ERROR)


def _here(project: Project) -> Iterator[Finding]:
    from sagetabular.doctor.laptop import CHECKS

    return examine(CHECKS, project)


def _on_aws(project: Project, *, create: bool, smoke: bool) -> Iterator[Finding]:
    from sagetabular.aws.deployment import deployment_of
    from sagetabular.cli.aws.ending import wait_for
    from sagetabular.compiling.compilation import compile_pipeline
    from sagetabular.doctor.acceptance import run_smallest
    from sagetabular.doctor.account import examine_account
    from sagetabular.doctor.situation import Situation

    deployment = deployment_of(project)
    account = deployment.connect()
    compiled = compile_pipeline(project.settings)
    situation = Situation(project, deployment, compiled, account)

    def smoke_run(situation: Situation) -> Iterator[Finding]:
        return run_smallest(situation, report, wait_for)

    findings = []
    for finding in examine_account(situation, create=create):
        findings.append(finding)
        yield finding
    if smoke and not _any_to_fix(findings):
        yield from examine((smoke_run,), situation)


def _printed(finding: Finding) -> Finding:
    """Print a finding: on a terminal in its width, else in one line, with the remedy below."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    lines = {f"{finding.subject}: {finding.text}": finding.state.value, finding.remedy: ""}
    for line, head in lines.items():
        if line:
            typer.echo(
                textwrap.fill(
                    line,
                    width,
                    initial_indent=f"{head:<{_MARGIN}}",
                    subsequent_indent=" " * _MARGIN,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
    return finding


def _print_sum(findings: Iterable[Finding]) -> None:
    states = [finding.state for finding in findings]
    counts = [f"{states.count(state)} {state.value}" for state in State]
    typer.echo(f"\n{', '.join(counts)}")


def _any_to_fix(findings: Iterable[Finding]) -> bool:
    return any(finding.state is State.TO_FIX for finding in findings)
