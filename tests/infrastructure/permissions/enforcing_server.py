"""`server.py` with IAM: each request is decided, but those of the account's owner.

Its port stands for one with TLS: the buckets refuse everything else.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

os.environ["AUTH"] = "true"  # before it is imported
sys.path.append(str(Path(__file__).parents[1]))

from ministack import app
from ministack.services import eventbridge

pin_origin = app.pin_request_origin

if __name__ == "__main__":
    app.pin_request_origin = lambda address, _: pin_origin(address, True)
    eventbridge._put_events = import_module("server").put_events
    app.main()
