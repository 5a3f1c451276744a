"""MLflow's store on this machine: a folder with a database and the artefacts.

MLflow is not imported here: whoever only needs the address should not wait for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from sagetabular.tracking.runs import TrackingError

# The whole name of the driver: after the short one, MLflow makes folders of the address as it is
# written, with its `%3F`.
_SCHEME = "sqlite+pysqlite:///"
_SHORT = "sqlite:///"
_LONGEST_WAIT = 600.0
# A tag of an experiment, and its name in an address: what the table of runs shows.
VIEW = "scores"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"


@dataclass(frozen=True)
class LocalStore:
    """The store in `folder`, which need not exist yet."""

    folder: Path

    @property
    def database(self) -> Path:
        """The file that holds everything but the artefacts."""
        return self.folder / "mlflow.db"

    @property
    def uri(self) -> str:
        """The store's address, as MLflow wants it."""
        return address(self.database)

    def artefacts(self, experiment: str) -> str:
        """Return the address of an experiment's artefacts."""
        return f"{self.folder.as_uri()}/artifacts/{experiment}"

    @contextmanager
    def prepared(self, create: Callable[[str], object]) -> Iterator[None]:
        """Hold the store, made if need be, for one writer at a time.

        Args:
            create: Makes a database at an address; MLflow needs a second for it.

        Raises:
            TrackingError: The folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._held():
                if not self.database.is_file():
                    self._make(create)
                self.follow_move()
                with closing(sqlite3.connect(self.database)) as connection:
                    # Readers never wait for the writer, nor each write for the disk. As long as
                    # this connection is open, nobody else is the last who has to tidy up.
                    connection.execute("PRAGMA journal_mode = WAL")
                    yield
        except (OSError, sqlite3.Error) as err:
            msg = f"{self.folder}: MLflow's store cannot be written: {err}."
            raise TrackingError(msg, "Make the folder and its files yours, or move it away.") from (
                err
            )

    def page(self, experiment: str) -> str:
        """Return the path of an experiment's runs on MLflow's pages; empty if it has none.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        with closing(sqlite3.connect(self.database)) as connection:
            wanted = "SELECT experiment_id FROM experiments WHERE name = ?"
            found = connection.execute(wanted, (experiment,)).fetchone()
            tagged = "SELECT 1 FROM experiment_tags WHERE experiment_id = ? AND key = ?"
            view = found and connection.execute(tagged, (found[0], VIEW_TAG)).fetchone()
        if not found:
            return ""
        # Without this the pages begin with language models, whatever kind the experiment is of.
        page = f"/#/experiments/{found[0]}/runs?workflowType=machine_learning"
        return f"{page}&viewStateShareKey={VIEW}" if view else page

    def follow_move(self) -> None:
        """Correct the addresses of artefacts after the project's folder was moved.

        MLflow keeps them in full, so an experiment would go on writing into the old folder.

        Raises:
            sqlite3.Error: The database cannot be read or written.
        """
        with closing(sqlite3.connect(self.database)) as connection, connection:
            found = "SELECT experiment_id, name, artifact_location FROM experiments"
            for experiment, name, old in connection.execute(found).fetchall():
                new = self.artefacts(name)
                if old != new and old.endswith(f"/artifacts/{name}"):
                    connection.execute(
                        "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
                        (new, experiment),
                    )
                    connection.execute(
                        "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?)"
                        " WHERE experiment_id = ?",
                        (new, len(old) + 1, experiment),
                    )

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other executions out; the lock ends with its process, however that ends."""
        lock = sqlite3.connect(self.folder / "lock", timeout=_LONGEST_WAIT, isolation_level=None)
        with closing(lock):
            lock.execute("BEGIN EXCLUSIVE")
            yield

    def _make(self, create: Callable[[str], object]) -> None:
        """Make the database beside its place: one that was killed half-way is never used."""
        draft = self.folder / "mlflow.db.part"
        draft.unlink(missing_ok=True)
        create(address(draft))
        with closing(sqlite3.connect(draft)) as connection, connection:
            # MLflow's own experiment, empty, whose files would lie in the folder of the job.
            connection.execute(
                "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = 0"
            )
        draft.replace(self.database)


def address(database: Path) -> str:
    """Return the address of a database file, in which no sign of its path means anything else."""
    return _SCHEME + quote(database.absolute().as_posix(), safe="/:")


def local_store(uri: str) -> LocalStore | None:
    """Return the store that an address of this machine names; None for a server's address.

    Raises:
        TrackingError: The file has another name.
    """
    scheme = next((each for each in (_SCHEME, _SHORT) if uri.startswith(each)), None)
    if scheme is None:
        return None
    database = Path(unquote(uri.removeprefix(scheme)))
    store = LocalStore(database.parent)
    if store.database != database or not database.is_absolute() or "?" in uri:
        msg = f"MLFLOW_TRACKING_URI: a local store must be {_SHORT}/<folder>/mlflow.db, got {uri}."
        raise TrackingError(
            msg, "Give it that name, with %3F for a question mark, or a server's address."
        )
    return store
