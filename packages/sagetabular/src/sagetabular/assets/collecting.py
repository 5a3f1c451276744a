"""All assets of a project: those of the pipeline, of its models, and of its own programs."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.assets.code import job_code, model_code, own_code, package_files
from sagetabular.assets.flow import FLOW_FILE, render_flow
from sagetabular.assets.imports import reachable
from sagetabular.assets.preprocess_settings import preprocess_settings
from sagetabular.assets.serving_code import serving_code
from sagetabular.assets.trees import Asset, make_asset, module_name, python_files, setup_file
from sagetabular.jobs.ingestion.query import NAME_FILE, PARAMETERS_FILE, written_parameters
from sagetabular.settings.models.steps import Train

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import ProjectSettings, Unit

ARCHIVE = "sourcedir.tar.gz"
MANIFEST = "files.manifest"
_JOBS = ("tune", "fit")
# What SageMaker's script mode starts; the program is a module at the top of the archive.
_PROGRAM = """\
from sagetabular.jobs.{job} import {names}

if __name__ == "__main__":
    main()
"""
# `prepare` is for the local back-end: what all trials of a step share is done once, before them.
_NAMES = {"tune": "main, prepare", "fit": "main"}
_ENTRY = 'import runpy\n\nrunpy.run_module("{module}", run_name="__main__", alter_sys=True)\n'


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
    query: Asset | None  # of `source: athena`
    flow: FlowAsset | None  # of `source: data_wrangler`

    def objects(self) -> dict[str, bytes]:
        """Return everything that a step may refer to: key relative to the prefix → content."""
        single = [self.preprocess_settings]
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
        model_archives={name: _archive_asset(units[name], tree) for name, tree in trees.items()},
        serving={
            unit.name: serving_code(unit.name, trees[unit.name])
            for unit in units.values()
            if any(step.key in settings.served_by_aws for step in unit.steps.values())
        },
        manifests={files: _manifest(files) for files in _lists_of_files(settings)},
        preprocess_settings=make_asset(
            "settings", {"preprocess.json": preprocess_settings(settings.pipeline)}
        ),
        query=_query(settings),
        flow=_flow(settings),
    )


def entry_program(step: str) -> str:
    """Name of the program at the top of the archive that runs a train step's entry point."""
    return f"entry_{step}.py"


def _query(settings: ProjectSettings) -> Asset | None:
    """The query, and beside it its name in the project and the values of its parameters."""
    data = settings.pipeline.data
    if data.source != "athena":
        return None
    text = (settings.root / data.query).read_bytes()
    files = {"ingest.sql": text, NAME_FILE: data.query.encode()}
    if data.parameters:
        files[PARAMETERS_FILE] = written_parameters(data.parameters)
    return make_asset("queries", files)


def _flow(settings: ProjectSettings) -> FlowAsset | None:
    data = settings.pipeline.data
    if data.source != "data_wrangler":
        return None
    flow = render_flow(settings.pipeline, (settings.root / data.query).read_text(encoding="utf-8"))
    return FlowAsset(make_asset("flows", {FLOW_FILE: flow.content}), flow.output)


def _programs(unit: Unit) -> dict[str, bytes]:
    """What script mode can start, at the top of the archive."""
    programs = {f"{job}.py": _PROGRAM.format(job=job, names=_NAMES[job]) for job in _JOBS}
    for step in unit.steps.values():
        if isinstance(step.settings, Train) and step.settings.entry_point:
            module = f"models.{unit.name}.{module_name(step.settings.entry_point)}"
            programs[entry_program(step.name)] = _ENTRY.format(module=module)
    return {name: content.encode() for name, content in programs.items()}


def _lists_of_files(settings: ProjectSettings) -> list[tuple[str, ...]]:
    """The files of all inputs that consist of several."""
    return [
        tuple(given.files)
        for unit in settings.units.values()
        for step in unit.steps.values()
        for given in step.settings.inputs.values()
        if given.files and len(given.files) > 1
    ]


def _manifest(files: tuple[str, ...]) -> Asset:
    """SageMaker's list of objects: their common bucket, then their keys."""
    bucket = "/".join(files[0].split("/")[:3]) + "/"
    content = json.dumps([{"prefix": bucket}, *(file.removeprefix(bucket) for file in files)])
    return make_asset("manifests", {MANIFEST: content.encode()})


def _archive_asset(unit: Unit, tree: Mapping[str, bytes]) -> Asset:
    """The script-mode archive of a model: its own files, and what tuning and fitting it import.

    Less would not run; more would repeat every trial when the code of another job changes. The key
    is that of its files, not of the compressed bytes, which differ between versions of zlib.
    """
    own = [path for path in tree if path.startswith(f"models/{unit.name}/")]
    jobs = [f"sagetabular/jobs/{job}.py" for job in _JOBS]
    programs = _programs(unit)
    files = {**reachable(tree, [*own, *jobs]), **programs, **setup_file(programs)}
    key = make_asset("code", files, extra=ARCHIVE.encode()).key
    return Asset(key, {ARCHIVE: _reproducible_archive(files)})


def _reproducible_archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
