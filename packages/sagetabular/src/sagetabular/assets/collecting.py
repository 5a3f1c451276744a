"""All assets of a project: those of the pipeline, of its models, and of its own programs."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.assets.code import job_code, model_code, own_code, package_files
from sagetabular.assets.flow import FLOW_FILE, dropped_columns, render_flow
from sagetabular.assets.script_mode import model_archive, serving_code
from sagetabular.assets.trees import Asset, make_asset, python_files
from sagetabular.jobs.ingestion.query import NAME_FILE, PARAMETERS_FILE, written_parameters
from sagetabular.settings.data_checks import indicator_columns, unasked_times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import PipelineConf, ProjectSettings
    from sagetabular.settings.data import Column, Data

MANIFEST = "files.manifest"


@dataclass(frozen=True)
class FlowAsset:
    """A Data Wrangler flow, and the name of its last node's output."""

    asset: Asset
    output: str


@dataclass(frozen=True)
class Assets:
    """All assets of a project.

    Attributes:
        jobs: Program of the pipeline's own steps → its code.
        own: Program of the project, below `pipelines/training/` → its code.
        evaluations: Model → code of Evaluate.
        own_evaluations: Program of the project and model → code of an Evaluate that it replaces.
        model_programs: Model → code of its own programs, for `process` steps.
        model_archives: Model → script-mode archive that tunes and fits it.
        serving: Model that an image of AWS serves → code that its artefact carries.
        manifests: Files of an input → the list of them.
        preprocess_settings: What Preprocess needs of `conf/pipeline.yaml`.
        file_settings: What Ingest of `source: s3` needs of it.
        query: The query of `source: athena`.
        flow: The flow of `source: data_wrangler`.
    """

    jobs: Mapping[str, Asset]
    own: Mapping[str, Asset]
    evaluations: Mapping[str, Asset]
    own_evaluations: Mapping[tuple[str, str], Asset]
    model_programs: Mapping[str, Asset]
    model_archives: Mapping[str, Asset]
    serving: Mapping[str, Asset]
    manifests: Mapping[tuple[str, ...], Asset]
    preprocess_settings: Asset
    file_settings: Asset | None  # of `source: s3`
    query: Asset | None  # of `source: athena`
    flow: FlowAsset | None  # of `source: data_wrangler`

    def objects(self) -> dict[str, bytes]:
        """Return everything that a step may refer to: key relative to the prefix → content."""
        single = [self.preprocess_settings]
        single += [self.file_settings] if self.file_settings else []
        single += [self.query] if self.query else []
        single += [self.flow.asset] if self.flow else []
        named: list[Mapping[Any, Asset]] = [
            *(self.jobs, self.own, self.evaluations, self.own_evaluations),
            *(self.model_programs, self.model_archives, self.serving, self.manifests),
        ]
        every = [*single, *(asset for assets in named for asset in assets.values())]
        return {path: content for asset in every for path, content in asset.paths.items()}


def collect_assets(settings: ProjectSettings) -> Assets:
    """Read the files of a project, and of its models wherever they lie, into assets."""
    units, shared = settings.units, package_files()
    own = own_code(settings.root)
    trees = {
        name: {**shared, **python_files(unit.folder, f"models/{name}")}
        for name, unit in units.items()
    }
    return Assets(
        jobs=job_code(),
        own={program: make_asset("code", files) for program, files in own.items()},
        evaluations={
            name: model_code(name, unit.folder, "evaluate") for name, unit in units.items()
        },
        own_evaluations={
            (program, name): model_code(name, unit.folder, also=files)
            for program, files in own.items()
            for name, unit in units.items()
        },
        model_programs={name: model_code(name, unit.folder) for name, unit in units.items()},
        model_archives={name: model_archive(units[name], tree) for name, tree in trees.items()},
        serving={
            unit.name: serving_code(unit.name, trees[unit.name])
            for unit in units.values()
            if any(step.key in settings.served_by_aws for step in unit.steps.values())
        },
        manifests={files: _manifest(files) for files in _lists_of_files(settings)},
        preprocess_settings=make_asset(
            "settings", {"preprocess.json": preprocess_settings(settings.pipeline)}
        ),
        file_settings=_file_settings(settings.pipeline.data),
        query=_query(settings),
        flow=_flow(settings),
    )


def _file_settings(data: Data) -> Asset | None:
    """Return the declared columns, by which files are read, and what is missing in them."""
    if data.source != "s3":
        return None
    columns = {name: _declared(column) for name, column in data.columns.items()}
    settings = {"columns": columns, "missing": data.missing}
    if written := data.files.dialect.settings():
        settings["files"] = written
    content = json.dumps(settings, indent=1)
    return make_asset("settings", {"files.json": content.encode()})


def _declared(column: Column) -> dict[str, Any]:
    """Return how the values of a column are read."""
    return column.model_dump(include={"type", "optional", "format", "unit"}, exclude_none=True)


def _query(settings: ProjectSettings) -> Asset | None:
    """Return the query, with its name in the project and the values of its parameters."""
    data = settings.pipeline.data
    if data.source != "athena":
        return None
    text = (settings.root / data.query).read_bytes().removeprefix(codecs.BOM_UTF8)
    files = {"ingest.sql": text, NAME_FILE: data.query.encode()}
    if data.parameters:
        files[PARAMETERS_FILE] = written_parameters(data.parameters)
    return make_asset("queries", files)


def _flow(settings: ProjectSettings) -> FlowAsset | None:
    data = settings.pipeline.data
    if data.source != "data_wrangler":
        return None
    flow = render_flow(
        settings.pipeline, (settings.root / data.query).read_text(encoding="utf-8-sig")
    )
    return FlowAsset(make_asset("flows", {FLOW_FILE: flow.content}), flow.output)


def _lists_of_files(settings: ProjectSettings) -> list[tuple[str, ...]]:
    """Return the files of all inputs that consist of several."""
    return [
        tuple(given.files)
        for unit in settings.units.values()
        for step in unit.steps.values()
        for given in step.settings.inputs.values()
        if given.files and len(given.files) > 1
    ]


def _manifest(files: tuple[str, ...]) -> Asset:
    """Return SageMaker's list of objects: their common bucket, then their keys."""
    bucket = "/".join(files[0].split("/")[:3]) + "/"
    content = json.dumps([{"prefix": bucket}, *(file.removeprefix(bucket) for file in files)])
    return make_asset("manifests", {MANIFEST: content.encode()})


def preprocess_settings(pipeline: PipelineConf) -> bytes:
    """Return the document, JSON; its columns are those that Ingest leaves."""
    data = pipeline.data
    content: dict[str, Any] = {
        "target": data.target,
        "columns": _columns(pipeline),
        "one_hot": indicator_columns(data),
        "drop": [*data.drop, *_columns_for_splitting(pipeline)],
        "unasked": unasked_times(pipeline),
        "duplicates": data.duplicates,
        "split": pipeline.split.model_dump(include={"kind", "by", "test", "validation"}),
        **({"missing": data.missing} if data.missing else {}),
        **_task_settings(pipeline),
    }
    return json.dumps(content, indent=1).encode()


def _task_settings(pipeline: PipelineConf) -> dict[str, Any]:
    """Return what is said of classes and weights; nothing for plain regression."""
    data = pipeline.data
    given = {
        "task": None if pipeline.task == "regression" else pipeline.task,
        "positive": data.positive,
        "weights": data.weights,
        "class_weights": data.class_weights,
    }
    return {name: value for name, value in given.items() if value is not None}


def _columns(pipeline: PipelineConf) -> dict[str, dict[str, Any]]:
    """Return the declared columns without dropped ones, and numbers for encoded ones."""
    gone, encoded = dropped_columns(pipeline), indicator_columns(pipeline.data)
    columns: dict[str, dict[str, Any]] = {}
    for name, column in pipeline.data.columns.items():
        if name in encoded:
            columns |= {each: {"type": "number", "optional": False} for each in encoded[name]}
        elif name not in gone:
            columns[name] = _declared(column)
    return columns


def _columns_for_splitting(pipeline: PipelineConf) -> list[str]:
    """Return the group and every time: they order and separate rows, but are no features."""
    data, split = pipeline.data, pipeline.split
    times = [name for name, column in data.columns.items() if column.type == "time"]
    group = [split.by] if split.kind == "grouped" and split.by else []
    return [name for name in [*times, *group] if name not in data.drop]
