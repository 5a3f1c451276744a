"""What travels beside the definition: code, settings, query; each under a key of its content.

The same content gives the same key, so an upload can be skipped when the key exists, and
SageMaker's step cache sees a change exactly when there is one.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.training.flow import FLOW_FILE, render_flow
from pipelines.training.imports import reachable
from pipelines.training.jobs.ingest_query import NAME_FILE, PARAMETERS_FILE, written_parameters
from pipelines.training.preprocess_settings import preprocess_settings
from pipelines.training.serving_code import serving_code
from pipelines.training.settings.steps import Train
from pipelines.training.trees import Asset, make_asset, module_name, python_files, setup_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.training.settings import ProjectSettings, Unit

ARCHIVE = "sourcedir.tar.gz"
MANIFEST = "files.manifest"
_JOBS = ("tune", "fit")
# What SageMaker's script mode starts; the program is a module at the top of the archive.
_PROGRAM = """\
from pipelines.training.jobs.{job} import {names}

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
    """All assets of a project; keyed by model, the manifests by the files that they list.

    `serving` has the models alone that an image of AWS serves.
    """

    jobs: Asset
    tracking: Asset
    preprocess_settings: Asset
    query: Asset | None  # of `source: athena`
    flow: FlowAsset | None  # of `source: data_wrangler`
    model_trees: Mapping[str, Asset]
    model_archives: Mapping[str, Asset]
    serving: Mapping[str, Asset]
    manifests: Mapping[tuple[str, ...], Asset]

    def objects(self) -> dict[str, bytes]:
        """Everything to upload: key relative to the prefix → content."""
        single = [self.jobs, self.tracking, self.preprocess_settings]
        single += [self.query] if self.query else []
        single += [self.flow.asset] if self.flow else []
        of_models = [*self.model_trees.values(), *self.model_archives.values()]
        every = [*single, *of_models, *self.serving.values(), *self.manifests.values()]
        return {path: content for asset in every for path, content in asset.paths.items()}


def collect_assets(settings: ProjectSettings) -> Assets:
    """Read the files of a project, and of its models wherever they lie, into assets."""
    jobs = _jobs_files(settings.root)
    tracking = settings.root / "pipelines/tracking"
    trees = {
        name: jobs | python_files(unit.folder, f"models/{name}")
        for name, unit in settings.units.items()
    }
    return Assets(
        jobs=make_asset("code", jobs),
        # Apart, so that another way of logging does not make every other job run again.
        tracking=make_asset("code", jobs | python_files(tracking, "pipelines/tracking")),
        preprocess_settings=make_asset(
            "settings", {"preprocess.json": preprocess_settings(settings.pipeline)}
        ),
        query=_query(settings),
        flow=_flow(settings),
        model_trees={name: make_asset("code", files) for name, files in trees.items()},
        model_archives={
            name: _archive_asset(settings.units[name], files) for name, files in trees.items()
        },
        serving={
            unit.name: serving_code(settings.root, unit.name, trees[unit.name])
            for unit in settings.units.values()
            if any(step.key in settings.served_by_aws for step in unit.steps.values())
        },
        manifests={files: _manifest(files) for files in _lists_of_files(settings)},
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


def _jobs_files(root: Path) -> dict[str, bytes]:
    packages = ["pipelines/__init__.py", "pipelines/training/__init__.py"]
    files = {name: (root / name).read_bytes() for name in packages}
    return files | python_files(root / "pipelines/training/jobs", "pipelines/training/jobs")


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
    jobs = [f"pipelines/training/jobs/{job}.py" for job in _JOBS]
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
