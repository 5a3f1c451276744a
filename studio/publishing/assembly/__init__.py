"""The template of projects that Studio shows: one file, of the frame and the fragments.

Python, at the repository's root:

    from studio.publishing.assembly import assemble
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.inlining import block, inline
from sagetabular.infrastructure.templates import parse_template
from sagetabular.infrastructure.values import problem
from studio.publishing.assembly.folding import Folding
from studio.publishing.assembly.merging import Assembled, check_references
from studio.publishing.assembly.simplifying import simplify
from studio.publishing.assembly.wiring import fragment_of
from studio.publishing.assembly.writing import write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STUDIO = Path(__file__).resolve().parents[2]
FRAGMENTS = STUDIO.parent / "{{cookiecutter.project_slug}}" / "infrastructure"
FRAME = "studio/project.yaml"
_INTERFACE = "AWS::CloudFormation::Interface"
_RULES = "SagemakerTemplateParameterRules"
_CODE = re.compile(
    r"^(?P<indent> *)ZipFile: [^\n]*# *studio\.lambdas\.(?P<name>\w+)[\"']? *$", re.MULTILINE
)
_HEAD = """\
The template of projects in SageMaker Studio, release {release}.
Assembled by studio/publish.py from studio/project.yaml and the files named below: change those."""


def assemble(fixed: Mapping[str, str], columns: Sequence[Mapping[str, Any]]) -> str:
    """Return the template of projects, a self-contained text of YAML.

    Args:
        fixed: Parameters of the frame that nobody is asked for → their values.
        columns: Of the table, as `glue_columns` returns them.

    Returns:
        The same text for the same arguments.

    Raises:
        UserError: A value of `fixed` is lacking or not allowed, or frame and fragments do not fit.
    """
    frame = parse_template(with_code((STUDIO / "project.yaml").read_text("utf-8")), FRAME)
    texts = {
        name: inline(_read(name), f"infrastructure/{name}.yaml", columns)
        for name in frame["Metadata"]["Fragments"]
    }
    return assemble_from(frame, texts, fixed)


def with_code(text: str) -> str:
    """Return a template of `studio/` with the code of its Lambdas in the place of the markers.

    Raises:
        UserError: A marker names a Lambda that there is not.
    """

    def code(match: re.Match[str]) -> str:
        file = STUDIO / "lambdas" / f"{match['name']}.py"
        if not file.is_file():
            msg = f"There is no Lambda studio.lambdas.{match['name']}."
            raise UserError(msg, "Correct the marker behind ZipFile.")
        return f"{match['indent']}ZipFile: {block(file.read_text('utf-8'), match['indent'])}"

    return _CODE.sub(code, text)


def assemble_from(
    frame: Mapping[str, Any], texts: Mapping[str, str], fixed: Mapping[str, str]
) -> str:
    """Return the template that a frame and its fragments make.

    Args:
        frame: As `parse_template` returns it.
        texts: Fragment → its YAML, as it is deployed.
        fixed: Parameters of the frame that nobody is asked for → their values.

    Raises:
        UserError: They do not fit together.
    """
    declared = _asked(frame, fixed)
    bound = {name: {"Ref": name} for name in declared} | dict(fixed)
    folding = Folding(FRAME, frame, bound, "", frozenset(), declared)
    assembled = Assembled(declared)
    for name, said in frame["Metadata"]["Fragments"].items():
        template = parse_template(texts[name], f"infrastructure/{name}.yaml")
        assembled.add_fragment(fragment_of(name, template, folding.value(said)))
    assembled.add(folding, frame, FRAME, {})
    template = _whole(frame, declared, assembled, folding)
    return write(template, _HEAD.format(release=fixed.get("Release")), assembled.places)


def _whole(
    frame: Mapping[str, Any],
    declared: Mapping[str, Any],
    assembled: Assembled,
    folding: Folding,
) -> dict[str, Any]:
    """Return all sections of the template."""
    own = frame.get("Conditions") or {}
    outputs = {
        name: folding.entry(each)
        for name, each in frame["Outputs"].items()
        if "Condition" not in each or folding.condition(each["Condition"]) is not False
    }
    template = {
        **{name: frame[name] for name in ("AWSTemplateFormatVersion", "Description")},
        "Metadata": {key: frame["Metadata"][key] for key in (_INTERFACE, _RULES)},
        "Parameters": declared,
        **{name: frame.get(name) or {} for name in ("Rules", "Mappings")},
        "Conditions": assembled.conditions,
        "Resources": assembled.resources,
        "Outputs": outputs,
    }
    check_references(template)
    found = simplify(template, own)
    # A mapping that decided conditions alone has nothing left to do.
    used = str([found[name] for name in ("Conditions", "Resources", "Outputs")])
    found["Mappings"] = {name: each for name, each in found["Mappings"].items() if name in used}
    return found


def _asked(frame: Mapping[str, Any], fixed: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters that people are asked for: those that a group shows.

    Raises:
        UserError: A value is lacking, not allowed, or of a parameter that people are asked for.
    """
    groups = frame["Metadata"][_INTERFACE]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    for name, declared in frame["Parameters"].items():
        if (name in shown) == (name in fixed):
            rule = "is asked for, and cannot be fixed" if name in shown else "has no value"
            raise UserError(f"{FRAME}: {name} {rule}.", "Correct what the template is made with.")
        if name in fixed and (broken := problem(declared, fixed[name])):
            raise UserError(f"{name} {broken}, got {fixed[name]!r}.", f"{declared['Description']}.")
    return {name: frame["Parameters"][name] for name in shown}


def _read(name: str) -> str:
    file = FRAGMENTS / f"{name}.yaml"
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        msg = f"infrastructure/{name}.yaml cannot be read: {err}."
        raise UserError(msg, "Restore the file from git.") from err
