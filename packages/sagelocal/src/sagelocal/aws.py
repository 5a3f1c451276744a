"""Clients of AWS services on a given server: botocore, with credentials from the environment."""

from __future__ import annotations

import os
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from sagelocal.errors import SageLocalError

DEFAULT_REGION = "us-east-1"


def region() -> str:
    """Return the region that the environment names, else `us-east-1`."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def make_client(service: str, url: str, region_name: str | None = None) -> Any:
    """Return a client of a service on a server.

    Credentials are those of the environment, or invented: a local server asks for some, whatever
    they are. No other place is searched, which could take seconds.

    Args:
        service: As botocore calls it, such as `events`.
        url: The server.
        region_name: The region that requests are for; by default that of the environment.

    Raises:
        SageLocalError: If the URL is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SageLocalError(f"Not the URL of a server: {url!r}.", "Write http://HOST:PORT.")
    # It takes a quarter of a second to import, and few who import this package need it.
    from botocore.config import Config

    known = "AWS_ACCESS_KEY_ID" in os.environ
    return _session().create_client(
        service,
        region_name=region_name or region(),
        endpoint_url=url,
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"] if known else "local",
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "local"),
        aws_session_token=os.environ.get("AWS_SESSION_TOKEN") if known else None,
        config=Config(
            connect_timeout=3,
            read_timeout=30,
            retries={"total_max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path"},
            # Local servers know the older form of uploads.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@cache
def _session() -> Any:
    """Return a session; it reads the descriptions of services, which are large, once."""
    import botocore.session

    return botocore.session.Session()
