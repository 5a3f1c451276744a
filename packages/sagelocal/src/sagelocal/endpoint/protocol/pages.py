"""Pages: lists in the order that was asked for, cut at a place that the next request names."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sagelocal.endpoint.protocol.api import moment, refuse
from sagelocal.files import JsonObject

_Item = TypeVar("_Item")
_DEFAULT_SIZE = 100
_ORDERS = {"Ascending": False, "Descending": True}


def page(
    items: Iterable[_Item],
    request: JsonObject,
    keys: Mapping[str, Callable[[_Item], Any]],
    *,
    default: tuple[str, str],
    identity: Callable[[_Item], str],
) -> tuple[list[_Item], JsonObject]:
    """Return the items of one page, and the `NextToken` of the answer if there are more.

    Args:
        items: All that the filters of the request let through.
        request: `SortBy`, `SortOrder`, `MaxResults` and `NextToken`, each as it may be.
        keys: Value of `SortBy` → what the items are ordered by.
        default: `SortBy` and `SortOrder` where the request has none.
        identity: Tells items apart; it decides between those of equal keys.

    Raises:
        ServiceError: If the token is not one of this list.
    """
    by = request.get("SortBy", default[0])
    descending = _ORDERS[request.get("SortOrder", default[1])]

    def place(item: _Item) -> list[Any]:
        return [keys[by](item), identity(item)]

    ordered = sorted(items, key=place, reverse=descending)
    if "NextToken" in request:
        last = _read_token(request["NextToken"], by, descending)
        try:
            ordered = [x for x in ordered if (place(x) < last if descending else place(x) > last)]
        except TypeError:
            refuse("NextToken is not one that this list gave.")
    size = request.get("MaxResults", _DEFAULT_SIZE)
    found, rest = ordered[:size], ordered[size:]
    return found, {"NextToken": _token(place(found[-1]), by, descending)} if rest else {}


def created_between(
    created: str, request: JsonObject, after: str = "CreatedAfter", before: str = "CreatedBefore"
) -> bool:
    """Return whether a time, ISO 8601, lies between two of a request that may have neither."""
    when = moment(created)
    return not (
        (after in request and when <= moment(request[after]))
        or (before in request and when >= moment(request[before]))
    )


def _token(place: list[Any], by: str, descending: bool) -> str:
    return base64.urlsafe_b64encode(json.dumps([by, descending, place]).encode()).decode()


def _read_token(token: str, by: str, descending: bool) -> list[Any]:
    try:
        content = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
        order, place = content[:2], list(content[2])
    except (ValueError, TypeError, LookupError):
        order, place = None, []
    if order != [by, descending] or len(place) != 2:
        refuse("NextToken is not one that this list gave.")
    return place
