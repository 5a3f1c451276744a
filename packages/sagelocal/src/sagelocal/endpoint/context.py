"""The context: what all operations of an endpoint share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from sagelocal.endpoint.events.changes import Changes
from sagelocal.endpoint.events.delivery import EventBridge
from sagelocal.endpoint.hosting.servers import Servers
from sagelocal.endpoint.protocol.api import NOT_FOUND, ServiceError
from sagelocal.endpoint.protocol.documents import Documents
from sagelocal.endpoint.protocol.names import Names, last_part
from sagelocal.endpoint.running import Runs
from sagelocal.errors import ExecutionNotFoundError
from sagelocal.executions.records import ExecutionRecord
from sagelocal.files import JsonObject
from sagelocal.service import LocalSageMaker


class Context:
    """An account, with what only its endpoint knows, in `endpoint/` below its home.

    Args:
        sagemaker: The account.
        names: The ARNs that clients see.
        bus: Where events go.
        environment: Variables of Processing jobs without network isolation.
    """

    def __init__(
        self,
        sagemaker: LocalSageMaker,
        names: Names,
        bus: EventBridge,
        environment: Mapping[str, str],
    ) -> None:
        folder: Path = sagemaker.home / "endpoint"
        self.sagemaker = sagemaker
        self.names = names
        self.changes = Changes(bus, names, sagemaker)
        self.runs = Runs(sagemaker, self.changes, environment)
        self.pipelines = Documents(folder / "pipelines")
        self.groups = Documents(folder / "model-package-groups")
        self.tags = Documents(folder / "tags")
        self.models = Documents(folder / "models")
        self.configurations = Documents(folder / "endpoint-configurations")
        self.endpoints = Documents(folder / "endpoints")
        self.servers = Servers(sagemaker, folder / "hosting")
        # Held by whoever changes a document, from its reading to its writing.
        self.changing = threading.RLock()

    def pipeline(self, name_or_arn: str) -> JsonObject:
        """Return a pipeline.

        Raises:
            ServiceError: If there is none.
        """
        name = last_part(name_or_arn)
        found = self.pipelines.get(name)
        if found is None:
            arn = self.names.arn("pipeline", name)
            raise ServiceError(NOT_FOUND, f"Pipeline '{arn}' does not exist.")
        return found

    def execution(self, arn: str) -> ExecutionRecord:
        """Return an execution.

        Raises:
            ServiceError: If there is none.
        """
        try:
            record = self.sagemaker.execution(last_part(arn))
        except ExecutionNotFoundError:
            record = None
        if record is None or not arn.endswith(f"{record.pipeline_name}/execution/{record.id}"):
            shown = self.names.outside(arn)
            raise ServiceError(NOT_FOUND, f"Pipeline execution '{shown}' does not exist.")
        return record
