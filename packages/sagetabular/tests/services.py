"""Clients of AWS's services that answer what a test says."""

from __future__ import annotations

from unittest.mock import create_autospec

import boto3


def in_place_of_clients(made):
    """Return a `boto3.client` that calls this; it takes the arguments of the real one alone.

    The real one passes on whatever it gets, to the method of a session that has a signature.
    """
    return create_autospec(boto3.session.Session().client, side_effect=made)
