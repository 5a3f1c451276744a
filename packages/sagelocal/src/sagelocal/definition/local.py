"""Local limits: what the service runs and this back-end cannot, found before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sagelocal.definition.expressions import is_expression
from sagelocal.definition.graph import Definition
from sagelocal.definition.validation import Problem
from sagelocal.errors import DefinitionError
from sagelocal.files import JsonObject

_ROOT = "/opt/ml"
_READ = ("S3Prefix", "ManifestFile")
# What jobs here cannot do without, although the API can: kind of step → paths of members.
_NEEDED: dict[str, tuple[str, ...]] = {
    "Training": ("AlgorithmSpecification",),
    "Tuning": (
        "TrainingJobDefinition",
        "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective",
    ),
}


def local_problems(kind: str, request: JsonObject) -> Iterator[Problem]:
    """Yield what of a request this back-end cannot do; the API takes it.

    Args:
        kind: The type of the step.
        request: The request, which the API takes, with or without expressions.
    """
    yield from _multiple_algorithms(request)
    for path in _NEEDED.get(kind, ()):
        if not _has(request, path):
            yield Problem(path, "is missing", "The API can do without it, a local run cannot.")
    if kind == "Processing":
        yield from _processing_problems(request)
    training = request.get("TrainingJobDefinition") if kind == "Tuning" else request
    if kind in ("Training", "Tuning") and isinstance(training, Mapping):
        yield from _channel_problems(training, "TrainingJobDefinition." * (kind == "Tuning"))


def check_programs(
    definition: Definition, has_program: Callable[[str], bool], *, serves: bool
) -> None:
    """Check that every Processing and Transform job has a program to start.

    Args:
        definition: The definition; its requests are ones that the service takes.
        has_program: Whether something replaces the program of an image.
        serves: Whether something replaces the program `serve` of images.

    Raises:
        DefinitionError: If one has none, and nothing replaces that of its image.
    """
    for step in definition.steps.values():
        if step.kind == "Transform" and not serves:
            raise DefinitionError(
                f"Step {step.name}: there is no program to serve a model with.",
                "Name one: `sagelocal run --serve COMMAND`, or LocalSageMaker(serve=…).",
            )
        application = step.arguments.get("AppSpecification")
        if step.kind != "Processing" or not isinstance(application, Mapping):
            continue
        image = application.get("ImageUri")
        known = is_expression(application) or is_expression(image) or has_program(str(image))
        if not application.get("ContainerEntrypoint") and not known:
            raise DefinitionError(
                f"Step {step.name}: AppSpecification.ContainerEntrypoint is missing: what the "
                f"image {image!r} starts by itself is not known here.",
                'Name the program, such as ["python3", "/opt/ml/processing/input/code/run.py"].',
            )


def _has(request: JsonObject, path: str) -> bool:
    value: object = request
    for key in path.split("."):
        if is_expression(value):
            return True
        value = value.get(key) if isinstance(value, Mapping) else None
    return value is not None


def _multiple_algorithms(request: JsonObject) -> Iterator[Problem]:
    if request.get("TrainingJobDefinitions") is not None:
        yield Problem(
            "TrainingJobDefinitions",
            "cannot run locally: a search here has one algorithm",
            "Make a tuning step with a TrainingJobDefinition of each.",
        )


def _processing_problems(request: JsonObject) -> Iterator[Problem]:
    for position, entry in enumerate(_listed(request, "ProcessingInputs")):
        place = f"ProcessingInputs[{position}]"
        if entry.get("S3Input") is None and entry.get("DatasetDefinition") is None:
            yield Problem(
                place, "has neither S3Input nor DatasetDefinition", "Say where the input lies."
            )
        yield from _path_problems(entry, place, ("S3Input", "DatasetDefinition"))
        yield from _mode_problems(entry.get("S3Input"), f"{place}.S3Input", "S3InputMode")
        yield from _type_problems(entry.get("S3Input"), f"{place}.S3Input")
    config = request.get("ProcessingOutputConfig")
    for position, entry in enumerate(_listed(config, "Outputs")):
        place = f"ProcessingOutputConfig.Outputs[{position}]"
        if entry.get("FeatureStoreOutput") is not None or entry.get("S3Output") is None:
            yield Problem(
                place,
                "must have an S3Output, and no FeatureStoreOutput, to run locally",
                "There is no feature store here: write to S3.",
            )
        yield from _path_problems(entry, place, ("S3Output",), required=True)


def _path_problems(
    entry: Mapping[str, object], place: str, members: tuple[str, ...], *, required: bool = False
) -> Iterator[Problem]:
    for member in members:
        inner = entry.get(member)
        if not isinstance(inner, Mapping) or is_expression(inner):
            continue
        path = inner.get("LocalPath")
        where = f"{place}.{member}.LocalPath"
        if path is None and (required or member == "DatasetDefinition"):
            yield Problem(where, "is missing", f"Name a folder below {_ROOT}/processing.")
        if isinstance(path, str) and (
            not f"{path}/".startswith(f"{_ROOT}/") or ".." in path.split("/")
        ):
            yield Problem(
                where, f"must lie below {_ROOT}, got {path!r}", f"Use {_ROOT}/processing/…."
            )


def _channel_problems(training: Mapping[str, object], prefix: str) -> Iterator[Problem]:
    for position, channel in enumerate(_listed(training, "InputDataConfig")):
        place = f"{prefix}InputDataConfig[{position}]"
        source = channel.get("DataSource")
        if isinstance(source, Mapping) and not is_expression(source):
            if source.get("S3DataSource") is None:
                yield Problem(
                    f"{place}.DataSource",
                    "must be an S3DataSource to run locally",
                    "Copy it to S3.",
                )
            yield from _type_problems(
                source.get("S3DataSource"), f"{place}.DataSource.S3DataSource"
            )
        yield from _mode_problems(channel, place, "InputMode")


def _mode_problems(entry: object, place: str, member: str) -> Iterator[Problem]:
    mode = entry.get(member) if isinstance(entry, Mapping) else None
    if mode == "Pipe":
        yield Problem(f"{place}.{member}", "must be File to run locally, got 'Pipe'", "Use File.")


def _type_problems(source: object, place: str) -> Iterator[Problem]:
    kind = source.get("S3DataType") if isinstance(source, Mapping) else None
    if isinstance(kind, str) and kind not in _READ:
        rule = f"must be {' or '.join(_READ)} to run locally, got {kind!r}"
        yield Problem(f"{place}.S3DataType", rule, f"Use {_READ[0]}.")


def _listed(value: object, member: str) -> list[Mapping[str, object]]:
    found = value.get(member) if isinstance(value, Mapping) else None
    entries = found if isinstance(found, list) else []
    return [one for one in entries if isinstance(one, Mapping) and not is_expression(one)]
