"""Service Catalog on this machine, as far as one product in one portfolio takes.

moto knows products, but neither their versions nor constraints. The members of answers, and what is
refused, are those of https://docs.aws.amazon.com/servicecatalog/latest/dg/API_Operations.html; what
a client sends, botocore has compared with the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PORTFOLIO = "port-abcdefghijklm"
Answer = dict[str, Any]


class RefusedError(Exception):
    """An error of the service: its code and words."""


class ServiceCatalog:
    """The service, with an empty portfolio.

    Args:
        read: Returns the text of an object in S3 by bucket and key; raises if there is none.

    Attributes:
        products: Id → product.
        principals: Who may use the portfolio, as requests name them.
        calls: Operations that were asked for.
    """

    def __init__(self, read: Callable[[str, str], str]) -> None:
        self._read = read
        self.products: dict[str, Answer] = {}
        self.principals: list[Answer] = []
        self.calls: list[str] = []

    def answer(self, operation: str, given: Answer) -> Answer:
        """Do what an operation does."""
        self.calls.append(operation)
        return dict(getattr(self, operation)(given))

    def _product(self, name: str) -> Answer:
        if name not in self.products:
            raise RefusedError("ResourceNotFoundException", f"Product {name} not found.")
        return self.products[name]

    def _version(self, given: Answer, number: int) -> Answer:
        url = urlsplit(given["Info"]["LoadTemplateFromURL"])
        bucket, key = url.netloc.partition(".")[0], url.path.lstrip("/")
        try:
            text = self._read(bucket, key)
        except Exception as error:
            raise RefusedError("InvalidParametersException", "Invalid templateURL.") from error
        kept = {key: given[key] for key in ("Name", "Description", "Type")}
        return {
            "Id": f"pa-{number:013}",
            "Active": True,
            "Guidance": "DEFAULT",
            **kept,
            "text": text,
        }

    def SearchProductsAsAdmin(self, given: Answer) -> Answer:  # noqa: N802
        (words,) = given["Filters"]["FullTextSearch"]
        found = [
            {"ProductViewSummary": {"ProductId": name, "Name": each["Name"]}}
            for name, each in self.products.items()
            if words in each["Name"]
        ]
        return {"ProductViewDetails": found}

    def CreateProduct(self, given: Answer) -> Answer:  # noqa: N802
        name = f"prod-{len(self.products):013}"
        version = self._version(given["ProvisioningArtifactParameters"], 0)
        tags = {each["Key"]: each["Value"] for each in given["Tags"]}
        self.products[name] = {
            "Name": given["Name"], "tags": tags, "versions": [version], "portfolios": [],
            "constraints": {},
        }  # fmt: skip
        view = {"ProductViewSummary": {"ProductId": name, "Name": given["Name"]}}
        return {"ProductViewDetail": view}

    def ListProvisioningArtifacts(self, given: Answer) -> Answer:  # noqa: N802
        versions = self._product(given["ProductId"])["versions"]
        shown = [{key: each[key] for key in each if key != "text"} for each in versions]
        return {"ProvisioningArtifactDetails": shown}

    def CreateProvisioningArtifact(self, given: Answer) -> Answer:  # noqa: N802
        versions = self._product(given["ProductId"])["versions"]
        versions.append(self._version(given["Parameters"], len(versions)))
        return {"Status": "AVAILABLE"}

    def UpdateProvisioningArtifact(self, given: Answer) -> Answer:  # noqa: N802
        versions = {each["Id"]: each for each in self._product(given["ProductId"])["versions"]}
        found = versions[given["ProvisioningArtifactId"]]
        found.update({key: given[key] for key in ("Active", "Guidance") if key in given})
        return {"Status": "AVAILABLE"}

    def DescribeProductAsAdmin(self, given: Answer) -> Answer:  # noqa: N802
        tags = self._product(given["Id"])["tags"]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def UpdateProduct(self, given: Answer) -> Answer:  # noqa: N802
        added = {each["Key"]: each["Value"] for each in given["AddTags"]}
        self._product(given["Id"])["tags"].update(added)
        return {}

    def ListPortfoliosForProduct(self, given: Answer) -> Answer:  # noqa: N802
        found = self._product(given["ProductId"])["portfolios"]
        return {"PortfolioDetails": [{"Id": each} for each in found]}

    def AssociateProductWithPortfolio(self, given: Answer) -> Answer:  # noqa: N802
        if given["PortfolioId"] != PORTFOLIO:
            raise RefusedError("ResourceNotFoundException", "Portfolio not found.")
        self._product(given["ProductId"])["portfolios"].append(PORTFOLIO)
        return {}

    def ListPrincipalsForPortfolio(self, given: Answer) -> Answer:  # noqa: N802
        return {"Principals": self.principals if given["PortfolioId"] == PORTFOLIO else []}

    def AssociatePrincipalWithPortfolio(self, given: Answer) -> Answer:  # noqa: N802
        if given["PortfolioId"] != PORTFOLIO:
            raise RefusedError("ResourceNotFoundException", "Portfolio not found.")
        self.principals.append({key: given[key] for key in ("PrincipalARN", "PrincipalType")})
        return {}

    def ListConstraintsForPortfolio(self, given: Answer) -> Answer:  # noqa: N802
        found = self._product(given["ProductId"])["constraints"]
        return {"ConstraintDetails": [{"ConstraintId": key, "Type": "LAUNCH"} for key in found]}

    def CreateConstraint(self, given: Answer) -> Answer:  # noqa: N802
        product = self._product(given["ProductId"])
        if given["PortfolioId"] not in product["portfolios"]:
            raise RefusedError("ResourceNotFoundException", "The product is not in the portfolio.")
        if product["constraints"]:
            raise RefusedError("DuplicateResourceException", "There is a launch constraint.")
        product["constraints"]["cons-0000000000000"] = given["Parameters"]
        return {"Status": "AVAILABLE"}

    def DescribeConstraint(self, given: Answer) -> Answer:  # noqa: N802
        (product,) = self.products.values()
        return {"ConstraintParameters": product["constraints"][given["Id"]]}

    def UpdateConstraint(self, given: Answer) -> Answer:  # noqa: N802
        (product,) = self.products.values()
        product["constraints"][given["Id"]] = given["Parameters"]
        return {"Status": "AVAILABLE"}


@contextmanager
def serving_catalog(service: ServiceCatalog) -> Iterator[str]:
    """Serve it on this machine until the block ends; give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            try:
                status, answer = 200, service.answer(operation, given)
            except RefusedError as error:
                code, words = error.args
                status, answer = 400, {"__type": code, "Message": words}
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
