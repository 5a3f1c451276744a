"""What publishing prints: results to standard output, what it is doing to standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sagetabular.infrastructure.stacking.uploading import LARGEST
from sagetabular.printing import printable
from studio.publishing.bundling.bundle import GIT_BUNDLE
from studio.publishing.checks import MOST_PARAMETERS, NAME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from studio.publishing.bundling.bundle import Bundle
    from studio.publishing.bundling.repository import Source
    from studio.publishing.checks import Checked
    from studio.publishing.placing.bucket import Published

_CLICKS = """
Create a project in SageMaker Studio:
  1  Deployments (older: More) > Projects > Create project
  2  Organization templates > S3 Templates > {name} > Next
  3  Name           3 to 32 of a-z, 0-9, single hyphens; new in this account
     Template Name  any, for people
     Role ARN       {role}
     SourceControl  codecommit or none; github, gitlab and bitbucket also need
                    ConnectionArn, and Repository (owner/name, without commits)
  4  Create; the outputs of its stack, SP-..., say where everything is
"""
_CATALOG = "Or as a product: Organization templates > Service Catalog; no Role ARN there.\n"


def say(text: str) -> None:
    """Say what is being done, to standard error."""
    print(printable(text), file=sys.stderr)


def report(title: str, lines: Iterable[str]) -> None:
    """Print one thing in lines of its own: ARNs are long, terminals 80 columns wide."""
    for number, line in enumerate(lines):
        print(printable(f"{'' if number else title:<10} {line}".rstrip()))


def show_made(source: Source, address: str, bundle: Bundle, checked: Checked) -> None:
    """Print what is published, with sizes and hashes."""
    entries = bundle.entries
    wheels = [content for name, content in entries.items() if name.startswith("wheels/")]
    samples = [content for name, content in entries.items() if name.startswith("sample/")]
    report("Release", [f"{source.version}, commit {source.commit[:12]}", address])
    report(
        "Bundle",
        [
            f"{len(bundle.content):,} bytes, sha256 {bundle.sha256[:12]}…",
            f"history {len(entries[GIT_BUNDLE]):,}, {len(wheels)} wheels {sum(map(len, wheels)):,},"
            f" sample {sum(map(len, samples)):,}",
        ],
    )
    report(
        "Template",
        [
            f"{checked.size:,} of {LARGEST:,} bytes, {checked.resources} resources, "
            f"{checked.parameters} of {MOST_PARAMETERS} parameters",
        ],
    )
    report("Checked", ["sizes, names, references: nothing to fix", checked.linter])


def show_kept(folder: Path, names: Iterable[str]) -> None:
    """Print where what would be uploaded was written."""
    report("Written", [str(folder / name) for name in names])


def show_dry(published: Published) -> None:
    """Print what a dry run would upload, in this order."""
    place = f"s3://{published.bucket}"
    report(
        "Dry run",
        [
            "AWS was not asked; these would be uploaded, unless they are there:",
            f"{place}/{published.bundle_key}",
            f"{place}/{published.template_key}",
        ],
    )


def show_uploaded(published: Published, sent: Iterable[tuple[str, bool]]) -> None:
    """Print what was uploaded; what was there already is said to be."""
    states = list(sent)
    report(
        "Uploaded" if any(new for _, new in states) else "Unchanged",
        [
            f"s3://{published.bucket}/{key}{'' if new else '  (there already)'}"
            for key, new in states
        ],
    )
    if not any(new for _, new in states):
        report("", ["Nothing was uploaded: this release is what the bucket has."])
    report("Address", [published.template_url])


def show_catalog(product: str, changed: Iterable[str]) -> None:
    """Print what was done in Service Catalog."""
    report("Product", [f"{NAME}, {product}", *(list(changed) or ["nothing changed"])])


def show_clicks(published: Published, *, catalog: bool) -> None:
    """Print how a project is created."""
    print(_CLICKS.format(name=NAME, role=published.launch_role), end="")
    if catalog:
        print(_CATALOG, end="")


def show_next(command: str, why: str) -> None:
    """Print the next command."""
    print(f"\nNext: {command}\n      {why}")
