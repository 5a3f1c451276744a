"""Service Catalog, the second way to projects: a product, one version of it for each release.

Studio shows products that have the tag, in portfolios that its role may use:
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-projects-templates-custom.html.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from studio.publishing.checks import NAME
from studio.publishing.placing.account import asked
from studio.publishing.placing.bucket import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.publishing.placing.account import Publisher

_OWNER = "sagemaker-projects"
_KIND = "CLOUD_FORMATION_TEMPLATE"
_DESCRIPTION = "A machine-learning project for tables: repository, pipeline, build, lake, registry."
# Of a version: what is offered for new projects, and what is kept for those that have it.
_OFFERED, _KEPT = "DEFAULT", "DEPRECATED"


@dataclass(frozen=True)
class Version:
    """A release as a version of the product.

    Attributes:
        release: Such as `1.4.0`.
        text: The template.
        url: Where Service Catalog finds it once; it keeps a copy.
    """

    release: str
    text: str
    url: str

    @property
    def description(self) -> str:
        """What tells its template from others of the same release."""
        return f"template sha256:{_digest(self.text)}"

    @property
    def request(self) -> dict[str, Any]:
        """The member of requests that describes it."""
        return {
            "Name": self.release,
            "Description": self.description,
            "Type": _KIND,
            "Info": {"LoadTemplateFromURL": self.url},
        }


def template_key(release: str, text: str) -> str:
    """Return where a release's template lies for Service Catalog: one content for ever."""
    return f"releases/{NAME}-{release}-{_digest(text)[:12]}.yaml"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Catalog:
    """The product in Service Catalog.

    Args:
        publisher: Who publishes.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._client = publisher.client("servicecatalog")
        self.changed: list[str] = []
        """What was done, each as a phrase."""

    def publish(self, version: Version, upload: Callable[[], object]) -> str:
        """Make a release the version that is offered; return the product's id.

        Versions before it stay for projects that were made by them, and are offered no more.
        What is as it should be is left alone.

        Args:
            version: The release.
            upload: Puts the template where Service Catalog finds it.

        Raises:
            UserError: Service Catalog refuses.
        """
        product = self._find_product()
        if product is None:
            upload()
            product = self._create(version)
        elif not any(self._is(each, version) for each in self._versions(product)):
            upload()
            with asked("servicecatalog:CreateProvisioningArtifact", f"product {product}"):
                self._client.create_provisioning_artifact(
                    ProductId=product,
                    Parameters=version.request,
                    IdempotencyToken=_token(product, version),
                )
            self.changed.append(f"version {version.release} added")
        self._offer(product, version)
        self._tag(product)
        return product

    def _find_product(self) -> str | None:
        with asked("servicecatalog:SearchProductsAsAdmin", f"product {NAME}"):
            pages = self._client.get_paginator("search_products_as_admin").paginate(
                Filters={"FullTextSearch": [NAME]}
            )
            found = [
                each["ProductViewSummary"] for page in pages for each in page["ProductViewDetails"]
            ]
        own = [each["ProductId"] for each in found if each["Name"] == NAME]
        if len(own) > 1:
            msg = f"Service Catalog must have one product {NAME}, got {', '.join(sorted(own))}."
            raise UserError(msg, "Rename or delete those that are not this template.")
        return str(own[0]) if own else None

    def _create(self, version: Version) -> str:
        with asked("servicecatalog:CreateProduct", f"product {NAME}"):
            answer = self._client.create_product(
                Name=NAME,
                Owner=_OWNER,
                Description=_DESCRIPTION,
                ProductType=_KIND,
                Tags=[{"Key": key, "Value": value} for key, value in VISIBLE.items()],
                ProvisioningArtifactParameters=version.request,
                IdempotencyToken=_token(NAME, version),
            )
        self.changed.append(f"product made, version {version.release}")
        return str(answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"])

    def _versions(self, product: str) -> list[dict[str, Any]]:
        with asked("servicecatalog:ListProvisioningArtifacts", f"product {product}"):
            answer = self._client.list_provisioning_artifacts(ProductId=product)
        return list(answer["ProvisioningArtifactDetails"])

    @staticmethod
    def _is(found: dict[str, Any], version: Version) -> bool:
        said = found["Name"], found.get("Description")
        return said == (version.release, version.description)

    def _offer(self, product: str, version: Version) -> None:
        """Let new projects come from this version alone."""
        for each in self._versions(product):
            own = self._is(each, version)
            wanted = _OFFERED if own else _KEPT
            if each.get("Guidance", _OFFERED) == wanted and (each.get("Active", True) or not own):
                continue
            with asked("servicecatalog:UpdateProvisioningArtifact", f"product {product}"):
                self._client.update_provisioning_artifact(
                    ProductId=product,
                    ProvisioningArtifactId=each["Id"],
                    Guidance=wanted,
                    **({"Active": True} if own else {}),
                )
            self.changed.append(f"version {each['Name']} {'offered' if own else 'offered no more'}")

    def _tag(self, product: str) -> None:
        with asked("servicecatalog:DescribeProductAsAdmin", f"product {product}"):
            answer = self._client.describe_product_as_admin(Id=product)
        tags = {each["Key"]: each["Value"] for each in answer.get("Tags", [])}
        lacking = [(key, value) for key, value in VISIBLE.items() if tags.get(key) != value]
        if lacking:
            added = [{"Key": key, "Value": value} for key, value in lacking]
            with asked("servicecatalog:UpdateProduct", f"product {product}"):
                self._client.update_product(Id=product, AddTags=added)
            self.changed.append("tag set")


def _token(place: str, version: Version) -> str:
    """Return what lets a repeated request make nothing twice."""
    return _digest(f"{place} {version.release} {version.text}")
