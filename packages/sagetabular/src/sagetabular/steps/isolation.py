"""Nothing of the user's surroundings reaches the SageMaker SDK, and nothing of it stays behind."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of AWS's tools, of libraries that they make connections with, and of the containers of SageMaker.
_HIDDEN = ("AWS_", "BOTO", "SAGEMAKER_", "SM_", "RFT_", "TRAINING_JOB_", "_X_AMZN_", "SSL")
_HIDDEN_ENDS = ("_PROXY", "_CA_BUNDLE")
# No file of the user's is read, and no instance is asked for credentials.
_FIXED = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "BOTO_CONFIG": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": "us-east-1",  # the SDK makes a client when it is imported
}


@contextmanager
def isolated() -> Iterator[None]:
    """Hide what the SDK and botocore would read; afterwards the process is as it was before.

    Environment variables, the files that they or the home folder hold, loggers, warnings, and the
    session that boto3 keeps for everybody are those of the user again, also after an error.
    """
    with ExitStack() as stack:
        # botocore is imported first: what it takes from the environment then, it takes for good.
        for each in (warnings.catch_warnings, _botocore, _environment, _logging):
            stack.enter_context(each())
        warnings.simplefilter("ignore")  # the SDK warns of its own deprecations
        yield


def is_hidden(name: str) -> bool:
    """Return whether a variable is one that the SDK must not see."""
    return name.startswith(_HIDDEN) or name.upper().endswith(_HIDDEN_ENDS)


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: value for name, value in os.environ.items() if is_hidden(name)}
    for name in before:
        del os.environ[name]
    os.environ.update(_FIXED)
    try:
        yield
    finally:
        for name in [each for each in os.environ if is_hidden(each)]:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _logging() -> Iterator[None]:
    """Keep the SDK from logging at INFO for the whole program, where credentials are from too.

    It calls `logging.basicConfig`, which does nothing where there is a handler.
    """
    root, guard = logging.getLogger(), logging.NullHandler()
    loggers = [
        each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)
    ]
    before = [(each, each.level, [*each.handlers]) for each in (root, *loggers)]
    root.addHandler(guard)
    try:
        yield
    finally:
        for logger, level, handlers in before:
            logger.setLevel(level)
            logger.handlers[:] = handlers


@contextmanager
def _botocore() -> Iterator[None]:
    """Let botocore read its own models alone, and keep the session that boto3 makes for itself."""
    # They take paths from the home folder when they are imported, for all sessions to come.
    import boto3
    from botocore.loaders import Loader

    path, session = Loader.CUSTOMER_DATA_PATH, boto3.DEFAULT_SESSION
    Loader.CUSTOMER_DATA_PATH = Loader.BUILTIN_DATA_PATH
    try:
        yield
    finally:
        Loader.CUSTOMER_DATA_PATH, boto3.DEFAULT_SESSION = path, session
