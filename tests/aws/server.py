"""The account that a local AWS server keeps."""

from __future__ import annotations

from tests.servers import REGION, LocalAccount

BUCKET = "sagemaker-project-p-abc"
ROLE = "arn:aws:iam::123456789012:role/service-role/use-role"


class Server(LocalAccount):
    """An account on this machine, in a region."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.environment["AWS_DEFAULT_REGION"] = REGION

    def versions(self) -> dict[str, list[str]]:
        """Key of each object that travels → the versions that were ever put.

        What triggers start the pipeline with is none: it names the last commit.
        """
        found: dict[str, list[str]] = {}
        pages = self.client("s3").get_paginator("list_object_versions").paginate(Bucket=BUCKET)
        for page in pages:
            for version in page.get("Versions", []):
                if not version["Key"].endswith("/start.json"):
                    found.setdefault(version["Key"], []).append(version["VersionId"])
        return found
