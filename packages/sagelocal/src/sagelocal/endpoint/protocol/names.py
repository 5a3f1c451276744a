"""Names and ARNs: those of the account that clients see, and what they stand for here."""

from __future__ import annotations

import re
from typing import Any

from sagelocal.aws import DEFAULT_REGION
from sagelocal.errors import SageLocalError

_LOCAL = "arn:aws:sagemaker:local:000000000000:"
_REGION, _ACCOUNT = re.compile(r"[a-z0-9-]{9,16}"), re.compile(r"[0-9]{12}")


class Names:
    """The ARNs of an account in a region, as clients and events see them.

    The store of sagelocal knows neither: there all ARNs are those of `local`.

    Args:
        region: Such as `us-east-1`.
        account: Twelve digits.

    Raises:
        SageLocalError: If one is not of that form.
    """

    def __init__(self, region: str = DEFAULT_REGION, account: str = "000000000000") -> None:
        if not _REGION.fullmatch(region):
            raise SageLocalError(f"Not a region: {region!r}.", "Name one such as us-east-1.")
        if not _ACCOUNT.fullmatch(account):
            raise SageLocalError(f"Not an account: {account!r}.", "Give its twelve digits.")
        self._prefix = f"arn:aws:sagemaker:{region}:{account}:"

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of a resource, such as the kind `pipeline` and its name."""
        return f"{self._prefix}{kind}/{name}"

    def execution(self, pipeline: str, identifier: str) -> str:
        """Return the ARN of an execution."""
        return self.arn("pipeline", f"{pipeline}/execution/{identifier}")

    def outside(self, value: Any) -> Any:
        """Return an answer with the ARNs that clients see."""
        return _replaced(value, _LOCAL, self._prefix)

    def inside(self, value: Any) -> Any:
        """Return a request with the ARNs of the store."""
        return _replaced(value, self._prefix, _LOCAL)


def last_part(name_or_arn: str) -> str:
    """Return the name of a pipeline, group or model, or the identifier of an execution."""
    return name_or_arn.rsplit("/", 1)[-1]


def resource(arn: str) -> tuple[str, str]:
    """Return kind and name of what an ARN names, such as `pipeline` and `p/execution/x`."""
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    return kind, name


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, old, new) for inner in value]
    if isinstance(value, str) and value.startswith(old):
        return new + value.removeprefix(old)
    return value
