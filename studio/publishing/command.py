"""`python studio/publish.py`: bundle, assemble, check, upload, and say what to click."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from sagetabular.files import write_bytes
from studio.publishing import showing
from studio.publishing.arguments import parse
from studio.publishing.assembly import assemble
from studio.publishing.bundling.bundle import SEED, make_bundle
from studio.publishing.bundling.repository import (
    check_release,
    committed_files,
    git_bundle,
    open_source,
    template_address,
)
from studio.publishing.bundling.sample import start_of
from studio.publishing.bundling.wheels import LOCK, wheels_of
from studio.publishing.checks import NAME, check
from studio.publishing.offers import list_offers, offer_updates
from studio.publishing.placing.account import STACK, Organisation, Publisher
from studio.publishing.placing.bucket import TEMPLATE_KEY, Published, TemplateBucket
from studio.publishing.placing.catalog import Catalog, Version, template_key
from studio.publishing.placing.order import check_order
from studio.publishing.placing.portfolio import Portfolio

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from studio.publishing.bundling.bundle import Bundle
    from studio.publishing.bundling.repository import Source
    from studio.publishing.checks import Checked

NOT_OFFERED, USER_ERROR = 1, 2
_CACHE = "build/studio/wheels"
# What a dry run puts in the place of what AWS would say: names for examples, of AWS's own.
_EXAMPLE = Organisation(
    bucket="amzn-s3-demo-bucket",
    launch_role=f"arn:aws:iam::111122223333:role/{STACK}-launch",
    boundary=f"arn:aws:iam::111122223333:policy/{STACK}-boundary",
)
_REGION = "eu-west-1"


def main(root: Path, words: Sequence[str]) -> int:
    """Publish, and return the exit code.

    Args:
        root: Folder of the repository.
        words: Of the command line.
    """
    try:
        offered = publish(root, parse(words))
    except UserError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    return 0 if offered else NOT_OFFERED


def publish(root: Path, options: argparse.Namespace) -> bool:
    """Publish the commit that is checked out.

    Args:
        root: Folder of the repository.
        options: Of the command line.

    Returns:
        False if a project could not be offered it, true otherwise.

    Raises:
        UserError: Something is not as it must be; nothing was uploaded then, unless S3 or Service
            Catalog have refused in between.
    """
    source = open_source(root)
    if options.dry_run and not source.is_release:
        showing.say(f"Warning: {source.version} is no release, and only releases are published.")
    if not options.dry_run:
        check_release(source)
    address = template_address(source, options.template_url)
    if options.dry_run:
        _rehearse(source, address, options)
        return True
    return _place(source, address, options)


def _rehearse(source: Source, address: str, options: argparse.Namespace) -> None:
    bucket = options.bucket or _EXAMPLE.bucket
    region = options.region or os.environ.get("AWS_REGION") or _REGION
    bundle, text, checked = _make(source, address, bucket, _EXAMPLE.boundary, region)
    published = Published(
        source.version, source.commit, bucket, bundle.key, TEMPLATE_KEY, "", _EXAMPLE.launch_role
    )
    showing.show_made(source, address, bundle, checked)
    _keep(options.output, bundle, text)
    showing.show_dry(published)
    if options.offer_updates:
        _list_offers(published, options)
    showing.show_clicks(published, catalog=options.service_catalog)
    showing.show_next(".venv/bin/python studio/publish.py", "publishes it")


def _list_offers(published: Published, options: argparse.Namespace) -> None:
    """Print who would be offered the release: AWS alone knows, and need not be there."""
    try:
        publisher = Publisher(options.profile, options.region)
        bucket = options.bucket or publisher.organisation(options.stack).bucket
        list_offers(publisher, replace(published, bucket=bucket), showing.report)
    except UserError as error:
        showing.report("Offers", ["which projects there are, AWS did not say:", str(error)])


def _place(source: Source, address: str, options: argparse.Namespace) -> bool:
    publisher = Publisher(options.profile, options.region)
    showing.say(f"AWS account {publisher.number}, {publisher.region}, as {publisher.identity[1]}")
    made = publisher.organisation(options.stack)
    portfolio = Portfolio(publisher, made) if options.service_catalog else None
    bucket = TemplateBucket(publisher, options.bucket or made.bucket)
    bucket.check()
    if not options.allow_older:
        check_order(source, bucket.published(), bucket.name)
    bundle, text, checked = _make(source, address, bucket.name, made.boundary, publisher.region)
    published = Published(
        source.version,
        source.commit,
        bucket.name,
        bundle.key,
        TEMPLATE_KEY,
        bucket.url(TEMPLATE_KEY),
        made.launch_role,
    )
    showing.show_made(source, address, bundle, checked)
    _keep(options.output, bundle, text)
    # Nobody must see a template before its bundle is there.
    sent = [(bundle.key, bucket.put_bundle(bundle))]
    sent.append((TEMPLATE_KEY, bucket.put_template(text, source.version, source.commit)))
    showing.show_uploaded(published, sent)
    if portfolio:
        _offer_product(publisher, bucket, published, text, portfolio)
    offered = not options.offer_updates or offer_updates(publisher, published, showing.report)
    showing.show_clicks(published, catalog=options.service_catalog)
    _say_next(published, offered=options.offer_updates)
    return offered


def _say_next(published: Published, *, offered: bool) -> None:
    if offered:
        showing.show_next("create one by these steps", "before others do; docs/studio.md has more")
    else:
        showing.show_next(
            ".venv/bin/python studio/publish.py --offer-updates",
            f"offers {published.release} to existing projects, each as a branch to review",
        )


def _make(
    source: Source, address: str, bucket: str, boundary: str, region: str
) -> tuple[Bundle, str, Checked]:
    """Return the bundle, the template, and what was found of it.

    Raises:
        UserError: One of them cannot be made, or something of the template is to fix.
    """
    showing.say("Bundling the commit, its history, wheels and a sample")
    seed = committed_files(source, SEED)
    lock = seed.get(LOCK.rpartition("/")[2], b"").decode()
    wheels = wheels_of(lock, source.root / _CACHE)
    history = git_bundle(source)
    start = start_of(history)
    bundle = make_bundle(source, address, history, seed, wheels, (start.name, start.sample))
    fixed = {
        "BundleBucket": bucket,
        "BundleKey": bundle.key,
        "Release": source.version,
        "PermissionsBoundary": boundary,
    }
    showing.say("Assembling and checking the template of projects")
    text = assemble(fixed, start.columns)
    checked = check(text, region)
    for problem in checked.problems:
        msg = f"{NAME}.yaml as assembled: {problem}."
        raise UserError(msg, f"Correct studio/project.yaml; {len(checked.problems)} to fix in all.")
    return bundle, text, checked


def _keep(folder: Path | None, bundle: Bundle, text: str) -> None:
    """Write what is uploaded into a folder, if one is asked for.

    Raises:
        UserError: It cannot be written.
    """
    if folder is None:
        return
    files = {bundle.key: bundle.content, TEMPLATE_KEY: text.encode()}
    try:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_bytes(folder / name, content)
    except OSError as err:
        msg = f"--output {folder}: cannot be written: {err.strerror}."
        raise UserError(msg, "Name a folder that is yours.") from err
    showing.show_kept(folder, files)


def _offer_product(
    publisher: Publisher,
    bucket: TemplateBucket,
    published: Published,
    text: str,
    portfolio: Portfolio,
) -> None:
    """Offer the release as a product's version, whose template never changes."""
    key = template_key(published.release, text)
    catalog = Catalog(publisher)
    product = catalog.publish(
        Version(published.release, text, bucket.url(key)),
        lambda: bucket.put_template(text, published.release, published.commit, key),
    )
    portfolio.offer(product)
    showing.show_catalog(product, [*catalog.changed, *portfolio.changed])
