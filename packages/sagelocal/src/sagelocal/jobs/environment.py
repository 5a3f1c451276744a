"""The environment of a job: a little of the host's variables, fixed settings, the job's own."""

from __future__ import annotations

import os
from collections.abc import Mapping

_FROM_HOST = (
    *("PATH", "HOME", "USER", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("LD_LIBRARY_PATH", "SYSTEMROOT"),
)
_ALWAYS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_NOWHERE = "http://127.0.0.1:9"
_ISOLATED = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_ENDPOINT_URL": _NOWHERE,
    "AWS_MAX_ATTEMPTS": "1",
    "HTTP_PROXY": _NOWHERE,
    "HTTPS_PROXY": _NOWHERE,
}


def job_environment(own: Mapping[str, str], *, isolated: bool) -> dict[str, str]:
    """Return the environment of a job: a little of the host's, fixed settings, the job's own.

    AWS credentials in the host's variables are never passed on. A network namespace is not
    portable, so an *isolated* job is not cut off by force: its AWS and HTTP clients are pointed
    at a closed port and at no credentials, so that a job that would fail in the cloud for want
    of a network fails here too, and at once.

    Args:
        own: The job's variables; they win.
        isolated: Whether the job asked for network isolation.
    """
    host = {name: os.environ[name] for name in _FROM_HOST if name in os.environ}
    return {**host, **_ALWAYS, **(_ISOLATED if isolated else {}), **own}
