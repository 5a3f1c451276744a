"""The graph of the steps of all units: chained inputs, `dependencies`, and the order."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError
from itertools import pairwise
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.settings.loading import suggestion
from sagetabular.settings.models.dependencies import edges, levels, parse_chain
from sagetabular.settings.models.steps import Create, Evaluate, Fit, Register, Train
from sagetabular.settings.models.units import AnyUnitStep, Unit, step_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagetabular.settings.models.inputs import Link

DATA = "data"
# The project's own steps, which come before all others, and their outputs.
DATA_STEPS = {"ingest": ["data"], "preprocess": ["train", "test", "summary"]}
# Names of steps in the pipeline that no model's step may have.
OWN_TITLES = ("Ingest", "Preprocess", "Select", "QualityGate", "Track", "Fail")
PLACE = "conf/pipeline.yaml: dependencies"


@dataclass(frozen=True)
class Graph:
    """The steps of all units.

    Attributes:
        order: All but the registrations of the winner, each after those it waits for.
        depends_on: Step → steps that it waits for because `dependencies` says so.
    """

    order: tuple[AnyUnitStep, ...]
    depends_on: Mapping[str, tuple[str, ...]]


def make_graph(units: Mapping[str, Unit], dependencies: Sequence[str]) -> Graph:
    """Link the steps of all units.

    Raises:
        UserError: An input or a dependency names what does not exist, steps wait for each other,
            or two would have one name in the pipeline.
    """
    steps = {
        step.key: step
        for unit in units.values()
        for step in unit.steps.values()
        if not (unit.ranked and isinstance(step.settings, Register))
    }
    chained = {key: _sources(step, units) for key, step in steps.items()}
    listed = _listed(dependencies, units, steps, chained)
    waits_for = {
        key: [source for source in (*chained[key], *listed.get(key, ())) if source in steps]
        for key in steps
    }
    try:
        order = [steps[key] for level in levels(waits_for) for key in level]
    except CycleError as err:
        raise _cycle(err.args[1], chained, units) from err
    _check_titles(units)
    return Graph(tuple(order), listed)


def _sources(step: AnyUnitStep, units: Mapping[str, Unit]) -> list[str]:
    """Return the keys of the steps that a step takes something from."""
    label = units[step.unit].label
    found = [f"{step.unit}.{step.follows}"] if step.follows else []
    for name, given in step.settings.inputs.items():
        if given.link is None:
            continue
        place = f"{label}: steps.{step.name}.inputs.{name}"
        outputs = _outputs(given.link, units, place)
        _check_output(given.link, outputs, place)
        _check_fits(step, name, given.link, units, place)
        if given.link.unit != DATA:
            found.append(f"{given.link.unit}.{given.link.step}")
    return found


def _outputs(link: Link, units: Mapping[str, Unit], place: str) -> list[str]:
    known = [DATA, *units]
    if link.unit not in known:
        msg = f"{place} names no model: {link.unit!r} in {str(link)!r}."
        raise UserError(msg, suggestion(link.unit, known))
    steps = (
        DATA_STEPS
        if link.unit == DATA
        else {name: step.outputs for name, step in units[link.unit].steps.items()}
    )
    if link.step not in steps:
        msg = f"{place} names no step of {link.unit}: {link.step!r} in {str(link)!r}."
        raise UserError(msg, suggestion(link.step, steps))
    return steps[link.step]


def _check_output(link: Link, outputs: Sequence[str], place: str) -> None:
    step = f"{link.unit}.{link.step}"
    if not outputs:
        msg = f"{place} must name a step with an output: {step} has none."
        raise UserError(msg, "Use `dependencies` in conf/pipeline.yaml to wait for it.")
    if link.output is None and len(outputs) > 1:
        msg = f"{place} must say which output of {step}, got {str(link)!r}."
        raise UserError(msg, f"There are {', '.join(outputs)}.")
    if link.output is not None and link.output not in outputs:
        msg = f"{place} names no output of {step}: {link.output!r} in {str(link)!r}."
        raise UserError(msg, suggestion(link.output, outputs))
    if link.prefix and outputs in (["model"], ["trial"]):
        msg = f"{place} must not go below {step}.{outputs[0]}, an archive, got {str(link)!r}."
        raise UserError(msg, f"Take the whole: {step}.{outputs[0]}.")


def _check_fits(
    step: AnyUnitStep, name: str, link: Link, units: Mapping[str, Unit], place: str
) -> None:
    if (link.unit, link.step) == (step.unit, step.name):
        msg = f"{place} must not be the step's own output, got {str(link)!r}."
        raise UserError(msg, "Name another step, or an address in S3.")
    if name == "model" and isinstance(step.settings, Evaluate | Create | Register):
        source = units[link.unit].steps[link.step] if link.unit != DATA else None
        if source is None or not isinstance(source.settings, Fit | Train):
            msg = f"{place} must be the model of a fit or train step, got {str(link)!r}."
            raise UserError(msg, "Name one, or an address in S3.")


def _listed(
    lines: Sequence[str],
    units: Mapping[str, Unit],
    steps: Mapping[str, AnyUnitStep],
    chained: Mapping[str, list[str]],
) -> dict[str, tuple[str, ...]]:
    """Return step → steps that the lines of `dependencies` make it wait for."""
    found: dict[str, dict[str, None]] = {}
    for position, line in enumerate(lines):
        place = f"{PLACE}.{position}"
        for before, after in edges(parse_chain(line, place)):
            sources = _ends(before, units, steps, chained, place)[1]
            targets = _ends(after, units, steps, chained, place)[0]
            if after.partition(".")[0] == DATA:
                msg = f"{place} must not make {after} wait: the data come first, got {line!r}."
                raise UserError(msg, "Take it out.")
            for target in targets:
                found.setdefault(target, {}).update(dict.fromkeys(sources))
    return {key: tuple(names) for key, names in found.items()}


def _ends(
    name: str,
    units: Mapping[str, Unit],
    steps: Mapping[str, AnyUnitStep],
    chained: Mapping[str, list[str]],
    place: str,
) -> tuple[list[str], list[str]]:
    """Return first and last steps of a unit; both are the step itself where one is named."""
    unit, _, step = name.partition(".")
    known = [DATA, *units]
    if unit not in known:
        msg = f"{place} names no model: {name!r}."
        raise UserError(msg, suggestion(unit, known))
    names = [*DATA_STEPS] if unit == DATA else [*units[unit].steps]
    if step and step not in names:
        msg = f"{place} names no step of {unit}: {name!r}."
        raise UserError(msg, suggestion(step, names))
    if unit == DATA:
        return [], [name if step else f"{DATA}.preprocess"]
    if step and name not in steps:
        msg = f"{place} must not name {name}: it runs behind the QualityGate."
        raise UserError(msg, "Take it out: a winner is registered after everything else.")
    own = [name] if step else [key for key in steps if key.startswith(f"{unit}.")]
    inside = {source for key in own for source in chained[key]}
    first = [key for key in own if step or not {*chained[key]} & {*own}]
    return first, [key for key in own if step or key not in inside]


def _cycle(
    path: Sequence[str], chained: Mapping[str, list[str]], units: Mapping[str, Unit]
) -> UserError:
    """Show the path; each step of it waits for the one before."""
    shown = " → ".join(path)
    for before, after in pairwise(path):
        if before not in chained[after]:
            msg = f"{PLACE} must not form a cycle, got {shown}."
            return UserError(msg, "Take out a line, or an input, that makes one of these arrows.")
    label = units[path[1].partition(".")[0]].label
    msg = f"{label}: inputs must not form a cycle, got {shown}."
    return UserError(msg, "Take out an input that makes one of these arrows.")


def _check_titles(units: Mapping[str, Unit]) -> None:
    """Refuse a name that two steps of the pipeline would have."""
    owners = dict.fromkeys(OWN_TITLES, "the pipeline itself")
    for unit in units.values():
        for step in unit.steps.values():
            title = step_title(step.name, unit.model.title)
            if title in owners:
                msg = f"{unit.label}: steps.{step.name} is called {title}, as one of"
                raise UserError(f"{msg} {owners[title]}.", "Give it another name, or title.")
            owners[title] = unit.name
