"""Operations on endpoints and their configurations; each endpoint has a server of its own."""

from __future__ import annotations

from sagelocal.endpoint.context import Context
from sagelocal.endpoint.hosting.servers import CREATING, UPDATING, HostedModel
from sagelocal.endpoint.models import container_of, require
from sagelocal.endpoint.protocol.api import ServiceError, refuse
from sagelocal.endpoint.tags import put_tags, remove_tags
from sagelocal.files import JsonObject, now


def create_configuration(context: Context, request: JsonObject) -> JsonObject:
    """Answer `CreateEndpointConfig`, of one variant."""
    name = request["EndpointConfigName"]
    arn = context.names.arn("endpoint-config", name)
    _hosted(context, {**request, "EndpointConfigName": name})
    with context.changing:
        if context.configurations.get(name) is not None:
            refuse(f"Cannot create already existing endpoint configuration {arn}.")
        kept = {key: value for key, value in request.items() if key != "Tags"}
        context.configurations.put(name, {**kept, "EndpointConfigArn": arn, "CreationTime": now()})
        put_tags(context, arn, request.get("Tags", []))
    return {"EndpointConfigArn": arn}


def describe_configuration(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribeEndpointConfig`."""
    return _configuration(context, request["EndpointConfigName"])


def delete_configuration(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DeleteEndpointConfig`; an endpoint that has it goes on."""
    _configuration(context, request["EndpointConfigName"])
    context.configurations.remove(request["EndpointConfigName"])
    return {}


def create(context: Context, request: JsonObject) -> JsonObject:
    """Answer `CreateEndpoint`; it is in service once its server is ready."""
    name = request["EndpointName"]
    arn = context.names.arn("endpoint", name)
    model = _hosted(context, _configuration(context, request["EndpointConfigName"]))
    with context.changing:
        if context.endpoints.get(name) is not None:
            refuse(f"Cannot create already existing endpoint {arn}.")
        kept = {"EndpointName": name, "EndpointConfigName": request["EndpointConfigName"]}
        context.endpoints.put(name, {**kept, "CreationTime": now(), "LastModifiedTime": now()})
        put_tags(context, arn, request.get("Tags", []))
        context.servers.deploy(name, model)
    return {"EndpointArn": arn}


def update(context: Context, request: JsonObject) -> JsonObject:
    """Answer `UpdateEndpoint`; what it serves goes on until the next is ready, or for good."""
    with context.changing:
        endpoint = _endpoint(context, request["EndpointName"])
        if context.servers.state(request["EndpointName"])[0] in (CREATING, UPDATING):
            arn = context.names.arn("endpoint", request["EndpointName"])
            refuse(f'Cannot update in-progress endpoint "{arn}".')
        model = _hosted(context, _configuration(context, request["EndpointConfigName"]))
        changes = {"EndpointConfigName": request["EndpointConfigName"], "LastModifiedTime": now()}
        context.endpoints.put(request["EndpointName"], {**endpoint, **changes})
        context.servers.deploy(request["EndpointName"], model)
    return {"EndpointArn": context.names.arn("endpoint", request["EndpointName"])}


def describe(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DescribeEndpoint`."""
    name = request["EndpointName"]
    endpoint = _endpoint(context, name)
    status, reason, served = context.servers.state(name)
    configuration = served or endpoint["EndpointConfigName"]
    kept = context.configurations.get(configuration) or {"ProductionVariants": []}
    return {
        **endpoint,
        "EndpointArn": context.names.arn("endpoint", name),
        "EndpointConfigName": configuration,
        "EndpointStatus": status,
        "FailureReason": reason or None,
        "ProductionVariants": [_variant(variant) for variant in kept["ProductionVariants"]],
    }


def delete(context: Context, request: JsonObject) -> JsonObject:
    """Answer `DeleteEndpoint`; its server has ended then."""
    name = request["EndpointName"]
    with context.changing:
        _endpoint(context, name)
        context.endpoints.remove(name)
        remove_tags(context, context.names.arn("endpoint", name))
    context.servers.remove(name)
    return {}


def deploy_again(context: Context) -> None:
    """Begin to serve what the endpoints of an earlier process served, as far as it is there."""
    for endpoint in context.endpoints.all():
        name = endpoint["EndpointName"]
        try:
            model = _hosted(context, _configuration(context, endpoint["EndpointConfigName"]))
        except ServiceError as error:
            context.servers.fail(name, error.message)
        else:
            context.servers.deploy(name, model)


def _hosted(context: Context, configuration: JsonObject) -> HostedModel:
    variants = configuration["ProductionVariants"]
    if len(variants) != 1 or "ModelName" not in variants[0]:
        refuse("An endpoint has one variant with a ModelName here.")
    model = require(context, variants[0]["ModelName"])
    return HostedModel(
        configuration=configuration["EndpointConfigName"],
        variant=variants[0]["VariantName"],
        container=container_of(context, model),
        isolated=bool(model.get("EnableNetworkIsolation")),
    )


def _variant(variant: JsonObject) -> JsonObject:
    count, weight = variant.get("InitialInstanceCount"), variant.get("InitialVariantWeight", 1.0)
    return {
        "VariantName": variant["VariantName"],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
        "CurrentServerlessConfig": variant.get("ServerlessConfig"),
    }


def _configuration(context: Context, name: str) -> JsonObject:
    found = context.configurations.get(name)
    if found is None:
        arn = context.names.arn("endpoint-config", name)
        refuse(f'Could not find endpoint configuration "{arn}".')
    return found


def _endpoint(context: Context, name: str) -> JsonObject:
    found = context.endpoints.get(name)
    if found is None:
        refuse(f'Could not find endpoint "{context.names.arn("endpoint", name)}".')
    return found
