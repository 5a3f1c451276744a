"""Inputs as requests spell them: S3 address, kind, distribution, mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """An input: its S3 address, or a reference to it, and how it reaches the container."""

    uri: Any
    data_type: str = "S3Prefix"
    distribution: str = "FullyReplicated"
    mode: str = "File"
    content_type: str | None = None

    def channel(self, name: str) -> dict[str, Any]:
        """Return the input as a channel of a Training job."""
        source = {
            "S3DataType": self.data_type,
            "S3Uri": self.uri,
            "S3DataDistributionType": self.distribution,
        }
        content = {"ContentType": self.content_type} if self.content_type else {}
        return {
            "ChannelName": name,
            "DataSource": {"S3DataSource": source},
            **content,
            "InputMode": self.mode,
        }

    def mounted(self, name: str, folder: str) -> dict[str, Any]:
        """Return the input as one of a Processing job, below `folder`."""
        sharded = self.distribution != "FullyReplicated"
        source = {
            "S3Uri": self.uri,
            "LocalPath": f"{folder}/{name}",
            "S3DataType": self.data_type,
            "S3InputMode": self.mode,
            **({"S3DataDistributionType": self.distribution} if sharded else {}),
        }
        return {"InputName": name, "S3Input": source}

    def transformed(self) -> dict[str, Any]:
        """Return the input as that of a Transform job."""
        return {"S3DataSource": {"S3DataType": self.data_type, "S3Uri": self.uri}}
