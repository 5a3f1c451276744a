"""The command line of publishing."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sagetabular.errors import UserError
from studio.publishing.placing.account import STACK, region_of

if TYPE_CHECKING:
    from collections.abc import Sequence


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class _Parser(argparse.ArgumentParser):
    """Explains a mistake in two lines."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message}.", f"See `{self.prog} --help`.")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return the options that the words of a command line set.

    Raises:
        UserError: One is unknown, lacks its value, or names what AWS could not have.
    """
    parser = _Parser(
        prog="studio/publish.py",
        description="Publish this release of the template, so that SageMaker Studio shows it.",
        epilog="Deploy studio/organisation.yaml before; docs/studio.md has all of it.",
    )
    add = parser.add_argument
    add("--bucket", help="bucket for templates (default: the stack's output TemplateBucket)")
    add("--stack", default=STACK, help="the organisation's stack (default: %(default)s)")
    add("--region", help="AWS Region (default: of the environment or profile)")
    add("--profile", help="of AWS's configuration (default: of the environment)")
    add("--template-url", metavar="URL", help="where people and cruft find the template "
        "(default: the remote origin)")  # fmt: skip
    add("--output", type=Path, metavar="FOLDER", help="keep what is uploaded in this folder")
    add("--service-catalog", action="store_true", help="also offer it as a product of the "
        "organisation's portfolio")  # fmt: skip
    add("--offer-updates", action="store_true", help="then offer the release to existing "
        "projects, each as a branch")  # fmt: skip
    add("--allow-older", action="store_true", help="replace a newer release by this one")
    add("--dry-run", action="store_true", help="do all of it but ask AWS")
    options = parser.parse_args(words)
    if options.bucket is not None and not _BUCKET.fullmatch(options.bucket):
        msg = f"--bucket must be 3 to 63 of a-z, 0-9, . and -, got {options.bucket!r}."
        raise UserError(msg, "Name the output TemplateBucket of the organisation's stack.")
    if options.region is not None:
        region_of(options.region)
    return options
