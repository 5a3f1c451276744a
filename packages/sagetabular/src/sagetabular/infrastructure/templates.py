"""CloudFormation templates: read from YAML, and evaluated as the service does for given parameters.

Rules of the intrinsic functions:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_NO_VALUE = object()
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


class _Loader(yaml.SafeLoader):
    """Reads short forms such as `!Ref` as the long ones, and dates as the text that they are."""

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        """Return the text of a date, such as a policy's version."""
        return self.construct_scalar(node)


def _long_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}  # type: ignore[arg-type]  # a mapping


_Loader.add_multi_constructor("!", _long_form)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def parse_template(text: str, place: str) -> dict[str, Any]:
    """Return a template, its functions in their long form.

    Args:
        text: YAML.
        place: What errors call it.

    Raises:
        UserError: It is no YAML, or no template.
    """
    try:
        template = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as err:
        reason = " ".join(str(err).split())
        raise UserError(f"{place} is no YAML: {reason}.", "Correct the file.") from err
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        msg = f"{place} must be a CloudFormation template, got no `Resources`."
        raise UserError(msg, "Restore the file from git, or generate the project anew.")
    return template


def read_template(path: Path) -> dict[str, Any]:
    """Return the template in a file, its functions in their long form.

    Raises:
        UserError: The file cannot be read, is no YAML, or no template.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        msg = f"infrastructure/{path.name} cannot be read: {err}."
        raise UserError(msg, "Restore the file from git, or generate the project anew.") from err
    return parse_template(text, f"infrastructure/{path.name}")


def evaluate(
    template: Mapping[str, Any],
    parameters: Mapping[str, Any],
    account: str = "123456789012",
    region: str = "eu-west-1",
) -> dict[str, Any]:
    """Return what a template makes of given parameters.

    Conditions and functions are resolved as far as that needs no resource: a reference to one
    becomes `<LogicalId>`, an attribute `<LogicalId.Attribute>`.

    Args:
        template: As `read_template` returns it.
        parameters: Values; defaults count for the others.
        account: What `AWS::AccountId` is.
        region: What `AWS::Region` is.

    Returns:
        `Parameters`, `Resources` and `Outputs`, the latter two without what a condition leaves out.

    Raises:
        UserError: A parameter has neither value nor default, or is not declared.
    """
    values = _values(template, parameters)
    evaluation = _Evaluation(template, values, account, region)
    return {
        "Parameters": values,
        "Resources": evaluation.section("Resources"),
        "Outputs": evaluation.section("Outputs"),
    }


def _values(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    declared = template.get("Parameters", {})
    for name in parameters:
        if name not in declared:
            msg = f"The template has no parameter {name}."
            raise UserError(msg, f"It has: {', '.join(declared)}.")
    defaults = {name: entry["Default"] for name, entry in declared.items() if "Default" in entry}
    values = {**defaults, **parameters}
    lacking = [name for name in declared if name not in values]
    if lacking:
        msg = f"These parameters of the template have no value: {', '.join(lacking)}."
        raise UserError(msg, "Give them in conf/aws.yaml: `infrastructure: {parameters: …}`.")
    lists = ("CommaDelimitedList", "List<")
    return {
        name: value.split(",")
        if declared[name]["Type"].startswith(lists) and isinstance(value, str)
        else value
        for name, value in values.items()
    }


class _Evaluation:
    """The functions of one template with its values.

    Args:
        template: The template.
        values: Of all parameters.
        account: Number of the account.
        region: Code of the region.
    """

    def __init__(
        self, template: Mapping[str, Any], values: Mapping[str, Any], account: str, region: str
    ) -> None:
        self._template, self._values = template, values
        partition = "aws-cn" if region.startswith("cn-") else "aws"
        self._pseudo = {
            "AWS::AccountId": account,
            "AWS::NoValue": _NO_VALUE,
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::StackName": "<AWS::StackName>",
            "AWS::StackId": "<AWS::StackId>",
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::GetAtt": lambda words: f"<{'.'.join(map(str, self.value(words)))}>",
            "Fn::Sub": self._sub,
            "Fn::If": lambda words: self.value(words[1 if self._condition(words[0]) else 2]),
            "Fn::Join": lambda words: str(words[0]).join(map(str, self.value(words[1]))),
            "Fn::Split": lambda words: str(self.value(words[1])).split(words[0]),
            "Fn::Select": lambda words: self.value(words[1])[int(self.value(words[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::Equals": lambda words: str(self.value(words[0])) == str(self.value(words[1])),
            "Fn::And": lambda words: all(map(self.value, words)),
            "Fn::Or": lambda words: any(map(self.value, words)),
            "Fn::Not": lambda words: not self.value(words[0]),
        }

    def section(self, name: str) -> dict[str, Any]:
        """Return the entries of a section that their conditions leave."""
        entries = self._template.get(name, {})
        return {
            key: self.value({part: value for part, value in entry.items() if part != "Condition"})
            for key, entry in entries.items()
            if "Condition" not in entry or self._condition(entry["Condition"])
        }

    def value(self, node: Any) -> Any:
        """Return a part of the template with its functions resolved."""
        if isinstance(node, list):
            found = [self.value(entry) for entry in node]
            return [entry for entry in found if entry is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()  # fmt: skip
            # A statement of a policy has a key `Condition` too, which holds no name.
            if name in self._functions and not (name == "Condition" and isinstance(argument, dict)):
                return self._functions[name](argument)
        resolved = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        return self._values.get(name, f"<{name}>")

    def _condition(self, name: str) -> bool:
        return bool(self.value(self._template["Conditions"][name]))

    def _find_in_map(self, words: list[Any]) -> Any:
        name, first, second = map(self.value, words[:3])
        return self.value(self._template["Mappings"][name][first][second])

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        local = {key: self.value(value) for key, value in own.items()}

        def replaced(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in local:
                return str(local[name])
            return f"<{name}>" if "." in name else str(self._ref(name))

        return _VARIABLE.sub(replaced, text)
