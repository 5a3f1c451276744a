"""Expressions of a pipeline definition: `Get`, `Std:Join` and `Std:JsonGet`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sagelocal.errors import DefinitionError, did_you_mean
from sagelocal.files import JsonObject

Path = tuple[str | int, ...]

_TOKEN = re.compile(r"\.?([^.\[\]'\"]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_SCOPES = ("Parameters", "Execution", "Steps")
EXPRESSIONS = ("Get", "Std:Join", "Std:JsonGet")


@dataclass(frozen=True)
class Reference:
    """The target of one `Get`, e.g. `Steps.Fit.ModelArtifacts.S3ModelArtifacts`.

    Attributes:
        scope: `Parameters`, `Execution` or `Steps`.
        name: The parameter, the execution variable or the step.
        path: Keys (str) and indices (int) inside a step's response; empty for the other scopes.
    """

    scope: str
    name: str
    path: Path = ()


def no_documents(uri: str) -> object:
    """Return nothing: there is no store to read from.

    Raises:
        DefinitionError: Always.
    """
    raise DefinitionError(f"{uri} cannot be read here.", "Refer to a property file of a step.")


@dataclass(frozen=True)
class Context:
    """Everything that an expression may refer to.

    Attributes:
        parameters: Values of the pipeline's parameters.
        execution: Values of the execution variables.
        responses: The `Describe…` response of every finished step.
        property_file: Returns the parsed JSON of a property file, given step and property file
            name.
        document: Returns the parsed JSON of an object, given its address.
    """

    parameters: Mapping[str, object]
    execution: Mapping[str, object]
    responses: Mapping[str, JsonObject]
    property_file: Callable[[str, str], object]
    document: Callable[[str], object] = no_documents


def is_expression(value: object) -> bool:
    """Return whether a part of a definition stands for what is known only when it runs."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in EXPRESSIONS


def parse_path(text: str) -> Path:
    """Split `a.b['c'][0]` into its keys and indices.

    Raises:
        DefinitionError: If the text is not in that notation.
    """
    body, position = text.removeprefix("$"), 0
    tokens: list[str | int] = []
    while position < len(body):
        match = _TOKEN.match(body, position)
        if match is None:
            raise _no_path(text)
        word, single, double, index = match.groups()
        tokens.append(
            int(index) if index else next(t for t in (word, single, double) if t is not None)
        )
        position = match.end()
    if not tokens:
        raise _no_path(text)
    return tuple(tokens)


def _no_path(text: str) -> DefinitionError:
    return DefinitionError(
        f"{text!r:.80} is not a path such as a.b['c'][0].",
        "Write keys behind dots or in brackets and quotes, and indices in brackets.",
    )


def parse_reference(text: object) -> Reference:
    """Return what `{"Get": text}` refers to.

    Raises:
        DefinitionError: If it is not `Parameters.X`, `Execution.X` or `Steps.X.…`.
    """
    scope, name, *path = (*parse_path(text), "", "") if isinstance(text, str) else ("", "")
    path = path[:-2] if name else path
    whole = bool(path) if scope == "Steps" else not path
    if scope not in _SCOPES or not isinstance(name, str) or not name or not whole:
        raise DefinitionError(
            f"A Get must name Parameters.X, Execution.X or Steps.X.<property>, got {text!r:.80}.",
            "Name a parameter, an execution variable, or a property of a step.",
        )
    return Reference(str(scope), name, tuple(path))


def references(node: object) -> Iterator[Reference]:
    """Yield every reference in a part of a definition, however deep."""
    if isinstance(node, Mapping):
        if set(node) == {"Get"}:
            yield parse_reference(node["Get"])
            return
        node = list(node.values())
    if isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            yield from references(item)


def resolve(node: object, context: Context) -> object:
    """Return `node` with every expression replaced by its value.

    Raises:
        DefinitionError: If a reference leads nowhere or a value does not fit its place.
    """
    if isinstance(node, Mapping):
        if set(node) == {"Get"}:
            return _get(parse_reference(node["Get"]), context)
        if set(node) == {"Std:Join"}:
            return _join(node["Std:Join"], context)
        if set(node) == {"Std:JsonGet"}:
            return _json_get(node["Std:JsonGet"], context)
        return {key: resolve(value, context) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [resolve(item, context) for item in node]
    return node


def follow(value: object, path: Path, what: str) -> object:
    """Walk `path` into `value`; a name inside a list finds the element that is called so.

    `Outputs['train']` is how a pipeline addresses `[{"OutputName": "train", …}]`.

    Raises:
        DefinitionError: If a key or index is absent; `what` names the expression in the message.
    """
    for token in path:
        found = _children(value, token)
        if not found:
            there = did_you_mean(str(token), value) if isinstance(value, Mapping) else ""
            raise DefinitionError(f"{what} has no value: {token!r} is not there.", there)
        value = found[0]
    return value


def _children(value: object, token: str | int) -> list[object]:
    if isinstance(value, Mapping):
        return [value[token]] if token in value else []
    if not isinstance(value, list):
        return []
    if isinstance(token, int):
        return value[token : token + 1]
    return [element for element in value if _is_called(element, token)]


def _is_called(element: object, name: str) -> bool:
    if not isinstance(element, Mapping):
        return False
    return any(key.endswith("Name") and value == name for key, value in element.items())


def _get(reference: Reference, context: Context) -> object:
    if reference.scope == "Steps":
        response = context.responses.get(reference.name, {})
        return follow(response, reference.path, f"Steps.{reference.name}")
    values = context.parameters if reference.scope == "Parameters" else context.execution
    return follow(values, (reference.name,), reference.scope)


def _join(join: JsonObject, context: Context) -> str:
    return str(join["On"]).join(_text(resolve(value, context)) for value in join["Values"])


def _text(value: object) -> str:
    """Write a scalar as the service does: 5 → "5", 0.5 → "0.5", True → "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise DefinitionError(
        f"Std:Join takes text, numbers and booleans, got {value!r:.80}.", "Join what is in it."
    )


def _json_get(arguments: JsonObject, context: Context) -> object:
    if "PropertyFile" in arguments:
        file = parse_reference(arguments["PropertyFile"]["Get"])
        where, document = file.name, context.property_file(file.name, str(file.path[-1]))
    else:
        where = str(resolve(arguments["S3Uri"], context))
        document = context.document(where)
    value = follow(document, parse_path(arguments["Path"]), f"{where}: {arguments['Path']}")
    if isinstance(value, str | int | float):
        return value
    raise DefinitionError(
        f"Std:JsonGet must lead to text, a number or a boolean; {arguments['Path']} of {where} "
        f"is {value!r:.80}.",
        "Let its Path go on to a single value.",
    )
