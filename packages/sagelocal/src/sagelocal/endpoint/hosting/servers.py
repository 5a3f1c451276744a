"""Servers of models: one behind each endpoint, replaced once the next one is ready."""

from __future__ import annotations

import shutil
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sagelocal.errors import DefinitionError, SageLocalError
from sagelocal.files import JsonObject
from sagelocal.jobs.containers import JobTree, command_in_tree
from sagelocal.jobs.hosts import only_host
from sagelocal.jobs.machine import Machine
from sagelocal.service import LocalSageMaker
from sagelocal.storage.archives import unpack
from sagelocal.transform.server import ModelServer, serving

IN_SERVICE, FAILED, CREATING, UPDATING = "InService", "Failed", "Creating", "Updating"


@dataclass(frozen=True)
class HostedModel:
    """What one endpoint serves.

    Attributes:
        configuration: Name of the endpoint's configuration.
        variant: Name of the variant.
        container: `Image`, `ModelDataUrl` and `Environment`, each as it may be.
        isolated: Whether it asked for network isolation.
    """

    configuration: str
    variant: str
    container: JsonObject
    isolated: bool


@dataclass
class _Deployment:
    """A model that is being served, from the start of its server to its end."""

    model: HostedModel
    end: threading.Event = field(default_factory=threading.Event)
    server: ModelServer | None = None
    thread: threading.Thread | None = None


@dataclass
class _Place:
    """An endpoint: what it serves, what it is about to serve, and why that came to nothing."""

    current: _Deployment | None = None
    next: _Deployment | None = None
    reason: str = ""


class Servers:
    """The servers behind the endpoints of an account.

    Args:
        sagemaker: The account.
        folder: Holds their trees and logs.
    """

    def __init__(self, sagemaker: LocalSageMaker, folder: Path) -> None:
        self._sagemaker = sagemaker
        self._folder = folder
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}

    def deploy(self, endpoint: str, model: HostedModel) -> None:
        """Begin to serve a model behind an endpoint; what it serves goes on until that is ready.

        Nothing else may be on its way there.
        """
        deployment = _Deployment(model)
        deployment.thread = threading.Thread(
            target=self._serve, args=[endpoint, deployment], name="model", daemon=True
        )
        with self._lock:
            place = self._places.setdefault(endpoint, _Place())
            place.next, place.reason = deployment, ""
        deployment.thread.start()

    def fail(self, endpoint: str, reason: str) -> None:
        """Note that there is nothing to serve behind an endpoint, and why."""
        with self._lock:
            self._places[endpoint] = _Place(reason=reason)

    def state(self, endpoint: str) -> tuple[str, str, str | None]:
        """Return status, reason of a failure, and the configuration that is served, if any is."""
        with self._lock:
            place = self._places.get(endpoint, _Place())
            served = place.current.model.configuration if place.current else None
            if place.next is not None:
                return (UPDATING if place.current else CREATING), "", served
            return (IN_SERVICE if place.current else FAILED), place.reason, served

    def served(self, endpoint: str) -> tuple[ModelServer, HostedModel] | None:
        """Return what answers for an endpoint; None while nothing does."""
        with self._lock:
            place = self._places.get(endpoint, _Place())
            if place.current is None or place.current.server is None:
                return None
            return place.current.server, place.current.model

    def remove(self, endpoint: str) -> None:
        """Serve nothing behind an endpoint any more."""
        with self._lock:
            place = self._places.pop(endpoint, _Place())
        self._end(place)

    def close(self) -> None:
        """Serve nothing any more."""
        with self._lock:
            places = list(self._places.values())
            self._places.clear()
        for place in places:
            self._end(place)

    def _end(self, place: _Place) -> None:
        found = [one for one in (place.current, place.next) if one is not None]
        for deployment in found:
            deployment.end.set()
        for deployment in found:
            if deployment.thread is not None:
                deployment.thread.join()

    def _serve(self, endpoint: str, deployment: _Deployment) -> None:
        machine = self._sagemaker.machine(self._folder)
        tree = JobTree(machine.work / f"{endpoint}-{uuid.uuid4().hex[:8]}")
        try:
            self._run(endpoint, deployment, machine, tree)
        except (SageLocalError, OSError) as error:
            with self._lock:
                place = self._places.get(endpoint)
                if place is not None and place.next is deployment:
                    place.next, place.reason = None, str(error)
        finally:
            shutil.rmtree(tree.base, ignore_errors=True)

    def _run(self, endpoint: str, deployment: _Deployment, machine: Machine, tree: JobTree) -> None:
        model = deployment.model
        if machine.serve is None:
            raise DefinitionError(
                "There is no program to serve a model with.", "Give one, as --serve COMMAND."
            )
        (tree.base / "model").mkdir(parents=True)
        machine.logs.mkdir(parents=True, exist_ok=True)
        uri = model.container.get("ModelDataUrl")
        if uri:
            unpack(machine.storage.existing_file(uri), tree.base / "model")
        host = only_host(tree, machine.logs / endpoint / f"{tree.base.name}.log")
        command = command_in_tree(
            tree,
            machine.serve.words,
            log=host.log,
            folder=tree.base,
            environment={**machine.serve.environment, **model.container.get("Environment", {})},
            request={},
            isolated=model.isolated,
        )
        with serving(host, machine, command) as server:
            server.wait_until_ready()
            deployment.server = server
            self._take_over(endpoint, deployment)
            deployment.end.wait()

    def _take_over(self, endpoint: str, deployment: _Deployment) -> None:
        with self._lock:
            place = self._places.get(endpoint)
            if place is None or place.next is not deployment:  # the endpoint was removed
                return
            before, place.current, place.next = place.current, deployment, None
        if before is not None:
            before.end.set()
