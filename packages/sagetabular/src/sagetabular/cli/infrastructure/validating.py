"""`pipeline infra validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sagetabular.cli.terminal.output import USER_ERROR, say
from sagetabular.infrastructure.stacking.site import open_site
from sagetabular.infrastructure.validating.checks import check_all
from sagetabular.infrastructure.validating.linting import OLDEST, find_linter, is_too_old, lint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagetabular.project import Project


def validate(project: Project, wanted: Sequence[str]) -> None:
    """Check templates, and print what was found of each.

    Raises:
        UserError: There is no such template, or `conf/` breaks a rule.
        typer.Exit: Something is to fix.
    """
    site = open_site(project)
    checked = check_all(site, wanted)
    problems = [(each.concern.place, text) for each in checked for text in each.problems]
    linter = find_linter()
    if linter is None:
        say("cfn-lint was not run, since it is not installed: `uv tool install cfn-lint`.")
    elif is_too_old(linter):
        oldest = ".".join(map(str, OLDEST))
        say(f"cfn-lint was not run: {linter} is older than {oldest}. Take a newer one.")
    else:
        concerns = [each.concern for each in checked]
        problems += lint(linter, concerns, site.deployment.region)
    for each in checked:
        size = f"{each.resources} resources, {len(each.concern.text.encode()):,} bytes"
        typer.echo(f"{each.concern.name}: {size}")
        if each.lacking:
            typer.echo(f"  to deploy it lacks {each.lacking}")
    for place, text in problems:
        typer.echo(f"to fix       {place}: {text}")
    typer.echo(f"{len(checked)} templates of stage {site.sources.stage}, {len(problems)} to fix")
    if problems:
        raise typer.Exit(USER_ERROR)
