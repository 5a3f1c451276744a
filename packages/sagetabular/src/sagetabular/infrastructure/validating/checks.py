"""All checks of a template that need no AWS."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.infrastructure.inlining import code_of, lambdas_in
from sagetabular.infrastructure.parameters import assign, explain
from sagetabular.infrastructure.stacking.site import merged
from sagetabular.infrastructure.templates import evaluate
from sagetabular.infrastructure.validating.limits import too_large, too_long
from sagetabular.infrastructure.validating.references import null_values, unknown_references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagetabular.infrastructure.concerns import Concern
    from sagetabular.infrastructure.stacking.site import Site

# Bytes of a Lambda's code inside of a template.
_MOST_CODE = 4 * 1024**2


@dataclass(frozen=True)
class Checked:
    """What was found of one template.

    Attributes:
        concern: The template.
        resources: How many it makes for this project and stage.
        lacking: Why it cannot be deployed yet; nothing if it can.
        problems: What is to fix, each as a sentence.
    """

    concern: Concern
    resources: int
    lacking: str
    problems: Sequence[str]


def check_all(site: Site, wanted: Sequence[str]) -> list[Checked]:
    """Check templates for a project and its stage.

    Args:
        site: The templates, and values for their parameters.
        wanted: Names of concerns; all if empty.

    Raises:
        UserError: There is no such template, or a value is not allowed.
    """
    planned = {
        concern.name: {name: f"<{concern.name}.{name}>" for name in concern.outputs}
        for concern in site.concerns
    }
    first = site.concerns[0].name
    return [_check(site, each, planned, each.name == first) for each in site.named(wanted)]


def _check(
    site: Site, concern: Concern, outputs: dict[str, dict[str, str]], is_first: bool
) -> Checked:
    assigned = assign(concern, site.sources, merged(outputs, concern.name))
    supposed = {name: f"<{name}>" for name in assigned.lacking}
    problems = [
        *unknown_references(concern.template),
        *null_values(concern.template),
        *too_large(concern, is_first=is_first),
    ]
    resources: dict[str, Any] = {}
    if not problems:
        values = {**assigned.values, **supposed}
        region = site.deployment.region
        resources = evaluate(concern.template, values, region=region)["Resources"]
        problems += too_long(site.stack_name(concern.name), resources)
    problems += _code_problems(site, concern)
    lacking = explain(assigned.lacking, site.concerns)
    return Checked(concern, len(resources), lacking, problems)


def _code_problems(site: Site, concern: Concern) -> Iterator[str]:
    """Yield what is wrong with the Lambdas that a template names."""
    source = (site.project.root / concern.place).read_text(encoding="utf-8")
    for name in lambdas_in(source):
        code = code_of(name, concern.place)
        try:
            functions = ast.parse(code).body
        except (SyntaxError, ValueError) as err:
            yield f"Lambda {name} is no Python: {err}"
            continue
        if not any(
            isinstance(each, ast.FunctionDef) and each.name == "handler" for each in functions
        ):
            yield f"Lambda {name} must have a function handler"
        if len(code.encode()) > _MOST_CODE:
            yield f"Lambda {name} must have at most {_MOST_CODE:,} bytes, got {len(code):,}"
