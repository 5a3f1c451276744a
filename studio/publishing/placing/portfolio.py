"""The organisation's portfolio of Service Catalog: who sees the product, and who launches it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sagetabular.errors import UserError
from studio.publishing.placing.account import STACK, asked

if TYPE_CHECKING:
    from studio.publishing.placing.account import Organisation, Publisher

_CONSTRAINT, _PRINCIPAL = "LAUNCH", "IAM"


class Portfolio:
    """A portfolio that products are offered from.

    Args:
        publisher: Who publishes.
        organisation: What its stack made.

    Raises:
        UserError: It has no portfolio.
    """

    def __init__(self, publisher: Publisher, organisation: Organisation) -> None:
        if not organisation.portfolio:
            msg = "--service-catalog needs a portfolio: the organisation's stack has no PortfolioId"
            remedy = f"Deploy it with ServiceCatalog=true ({STACK}); docs/studio.md says how."
            raise UserError(f"{msg}.", remedy)
        self._client = publisher.client("servicecatalog")
        self._id, self._role = organisation.portfolio, organisation.launch_role
        self._people = organisation.studio_roles
        self.changed: list[str] = []
        """What was done, each as a phrase."""

    def offer(self, product: str) -> None:
        """Let Studio's roles see a product, and the launch role create what they ask for.

        What is as it should be is left alone, and so are other principals.

        Args:
            product: Its id.

        Raises:
            UserError: Service Catalog refuses.
        """
        self._associate(product)
        self._constrain(product)
        self._admit()

    def _admit(self) -> None:
        with asked("servicecatalog:ListPrincipalsForPortfolio", f"portfolio {self._id}"):
            pages = self._client.get_paginator("list_principals_for_portfolio").paginate(
                PortfolioId=self._id
            )
            found = {each["PrincipalARN"] for page in pages for each in page["Principals"]}
        for person in self._people:
            if person in found:
                continue
            with asked("servicecatalog:AssociatePrincipalWithPortfolio", f"portfolio {self._id}"):
                self._client.associate_principal_with_portfolio(
                    PortfolioId=self._id, PrincipalARN=person, PrincipalType=_PRINCIPAL
                )
            self.changed.append(f"open to {person}")

    def _associate(self, product: str) -> None:
        with asked("servicecatalog:ListPortfoliosForProduct", f"product {product}"):
            pages = self._client.get_paginator("list_portfolios_for_product").paginate(
                ProductId=product
            )
            found = {each["Id"] for page in pages for each in page["PortfolioDetails"]}
        if self._id not in found:
            with asked("servicecatalog:AssociateProductWithPortfolio", f"product {product}"):
                self._client.associate_product_with_portfolio(
                    ProductId=product, PortfolioId=self._id
                )
            self.changed.append(f"put into portfolio {self._id}")

    def _constrain(self, product: str) -> None:
        """Let the launch role create the projects, not the one who asks for them."""
        place = {"PortfolioId": self._id, "ProductId": product}
        wanted = json.dumps({"RoleArn": self._role})
        with asked("servicecatalog:ListConstraintsForPortfolio", f"portfolio {self._id}"):
            pages = self._client.get_paginator("list_constraints_for_portfolio").paginate(**place)
            found = [each for page in pages for each in page["ConstraintDetails"]]
        launch = next((each["ConstraintId"] for each in found if each["Type"] == _CONSTRAINT), None)
        if launch is None:
            with asked("servicecatalog:CreateConstraint", f"product {product}"):
                self._client.create_constraint(
                    **place,
                    Type=_CONSTRAINT,
                    Parameters=wanted,
                    IdempotencyToken=hashlib.sha256(f"{place}{wanted}".encode()).hexdigest(),
                )
        elif self._role_of(launch) != self._role:
            with asked("servicecatalog:UpdateConstraint", f"constraint {launch}"):
                self._client.update_constraint(Id=launch, Parameters=wanted)
        else:
            return
        self.changed.append(f"launched by {self._role}")

    def _role_of(self, constraint: str) -> str:
        with asked("servicecatalog:DescribeConstraint", f"constraint {constraint}"):
            answer = self._client.describe_constraint(Id=constraint)
        return str(json.loads(answer["ConstraintParameters"]).get("RoleArn", ""))
