"""A plan → a draft of the project's files that loads, and with which the rows can be split."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import yaml

from sagetabular.compiling.checks.queries import check_query_of
from sagetabular.errors import UserError
from sagetabular.jobs.errors import JobError
from sagetabular.lake.store import read_table
from sagetabular.lake.store import source as lake_source
from sagetabular.settings import load_project
from sagetabular.settings.reading import read_mapping
from sagetabular.starting.changes.documents import CONF, conf_text, query_text
from sagetabular.starting.changes.editing import value_at
from sagetabular.starting.changes.trying import try_preprocess
from sagetabular.starting.inference.plan import make_plan
from sagetabular.starting.present import with_present
from sagetabular.starting.tables.files import said_of_files, with_option
from sagetabular.starting.tables.naming import database_name, table_name
from sagetabular.starting.tables.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from sagetabular.project import Project
    from sagetabular.settings import ProjectSettings
    from sagetabular.starting.inference.plan import Plan
    from sagetabular.starting.options import Asked
    from sagetabular.starting.tables.sources import Source

_READ = ("conf", "models", "pipelines")
_UNWANTED = shutil.ignore_patterns("__pycache__", ".*")
# In more rows than these, folds that do not work out are none of their number.
_FEW = 20_000
_SHARES = (0.2, 0.3, 0.4)


@dataclass(frozen=True)
class Draft:
    """What would be written.

    Attributes:
        plan: The plan, with folds that work.
        table: Database and table in the lake.
        changed: File in the project → its text now, and as it would be; those that differ.
        fills: Whether the lake would get the table.
        notes: The plan's, and what there is to say of the files.
    """

    plan: Plan
    table: tuple[str, str]
    changed: Mapping[str, tuple[str, str]]
    fills: bool
    notes: tuple[str, ...]


def source_for(project: Project, words: Sequence[str], files: Sequence[str]) -> Source:
    """Read what a project is to begin with.

    Args:
        project: The project.
        words: Files, or a table of the lake.
        files: What is said of how the files are written; see `said_of_files`.

    Raises:
        UserError: See `read_source`.
    """
    data = read_mapping(project.root / CONF, CONF)["data"]
    pipeline = project.settings.pipeline
    name = database_name(pipeline.data.database, pipeline.name), table_name(words)
    said = said_of_files(data, name, files)
    try:
        return read_source(words, project.lake, said)
    except UserError as error:
        raise with_option(error) from error


def plan_for(project: Project, source: Source, asked: Asked) -> Plan:
    """Return what is to be made of a table, where a project may know it already.

    Raises:
        UserError: See `make_plan`.
    """
    document = read_mapping(project.root / CONF, CONF)
    return make_plan(source, with_present(asked, document, source, _table(project, source)))


def make_draft(project: Project, plan: Plan) -> Draft:
    """Return what a plan makes of a project's files, checked in a copy.

    Raises:
        UserError: The project does not read tables, its files leave no place for an entry, the
            outcome breaks a rule, or the rows cannot be split.
    """
    data = project.settings.pipeline.data
    if data.source != "athena":
        msg = f"{CONF}: data.source must be athena to begin with a table, got {data.source!r}."
        raise UserError(msg, "Take the line out, and its other settings; or write them by hand.")
    table = _table(project, plan.source)
    split = project.settings.pipeline.split
    plan = replace(plan, folds=split.folds, test=split.test)
    with tempfile.TemporaryDirectory(prefix="init-") as folder:
        staging = Path(folder)
        _stage(project, staging)
        return _tried(project, staging, plan, table)


def _table(project: Project, source: Source) -> tuple[str, str]:
    """Return database and table in the lake."""
    pipeline = project.settings.pipeline
    return source.table or (
        database_name(pipeline.data.database, pipeline.name),
        table_name(source.files),
    )


def _stage(project: Project, staging: Path) -> None:
    for part in _READ:
        shutil.copytree(project.root / part, staging / part, ignore=_UNWANTED)
    query = project.settings.pipeline.data.query
    (staging / query).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(project.root / query, staging / query)


def _tried(project: Project, staging: Path, plan: Plan, table: tuple[str, str]) -> Draft:
    """Return the draft with the most folds, and the usual share of test rows, that work."""
    refusals = []
    for attempt in _attempts(plan):
        draft = _draft(project, attempt, table)
        settings = _load(staging, draft)
        try:
            try_preprocess(_with_target(plan), settings.pipeline)
        except JobError as error:
            refusals.append(error)
        else:
            return draft
    rule = refusals[0].message.removeprefix(f"{CONF}: ")
    raise UserError(f"{plan.source.title}: {rule}", refusals[0].remedy)


def _attempts(plan: Plan) -> Iterator[Plan]:
    yield plan
    if plan.table.num_rows > _FEW and plan.split.kind != "grouped":
        return
    for test in sorted({plan.test, *_SHARES}):
        for folds in range(plan.folds, 1, -1):
            if test >= plan.test and (test, folds) != (plan.test, plan.folds):
                note = f"{folds} folds, {test:.0%} to test with: others would have too few rows."
                yield replace(plan, test=test, folds=folds, notes=[*plan.notes, note])


def _with_target(plan: Plan) -> pa.Table:
    return plan.table.filter(pc.is_valid(plan.table[plan.target]))


def _draft(project: Project, plan: Plan, table: tuple[str, str]) -> Draft:
    texts = {CONF: _text(project, CONF)}
    query_file = project.settings.pipeline.data.query
    texts[query_file] = _text(project, query_file)
    conf = conf_text(texts[CONF], read_mapping(project.root / CONF, CONF), plan, table)
    present = value_at(yaml.safe_load(conf), ("selection", plan.gate.key))
    plan = replace(plan, gate=replace(plan.gate, value=present))
    query = query_text(texts[query_file], plan.target)
    notes = list(plan.notes)
    if query is None:
        notes.append(
            f"{query_file} is your own, and stays: it must leave out rows without a target."
        )
    new = {CONF: conf, query_file: texts[query_file] if query is None else query}
    changed = {file: (texts[file], new[file]) for file in new if new[file] != texts[file]}
    return Draft(plan, table, changed, _fills(project, plan, table), tuple(notes))


def _text(project: Project, file: str) -> str:
    try:
        return (project.root / file).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: is not UTF-8 text.", "Save it as UTF-8.") from error


def _fills(project: Project, plan: Plan, table: tuple[str, str]) -> bool:
    if plan.source.table is not None:
        return False
    present = lake_source(project.lake, *table)
    if present is None or present.title != plan.source.title:
        return True
    return not read_table(project.lake, *table).equals(plan.table)


def _load(staging: Path, draft: Draft) -> ProjectSettings:
    """Load the project as it would be, and check its query, so that nothing broken is written."""
    for file, (_, text) in draft.changed.items():
        (staging / file).write_bytes(text.encode())
    try:
        settings = load_project(staging)
        check_query_of(settings)
    except UserError as error:
        msg = f"{draft.plan.source.title}: the project would break a rule: {error.message}"
        raise UserError(msg, error.remedy) from error
    return settings
